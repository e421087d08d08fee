import { expect, test } from "vitest";
import { FaultModel } from "../../kernel/fault-model.ts";
import { collectorsOf } from "./collectors.ts";

test.each([
  [4, 0],
  [6, 1],
  [7, 0],
  [9, 2],
])("n = %i, c = %i: c + 1 different collectors, and last the primary", (n, c) => {
  const address = { home: 2, faults: FaultModel.byzantine(n, c) };
  for (let seq = 1; seq <= 2 * n; seq += 1) {
    const collectors = collectorsOf(address, 3, seq);
    expect(collectors).toHaveLength(c + 2);
    expect(new Set(collectors).size).toBe(c + 2);
    expect(collectors.at(-1)).toBe(5 % n);
  }
});

test.each([49, 97, 193, 301])("n = %i: eight slots in a row have collectors in every quarter", (n) => {
  const address = { home: 0, faults: FaultModel.byzantine(n) };
  for (let seq = 1; seq <= n; seq += 1) {
    const quarters = Array.from({ length: 8 }, (_, i) => {
      return Math.floor((4 * (collectorsOf(address, 0, seq + i)[0] ?? 0)) / n);
    });
    expect(new Set(quarters)).toEqual(new Set([0, 1, 2, 3]));
  }
});

test.each([4, 7, 13, 31, 100])("n = %i: over n - 1 slots all but the primary take a turn", (n) => {
  const address = { home: 0, faults: FaultModel.byzantine(n) };
  const first = Array.from({ length: n - 1 }, (_, i) => collectorsOf(address, 0, 5 + i)[0]);
  expect(new Set(first).size).toBe(n - 1);
});

test("the work goes round: over n - 1 slots each but the primary collects as often as any other", () => {
  const address = { home: 0, faults: FaultModel.byzantine(7) };
  const first = Array.from({ length: 6 }, (_, i) => collectorsOf(address, 1, 10 + i)[0]);
  expect([...first].sort()).toEqual([0, 2, 3, 4, 5, 6]);
});
