import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { expect, test } from "vitest";
import { makeCluster } from "../configuration/test-cluster.ts";
import { lastLineOf } from "./last-line.ts";
import { LocalCluster } from "./local-cluster.ts";
import { childrenOf, resourceUse } from "./resource-use.ts";

function logOf(text: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "destiny-log-")), "replica.log");
  writeFileSync(path, text);
  return path;
}

test("the last line of a log is told in plain words, stack traces apart", () => {
  expect(lastLineOf(logOf("one\ndestiny: port 7 is in use\n\n"))).toBe("port 7 is in use");
  expect(lastLineOf(logOf('{"level":"fatal","msg":"the replica failed"}\n'))).toContain("the replica failed");
  expect(lastLineOf(logOf("Error: the disk is gone\n    at x (y.js:1:2)\n\nNode.js v20.20.2\n"))).toBe(
    "Error: the disk is gone",
  );
  expect(lastLineOf(logOf(`${"x".repeat(100_000)}\nlast\n`))).toBe("last");
  expect(lastLineOf(logOf("{broken"))).toBe("{broken");
  expect(lastLineOf("/nonexistent")).toBe("");
});

test.runIf(process.platform === "linux")("what a process uses, and which others it started", async () => {
  const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], {
    stdio: ["pipe", "ignore", "ignore"],
  });
  const exit = once(child, "exit");
  await once(child, "spawn");
  expect(childrenOf(process.pid)).toContain(child.pid);
  expect(resourceUse(process.pid)?.residentBytes).toBeGreaterThan(1_000_000);
  expect(resourceUse(process.pid)?.cpuSeconds).toBeGreaterThan(0);
  child.stdin.end();
  await exit;
  expect(resourceUse(child.pid ?? 0)).toBeNull();
});

test("a folder without a cluster, and one without its replicas, are the operator's errors", async () => {
  expect(() => new LocalCluster("/nonexistent")).toThrow(ConfigurationError);
  const { directory } = await makeCluster();
  expect(new LocalCluster(directory).processes.size).toBe(0);
  rmSync(join(directory, "replica-1"), { recursive: true });
  expect(() => new LocalCluster(directory)).toThrow("destiny start");
});
