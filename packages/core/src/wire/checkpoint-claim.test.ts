import { expect, test } from "vitest";
import { FaultModel } from "../kernel/fault-model.ts";
import { checkpointClaim, checkpointOf } from "./checkpoint-claim.ts";
import { schemeOf } from "./claim.ts";

const checkpoint = { seq: 128, root: "r".repeat(32) };

test.each([
  ["hybrid", FaultModel.hybrid(4), "pi", 2],
  ["Byzantine", FaultModel.byzantine(4), "tau", 3],
  ["Byzantine with c = 1", FaultModel.byzantine(6, 1), "tau", 4],
] as const)(
  "%s: which shares speak for a checkpoint, and how many make it stable (sbft.md 6)",
  (...given) => {
    const [, faults, scheme, shares] = given;
    const claim = checkpointClaim(faults, checkpoint);
    expect([schemeOf(claim), faults.stability]).toEqual([scheme, shares]);
    expect(checkpointOf(claim)).toMatchObject(checkpoint);
  },
);

test("what is voted for otherwise is about no checkpoint", () => {
  for (const length of [0, 40, 46]) {
    expect(checkpointOf({ type: "vote", instance: 0, message: new Uint8Array(length) })).toBeNull();
  }
  const { message } = checkpointClaim(FaultModel.byzantine(4), checkpoint) as { message: Uint8Array };
  expect(checkpointOf({ type: "fast", instance: 0, message })).toBeNull();
});

test("where f may lie, more than f correct replicas hold a stable state: f + c + 1 if n = 3f + 2c + 1", () => {
  for (let n = 4; n <= 40; n += 1) {
    for (let c = 0; 3 + 2 * c < n; c += 1) {
      const { f, stability, available } = FaultModel.byzantine(n, c);
      expect(stability - f).toBeGreaterThan(f);
      expect(stability).toBeLessThanOrEqual(available);
      if (n === 3 * f + 2 * c + 1) expect(stability - f).toBe(f + c + 1);
    }
  }
});
