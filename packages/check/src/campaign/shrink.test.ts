import { expect, test } from "vitest";
import type { Decision } from "../plan/decisions.ts";
import type { Plan } from "../plan/plan.ts";
import { shrink } from "./shrink.ts";

const skew = (replica: number): Decision => ({ kind: "skew", replica, factor: 2 });
const command = (client: number): Decision => ({ kind: "command", at: client, client, operations: [] });

function planOf(decisions: readonly Decision[]): Plan {
  return {
    protocol: "none",
    n: 3,
    seed: 1,
    parameters: {},
    delays: { diskMicros: 1, verifyMicros: 1, certifyMicros: 1, combineMicros: 1 },
    latency: { min: 1, max: 2 },
    historySlots: 1,
    overTheWire: false,
    retryMicros: 1,
    homes: [],
    troubleMicros: 1,
    decisions,
  };
}

test("what matters stays, and nothing else", () => {
  const decisions = [
    ...Array.from({ length: 40 }, (_, i) => skew(i)),
    ...Array.from({ length: 60 }, (_, i) => command(i)),
  ];
  const needed = [skew(3), skew(31), command(17)];
  const shows = ({ decisions: some }: Plan): boolean =>
    needed.every((one) => some.some((other) => JSON.stringify(other) === JSON.stringify(one)));
  expect(shrink(planOf(decisions), shows).decisions).toEqual(needed);
});

test("nothing stays of what happens anyway", () => {
  expect(shrink(planOf([skew(1), skew(2), command(1)]), () => true).decisions).toEqual([]);
});

test("the budget is kept, and the result still shows it", () => {
  let runs = 0;
  const shows = ({ decisions }: Plan): boolean => {
    runs += 1;
    return decisions.length >= 50;
  };
  const shrunk = shrink(planOf(Array.from({ length: 100 }, (_, i) => skew(i))), shows, 10);
  expect(runs).toBeLessThanOrEqual(10);
  expect(shrunk.decisions.length).toBeGreaterThanOrEqual(50);
});
