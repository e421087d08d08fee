import { expect, test } from "vitest";
import { FaultModel } from "./fault-model.ts";

const sizes = Array.from({ length: 400 }, (_, index) => index + 1);

test("byzantine: two quorums share a correct replica, and the correct ones alone are a quorum", () => {
  for (const n of sizes) {
    const { f, quorum, oneCorrect, kind } = FaultModel.byzantine(n);
    expect(kind).toBe("byzantine");
    expect(2 * quorum - n).toBeGreaterThan(f);
    expect(n - f).toBeGreaterThanOrEqual(quorum);
    expect(oneCorrect).toBe(f + 1);
    // As many faults as n allows, and no larger quorum than that needs.
    expect(n).toBeGreaterThan(3 * f);
    expect(n).toBeLessThanOrEqual(3 * (f + 1));
    expect(2 * (quorum - 1) - n).toBeLessThanOrEqual(f);
  }
});

test("hybrid: two quorums share a replica, and the correct ones alone are a quorum", () => {
  for (const n of sizes) {
    const { f, quorum, oneCorrect, kind } = FaultModel.hybrid(n);
    expect(kind).toBe("hybrid");
    expect(2 * quorum - n).toBeGreaterThan(0);
    expect(n - f).toBeGreaterThanOrEqual(quorum);
    expect(quorum).toBeGreaterThanOrEqual(oneCorrect);
    expect(oneCorrect).toBe(f + 1);
    expect(n).toBeGreaterThan(2 * f);
    expect(n).toBeLessThanOrEqual(2 * (f + 1));
    expect(2 * (quorum - 1)).toBeLessThanOrEqual(n);
  }
});

test("the sizes that the papers name", () => {
  expect(FaultModel.byzantine(4)).toMatchObject({ n: 4, f: 1, quorum: 3 });
  expect(FaultModel.byzantine(301)).toMatchObject({ f: 100, quorum: 201 });
  expect(FaultModel.hybrid(3)).toMatchObject({ n: 3, f: 1, quorum: 2 });
  expect(FaultModel.hybrid(4)).toMatchObject({ f: 1, quorum: 3 });
  expect(FaultModel.hybrid(301)).toMatchObject({ f: 150, quorum: 151 });
});
