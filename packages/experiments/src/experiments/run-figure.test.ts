import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fakeOutcome } from "@destiny/testkit/experiments/fake-outcome";
import { afterEach, beforeEach, expect, test } from "vitest";
import { readRecords } from "../records/record-store.ts";
import type { Scenario } from "../run/scenario.ts";
import { SafetyViolation } from "./execute.ts";
import type { RunScenario } from "./processes.ts";
import { type FigureOptions, runFigure } from "./run-figure.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "destiny-figure-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const NOBODY = { started: () => undefined, advanced: () => undefined, finished: () => undefined };

function options(run: RunScenario, changes: Partial<FigureOptions> = {}): FigureOptions {
  return {
    figure: "fig8",
    quick: true,
    folder,
    protocols: ["destiny", "single-pbft"],
    jobs: 2,
    version: { commit: "abc", sources: "1" },
    anyVersion: false,
    drawOnly: false,
    run,
    signal: new AbortController().signal,
    observe: () => NOBODY,
    ...changes,
  };
}

function counting(): { run: RunScenario; made: Scenario[] } {
  const made: Scenario[] = [];
  const run: RunScenario = async (scenario) => {
    made.push(scenario);
    return fakeOutcome(scenario, ({ replicas }) => 1_000_000 / replicas);
  };
  return { run, made };
}

test("records, page and drawings are written, and what is recorded is not run again", async () => {
  const first = counting();
  const { records, report } = await runFigure(options(first.run));
  expect(records).toBe(first.made.length);
  expect(readRecords(folder)).toHaveLength(records);
  for (const file of ["README.md", "specification.json", ...report.drawings.map(({ file: name }) => name)]) {
    expect(existsSync(join(folder, file)), file).toBe(true);
  }
  const before = readFileSync(join(folder, "records.jsonl"), "utf8");
  const again = counting();
  await runFigure(options(again.run));
  expect(again.made).toEqual([]);
  expect(readFileSync(join(folder, "records.jsonl"), "utf8")).toBe(before);
});

test("a run that was broken off goes on where it was, even in the middle of a line", async () => {
  const controller = new AbortController();
  const first = counting();
  const broken: RunScenario = async (scenario, onProgress) => {
    if (first.made.length === 3) controller.abort(new Error("interrupted"));
    return first.run(scenario, onProgress);
  };
  await expect(runFigure(options(broken, { signal: controller.signal }))).rejects.toThrow("interrupted");
  const kept = readRecords(folder).length;
  expect(kept).toBeGreaterThan(0);
  const file = join(folder, "records.jsonl");
  writeFileSync(file, `${readFileSync(file, "utf8")}{"experiment":"fi`);

  const rest = counting();
  const { records } = await runFigure(options(rest.run));
  expect(rest.made).toHaveLength(records - kept);
  expect(readRecords(folder)).toHaveLength(records);
});

test("other sources run everything again, unless records of any version are taken", async () => {
  await runFigure(options(counting().run));
  const version = { commit: "def", sources: "2" };
  const lenient = counting();
  await runFigure(options(lenient.run, { version, anyVersion: true }));
  expect(lenient.made).toEqual([]);
  const strict = counting();
  const { records } = await runFigure(options(strict.run, { version }));
  expect(strict.made).toHaveLength(records);
  expect(new Set(readRecords(folder).map(({ commit }) => commit))).toEqual(new Set(["def"]));
});

test("one protocol run alone leaves the records of the others, and drawing runs nothing", async () => {
  await runFigure(options(counting().run));
  const alone = counting();
  const version = { commit: "def", sources: "2" };
  const { records } = await runFigure(options(alone.run, { version, protocols: ["destiny"] }));
  expect(new Set(alone.made.map(({ protocol }) => protocol))).toEqual(new Set(["destiny"]));
  expect(alone.made.length).toBeLessThan(records);
  const never: RunScenario = () => Promise.reject(new Error("ran"));
  const drawn = await runFigure(options(never, { drawOnly: true }));
  expect(drawn.records).toBe(records);
});

test("a violation of safety ends the experiment, and is not recorded", async () => {
  const { run } = counting();
  const unsafe: RunScenario = async (scenario, onProgress) => {
    const outcome = await run(scenario, onProgress);
    return scenario.protocol === "destiny" ? { ...outcome, violations: ["two orders at slot 7"] } : outcome;
  };
  const failed = runFigure(options(unsafe));
  await expect(failed).rejects.toThrow(SafetyViolation);
  await expect(failed).rejects.toThrow(/destiny with 49 replicas, seed 1.*two orders at slot 7/);
  expect(readRecords(folder).filter(({ outcome }) => outcome.scenario.protocol === "destiny")).toEqual([]);
});

test("a figure of formulas needs no runs", async () => {
  const never: RunScenario = () => Promise.reject(new Error("ran"));
  const { records, report } = await runFigure(options(never, { figure: "fig3" }));
  expect(records).toBe(0);
  expect(report.drawings).toHaveLength(2);
});
