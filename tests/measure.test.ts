import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Command, destiny } from "./support/command.ts";
import { processesWith } from "./support/processes.ts";
import { until } from "./support/until.ts";

let folder: string;
const temporary = process.env["TMPDIR"];

// Throwaway clusters are made where we can see that nothing is left of them.
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "destiny-measure-"));
  process.env["TMPDIR"] = folder;
});
afterAll(() => {
  if (temporary === undefined) delete process.env["TMPDIR"];
  else process.env["TMPDIR"] = temporary;
  rmSync(folder, { recursive: true, force: true });
});

function nothingLeft(): void {
  expect(readdirSync(folder)).toEqual([]);
  expect(processesWith(folder)).toEqual([]);
}

test("demo loses the replica that orders, goes on, finds equal states, and leaves nothing behind", async () => {
  const { code, stdout, stderr } = await destiny("demo", "--replicas", "3", "--json");
  expect([code, stderr]).toEqual([0, expect.stringContaining("killing replica 0, which orders,")]);
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({
    f: 1,
    write: { commands: 1000, proofs: 1000 },
    read: { commands: 1000, proofs: 1000 },
    crash: { replicas: [0], write: { commands: 1000 } },
    readAgain: { commands: 1000 },
  });
  // Who waits for the new primary may be answered by f + 1 equal replies before there is a proof.
  expect(report.crash.write.proofs).toBeGreaterThan(900);
  expect(report.crash.view).toBeGreaterThan(0);
  expect(report.crash.primary).not.toBe(0);
  expect(report.crash.servedSeconds).toBeGreaterThanOrEqual(report.crash.silentSeconds);
  expect(report.recovery.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(report.seconds).toBeLessThan(60);
  nothingLeft();
});

test("bench prints one JSON value with the fields that every measurement has", async () => {
  const args = ["--replicas", "3", "--clients", "6", "--duration", "2", "--warmup", "0.5", "--json"];
  const { code, stdout } = await destiny("bench", ...args);
  expect(code).toBe(0);
  const report = JSON.parse(stdout) as { executed: number; throughput: number; durationS: number };
  expect(report).toMatchObject({
    protocol: "destiny",
    replicas: 3,
    f: 1,
    clients: 6,
    bundle: 1,
    payloadBytes: 512,
    errors: 0,
    violations: 0,
  });
  expect(report.executed).toBeGreaterThan(10);
  expect(report.throughput).toBeCloseTo(report.executed / report.durationS, -1);
  nothingLeft();
});

test("bench measures a cluster with as many slow replicas as it was asked for", async () => {
  const cluster = ["--protocol", "single-sbft", "--replicas", "7", "--slow", "1"];
  const load = ["--clients", "2", "--duration", "0.5", "--warmup", "0", "--json"];
  const { code, stdout } = await destiny("bench", ...cluster, ...load);
  expect(code).toBe(0);
  // Without slow ones, seven replicas would bear two faults.
  expect(JSON.parse(stdout)).toMatchObject({ replicas: 7, f: 1, errors: 0, violations: 0 });
});

test("Ctrl-C ends a bench early, with nothing left behind", async () => {
  const command = new Command(["bench", "--replicas", "3", "--clients", "3", "--duration", "600"]);
  await until("it measures", () => command.stderr.includes("measuring"));
  const { code, stdout, stderr } = await command.interrupt();
  expect([code, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(/destiny: interrupted\n$/);
  nothingLeft();
});
