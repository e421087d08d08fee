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

test("the work goes round: over n - 1 slots each but the primary collects as often as any other", () => {
  const address = { home: 0, faults: FaultModel.byzantine(7) };
  const first = Array.from({ length: 6 }, (_, i) => collectorsOf(address, 1, 10 + i)[0]);
  expect([...first].sort()).toEqual([0, 2, 3, 4, 5, 6]);
});
