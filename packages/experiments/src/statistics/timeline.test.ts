import { fakeOutcome } from "@destiny/testkit/experiments/fake-outcome";
import { expect, test } from "vitest";
import { FIG10 } from "../experiments/specifications/fig10.ts";
import { timelineCourses } from "../experiments/timeline.ts";
import { reactionOf, timelineOf } from "./timeline.ts";

test("how a run takes what happens: dip, gain, standstill, recovery", () => {
  const [course] = timelineCourses({ ...FIG10.full, compression: 1, protocols: ["dqpbft"] });
  const [scenario] = course?.next(() => undefined) ?? [];
  if (scenario === undefined) throw new Error("no scenario");
  const throughputAt = (second: number): number => {
    if (second < 50) return 100;
    if (second < 65) return 70;
    if (second < 140) return 125;
    return second < 155 ? 0 : 120;
  };
  const timeline = Array.from({ length: 201 }, (_, second) => throughputAt(second));
  const line = timelineOf(fakeOutcome(scenario, () => 0, { timeline }));
  expect(line).toMatchObject({ raisedAt: 50, killedAt: 140 });
  expect(line.throughput).toHaveLength(200);
  expect(reactionOf(line)).toEqual({ before: 100, dip: 70, after: 125, stopped: 0, atEnd: 120 });
});
