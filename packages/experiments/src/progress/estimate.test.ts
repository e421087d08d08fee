import { fakeOutcome } from "@destiny/testkit/experiments/fake-outcome";
import { expect, test } from "vitest";
import type { Course } from "../experiments/course.ts";
import { paperScenario } from "../experiments/scenarios.ts";
import { PAPER } from "../experiments/specifications/common.ts";
import type { Outcome } from "../run/outcome.ts";
import { Estimate, formatSeconds } from "./estimate.ts";

const choice = { replicas: 4, seed: 1, batch: 1, payloadBytes: 1, warmUp: 0, duration: 1 };

/** Three runs, one after the other. */
function course(protocol: string, weight: number, made: readonly Outcome[]): Course {
  const scenario = paperScenario(PAPER, { ...choice, protocol, load: 1 });
  return {
    protocol,
    label: protocol,
    weight,
    expectedRuns: 3,
    next: () => (made.length < 3 ? [scenario] : []),
  };
}

test("the time left follows what runs of the protocol took, or of any protocol, by weight", () => {
  const made: Outcome[] = [];
  const light = course("light", 1, made);
  const heavy = course("heavy", 10, []);
  const estimate = new Estimate([light, heavy], 2);
  expect(estimate.secondsLeft(() => undefined)).toBeUndefined();
  const [scenario] = light.next(() => undefined);
  if (scenario === undefined) throw new Error("no scenario");
  const outcome = fakeOutcome(scenario, () => 1, { wall: { seconds: 4, delivered: 0, residentBytes: 0 } });
  made.push(outcome);
  estimate.add(light, outcome);
  // Two more of 4 s, three of 40 s, two at a time.
  expect(estimate.secondsLeft(() => undefined)).toBe((2 * 4 + 3 * 40) / 2);
  expect([estimate.finished, estimate.runsLeft(() => undefined)]).toEqual([1, 5]);
});

test("time for people", () => {
  expect([0.2, 89, 200, 7_200].map(formatSeconds)).toEqual(["1 s", "89 s", "3 min", "2.0 h"]);
});
