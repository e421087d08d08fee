import { subjectOf } from "@destiny/check/campaign/subject";
import { Tally } from "@destiny/check/run/tally";
import { expect, test } from "vitest";
import { type CheckReport, checkReport, describeCheck } from "./check-report.ts";

function report(slow: number): CheckReport {
  const finding = { oracle: "L1 liveness", message: "not answered\nat all", at: 1, event: 2 } as const;
  const result = { seeds: 20, tally: new Tally({ events: 7 }), failures: [{ seed: 17, finding }] };
  const subject = { protocol: "single-sbft", n: 6, slow };
  return { subject, seconds: 1, result, shrunk: null };
}

test("each violation comes with the command that shows it again", () => {
  expect(describeCheck(report(1)).split("\n").slice(-2)).toEqual([
    "seed 17: L1 liveness: not answered",
    "  destiny check --protocol single-sbft --replicas 6 --slow 1 --replay 17",
  ]);
  expect(describeCheck(report(0))).toContain(" --protocol single-sbft --replicas 6 --replay 17");
});

test("the report says of how many slow replicas", () => {
  expect(describeCheck(report(1))).toMatch(/^protocol +single-sbft, 6 replicas, --slow 1\n/);
  expect(describeCheck(report(0))).toMatch(/^protocol +single-sbft, 6 replicas\n/);
  expect(checkReport(report(1))).toMatchObject({
    protocol: "single-sbft",
    replicas: 6,
    slow: 1,
    violations: 1,
  });
  expect(subjectOf(report(1).subject)).toMatchObject({ protocol: { name: "single-sbft" }, n: 6, slow: 1 });
});
