import { fakeOutcome } from "@destiny/testkit/experiments/fake-outcome";
import { expect, test } from "vitest";
import { keyOf } from "../records/record.ts";
import type { Outcome } from "../run/outcome.ts";
import { linesOf } from "../statistics/line.ts";
import { type Course, usedBy } from "./course.ts";
import { crashedAtStart, loadOf, loadPointOf } from "./scenarios.ts";
import { SECOND, type SweepSpecification } from "./specification.ts";
import { sweepCourses } from "./sweep.ts";

const SPECIFICATION: SweepSpecification = {
  kind: "sweep",
  wan: "azure",
  profile: "paper-2022",
  protocols: ["destiny", "no-such-protocol", "single-pbft"],
  grids: [{ replicas: [7], batches: [200], payloadBytes: [512] }],
  efforts: [
    {
      replicasMax: 301,
      warmUp: SECOND,
      measured: 2 * SECOND,
      seeds: [1, 2, 3],
      ladder: { loads: [1, 2, 4, 8, 16, 32, 64], gain: 0.02, refinements: 1 },
    },
  ],
  crashed: "none",
};

/** All runs that a course makes, in their order. */
function follow(course: Course, capacity: number): Outcome[] {
  const outcomes = new Map<string, Outcome>();
  for (;;) {
    const wanted = course.next((scenario) => outcomes.get(keyOf(scenario)));
    if (wanted.length === 0) return [...outcomes.values()];
    for (const scenario of wanted)
      outcomes.set(
        keyOf(scenario),
        fakeOutcome(scenario, () => capacity),
      );
  }
}

function only<T>(items: readonly T[]): T {
  const [item] = items;
  if (item === undefined) throw new Error("nothing");
  return item;
}

test("protocols that the catalogue lacks are passed over", () => {
  expect(sweepCourses(SPECIFICATION).map(({ protocol }) => protocol)).toEqual(["destiny", "single-pbft"]);
});

test("the load rises until two in a row bring no more, is refined below the knee, and repeated there", () => {
  const runs = follow(only(sweepCourses(SPECIFICATION)), 50_000);
  expect(runs.map(({ scenario }) => [loadOf(scenario), scenario.seed])).toEqual([
    [1, 1],
    [2, 1],
    [4, 1],
    [8, 1],
    [16, 1],
    [32, 1],
    // 5 x 10 requests of 200 in 0.2 s are 50,000 a second; 6 is between the knee and the load below.
    [6, 1],
    [6, 2],
    [6, 3],
  ]);
  const line = only(linesOf(runs));
  expect(line).toMatchObject({ crashed: 0, peak: { load: 6 }, knee: { load: 6 } });
  expect(line.kneeThroughput).toEqual({ count: 3, mean: 50_000, deviation: 0 });
  expect(line.points.map(({ load }) => load)).toEqual([1, 2, 4, 6, 8, 16, 32]);
});

test("no load is tried beyond one whose run has not settled, and that one is no peak", () => {
  // 1 x 10 requests of 200 take 0.4 s, 2 x 10 take 0.8 s, 4 x 10 take longer than the warm-up of one second.
  const runs = follow(only(sweepCourses(SPECIFICATION)), 5_000);
  expect(runs.map(({ scenario }) => loadOf(scenario))).toEqual([1, 2, 4, 1, 1]);
  expect(only(linesOf(runs))).toMatchObject({ peak: { load: 1 }, knee: { load: 1, settled: true } });
});

test("a load whose answers come in waves has not settled", () => {
  const [run] = follow(only(sweepCourses(SPECIFICATION)), 50_000);
  if (run === undefined) throw new Error("no run");
  const { throughput } = run;
  const seconds = (...shares: number[]): number[] => shares.map((share) => share * throughput);
  expect(loadPointOf({ ...run, timeline: seconds(0, 0.6, 1.4) }).settled).toBe(true);
  expect(loadPointOf({ ...run, timeline: seconds(1, 0.4, 1.6) }).settled).toBe(false);
});

test("a sweep uses exactly the runs that it has asked for", () => {
  const course = only(sweepCourses(SPECIFICATION));
  const runs = follow(course, 50_000);
  const outcomes = new Map(runs.map((outcome) => [keyOf(outcome.scenario), outcome]));
  const used = new Set(usedBy([course], (scenario) => outcomes.get(keyOf(scenario))).map(keyOf));
  expect(used).toEqual(new Set(outcomes.keys()));
});

test("with failures, f replicas are down from the start, never the first, spread over the regions", () => {
  const [destiny, pbft] = sweepCourses({
    ...SPECIFICATION,
    grids: [{ replicas: [97], batches: [200], payloadBytes: [512] }],
    crashed: "f",
  });
  const scenarios = [destiny, pbft].map((course) => only(course?.next(() => undefined) ?? []));
  expect(scenarios.map(crashedAtStart)).toEqual([48, 32]);
  const [event] = scenarios[0]?.events ?? [];
  if (event?.type !== "crash") throw new Error("no crash");
  expect(event.replicas).not.toContain(0);
  const perRegion = Array.from({ length: 10 }, (_, region) => {
    return event.replicas.filter((replica) => replica % 10 === region).length;
  });
  expect(Math.max(...perRegion) - Math.min(...perRegion)).toBeLessThanOrEqual(1);
});
