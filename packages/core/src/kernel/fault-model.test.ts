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

test("with c slow replicas beside f faulty ones, sizes are those of sbft.md 1, and meet in enough replicas", () => {
  for (let n = 4; n <= 40; n += 1) {
    for (let c = 0; 3 + 2 * c < n; c += 1) {
      const { f, quorum, fastQuorum, available, fastWitnesses } = FaultModel.byzantine(n, c);
      expect(n).toBeGreaterThan(3 * f + 2 * c);
      expect(2 * quorum - n).toBeGreaterThan(f);
      expect(fastQuorum + quorum - n).toBeGreaterThan(f);
      expect(quorum + available - n).toBeGreaterThan(f);
      expect(fastQuorum + available - n - f).toBe(fastWitnesses);
      // One fast candidate at most; and one correct replica has voted for it.
      expect(2 * fastWitnesses).toBeGreaterThan(available);
      expect(fastWitnesses).toBeGreaterThan(f);
      expect(quorum).toBeLessThanOrEqual(available);
    }
  }
  expect(FaultModel.byzantine(8, 2)).toMatchObject({
    f: 1,
    quorum: 5,
    fastQuorum: 6,
    available: 7,
    fastWitnesses: 4,
  });
});
