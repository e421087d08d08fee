import { expect, test } from "vitest";
import type { Effect } from "../effects/effects.ts";
import { Port } from "../effects/port.ts";
import { Pull } from "../wire/messages.ts";
import { chosenFor, passOn, relayFanout } from "./passing-on.ts";

const N = 10;
const SELF = 3;

test("in a small cluster everybody gets it, in a large one a few", () => {
  const effects: Effect[] = [];
  const port = new Port({ push: (effect) => void effects.push(effect) }, 0);
  passOn(port, { self: SELF, n: 16 }, new Pull(1, 1, false), 1);
  expect(effects.splice(0).map(({ type }) => type)).toEqual(["broadcast"]);
  passOn(port, { self: SELF, n: 301 }, new Pull(1, 1, false), 1);
  expect(effects.map(({ type }) => type)).toEqual(new Array(relayFanout(301)).fill("send"));
});

test("whom it goes to: r others, never oneself, as different as digests are", () => {
  const counts = new Array<number>(N).fill(0);
  for (let seq = 1; seq <= 200; seq += 1) {
    const chosen = chosenFor(seq, SELF, N, 4);
    expect(new Set(chosen).size).toBe(4);
    for (const to of chosen) counts[to] = (counts[to] ?? 0) + 1;
  }
  expect(counts[SELF]).toBe(0);
  expect(Math.min(...counts.filter((_, to) => to !== SELF))).toBeGreaterThan(40);
});

test("r is about twice the logarithm of n, and no more than there are others", () => {
  expect([3, 4, 10, 301].map(relayFanout)).toEqual([2, 3, 5, 12]);
});
