import { expect, test } from "vitest";
import { openProfile } from "../profiles/open-profile.ts";
import { type Configuration, compare, type Measured, overheadOf } from "./compare.ts";

const CONFIGURATION: Configuration = {
  ...{ protocol: "single-hybster", replicas: 3, clients: 4, bundle: 50, payloadBytes: 512 },
};
const PIECES = openProfile("modern");

function measured(factor: number): Measured {
  const machine = { configuration: CONFIGURATION, diskMicros: 300 };
  const profile = { ...PIECES, overhead: { ...PIECES.overhead, factor } };
  const nothing = { throughput: 1, latencyMs: { mean: 1, p50: 1 }, cpuPerCommand: 1 };
  return { ...machine, real: compare(profile, { ...machine, real: nothing }).simulated };
}

test("the overhead is found of a machine that has it", () => {
  expect(overheadOf(PIECES, measured(2.5))).toBeCloseTo(2.5, 0);
});

test("pieces that add up to more than a real cluster takes have no overhead", () => {
  expect(overheadOf(PIECES, measured(0.5))).toBe(1);
});

test("a cluster whose processor time nobody knows has no overhead that one knew of", () => {
  const { real, ...rest } = measured(2);
  expect(overheadOf(PIECES, { ...rest, real: { ...real, cpuPerCommand: null } })).toBe(1);
});
