import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { fakeOutcome } from "@destiny/testkit/experiments/fake-outcome";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Processes } from "./processes.ts";
import { FIG10 } from "./specifications/fig10.ts";
import { timelineCourses } from "./timeline.ts";

let folder: string;
let entry: URL;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "destiny-processes-"));
  const file = join(folder, "worker.mjs");
  // Answers with its process id as the trace hash; seed 2 fails, seed 3 dies, seed 4 never answers.
  writeFileSync(
    file,
    `process.on("message", ({ scenario, outcome }) => {
      process.send({ type: "progress", share: 0.5 });
      if (scenario.seed === 2) return process.send({ type: "failed", message: "no such network" });
      if (scenario.seed === 3) return process.exit(7);
      if (scenario.seed === 4) return;
      process.send({ type: "outcome", outcome: { traceHash: String(process.pid), wall: { residentBytes: scenario.seed * 1e9 } } });
    });`,
  );
  entry = pathToFileURL(file);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const [course] = timelineCourses({ ...FIG10.quick, protocols: ["destiny"] });
const [scenario] = course?.next(() => undefined) ?? [];
const withSeed = (seed: number) => ({ ...fakeOutcome(scenario as never, () => 1).scenario, seed });

test("a process is used again, until it has grown too large, and tells how far it is", async () => {
  const processes = new Processes(entry);
  try {
    const shares: number[] = [];
    const first = await processes.run(withSeed(1), (share) => shares.push(share));
    const second = await processes.run(withSeed(1.5), () => undefined);
    const third = await processes.run(withSeed(1), () => undefined);
    expect(shares).toEqual([0.5]);
    expect(second.traceHash).toBe(first.traceHash);
    expect(third.traceHash).not.toBe(first.traceHash);
  } finally {
    processes.close();
  }
});

test("a run that throws, and a process that dies, reject", async () => {
  const processes = new Processes(entry);
  try {
    await expect(processes.run(withSeed(2), () => undefined)).rejects.toThrow("no such network");
    await expect(processes.run(withSeed(3), () => undefined)).rejects.toThrow(/ended \(status 7\)/);
  } finally {
    processes.close();
  }
});

test("closing ends what is under way", async () => {
  const processes = new Processes(entry);
  const running = processes.run(withSeed(4), () => processes.close());
  await expect(running).rejects.toThrow(/ended \(SIGKILL\)/);
});
