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

test("replicas go that do not matter, and what is about the others is about them still", () => {
  const decisions: Decision[] = [
    skew(1),
    skew(4),
    { kind: "slow-link", from: 0, until: 8_000, link: [6, 4], micros: 5 },
    {
      kind: "partition",
      from: 0,
      until: 4_000,
      shape: "split",
      blocked: [
        [0, 4],
        [2, 3],
      ],
      flapMicros: 0,
    },
  ];
  const plan = { ...planOf(decisions), n: 7 };
  const shows = ({ decisions: some, n }: Plan): boolean => {
    const slow = some.find((each) => each.kind === "slow-link");
    const skewed = some.find((each) => each.kind === "skew");
    return n >= 4 && slow !== undefined && skewed?.replica === slow.link[1];
  };
  const shrunk = shrink(plan, shows);
  expect(shrink(plan, shows)).toEqual(shrunk);
  expect(shrunk.n).toBe(4);
  expect(shrunk.decisions.map(({ kind }) => kind)).toEqual(["skew", "slow-link"]);
  expect(shows(shrunk)).toBe(true);
});

test("what is left gets shorter, weaker and smaller", () => {
  const decisions: Decision[] = [
    { kind: "loss", from: 0, until: 1_000_000, rate: 0.3, seed: 1 },
    {
      kind: "command",
      at: 5,
      client: 2,
      operations: [1, 2, 3, 4, 5].map((key) => ({ type: "get", key })),
    },
  ];
  const plan = { ...planOf(decisions), homes: [0, 1, 2], troubleMicros: 8_000_000, overTheWire: true };
  const shows = ({ decisions: some, troubleMicros }: Plan): boolean =>
    troubleMicros >= 1_000_000 &&
    some.some((each) => each.kind === "loss" && each.from <= 700_000 && each.until > 700_000) &&
    some.some((each) => each.kind === "command" && each.operations.some(({ key }) => key === 4));
  const shrunk = shrink(plan, shows);
  const [loss, command4] = shrunk.decisions;
  expect(loss?.kind === "loss" && loss.until - loss.from).toBeLessThanOrEqual(1_000);
  expect(command4).toEqual({ kind: "command", at: 5, client: 0, operations: [{ type: "get", key: 4 }] });
  expect(shrunk).toMatchObject({ homes: [2], troubleMicros: 1_000_000, overTheWire: false });
});
