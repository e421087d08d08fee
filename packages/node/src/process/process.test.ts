import { chmodSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { InvariantViolation } from "@destiny/core/kernel/invariant";
import { beforeAll, expect, test, vi } from "vitest";
import type { InitialCluster } from "../configuration/init-cluster.ts";
import type { ReplicaConfiguration } from "../configuration/replica-configuration.ts";
import { makeCluster } from "../configuration/test-cluster.ts";
import { ExitCode, runReplica, type Start } from "./run-replica.ts";
import type { Serving } from "./serve.ts";

let cluster: InitialCluster;
let folder: string;

beforeAll(async () => {
  cluster = await makeCluster({ logLevel: "silent" });
  folder = join(cluster.directory, "replica-1");
});

const NEVER = new Promise<never>(() => undefined);

function fakeReplica(overrides: Partial<Serving> = {}): Serving {
  const at = { host: "127.0.0.1", port: 7 };
  return {
    addresses: { mesh: at, client: at, http: null },
    stop: async () => undefined,
    failed: NEVER,
    ...overrides,
  };
}

interface Ran {
  readonly code: ExitCode;
  readonly stdout: string[];
  readonly stderr: string[];
}

async function run(args: readonly string[], start: Start, told: Promise<string> = NEVER): Promise<Ran> {
  const stdout: string[] = [];
  const stderr: string[] = [];
  const lines = {
    stdout: (line: string) => void stdout.push(line),
    stderr: (line: string) => void stderr.push(line),
  };
  const code = await runReplica({ args, told, ...lines }, start);
  return { code, stdout, stderr };
}

test("a replica says once where it serves, and a signal stops it cleanly", async () => {
  const stop = vi.fn(async () => undefined);
  let given: ReplicaConfiguration | undefined;
  const start: Start = async (configuration) => {
    given = configuration;
    return fakeReplica({ stop });
  };
  const { code, stdout, stderr } = await run(["--config", folder], start, Promise.resolve("SIGTERM"));
  expect([code, stderr]).toEqual([ExitCode.Done, []]);
  expect(given?.id).toBe(1);
  expect(stdout).toHaveLength(1);
  expect(JSON.parse(stdout[0] ?? "")).toEqual({
    event: "ready",
    replica: 1,
    pid: process.pid,
    mesh: { host: "127.0.0.1", port: 7 },
    client: { host: "127.0.0.1", port: 7 },
    http: null,
  });
  expect(stop).toHaveBeenCalledOnce();
});

test.each([
  [[], /usage: node process\/main\.js --config/],
  [["--config"], /usage/],
  [["--confg", "x"], /Unknown option '--confg'.*usage/],
  [["--config", "/nonexistent"], /replica\.json is missing/],
])("wrong usage is one line and status 2: %j", async (args, says) => {
  const start = vi.fn<Start>();
  const { code, stdout, stderr } = await run(args, start);
  expect([code, stdout, stderr.length]).toEqual([ExitCode.Misconfigured, [], 1]);
  expect(stderr[0]).toMatch(says);
  expect(stderr[0]).not.toContain("\n");
  expect(start).not.toHaveBeenCalled();
});

test("a key open to others is one line and status 2", async () => {
  const own = await makeCluster({ directory: join(mkdtempSync(join(tmpdir(), "destiny-open-")), "c") });
  const replica = join(own.directory, "replica-0");
  chmodSync(join(replica, "replica.key"), 0o644);
  const { code, stderr } = await run(["--config", replica], vi.fn<Start>());
  expect(code).toBe(ExitCode.Misconfigured);
  expect(stderr[0]).toContain("chmod 600");
});

test("what the start finds wrong with the configuration is status 2 as well, without a stack", async () => {
  const start: Start = () =>
    Promise.reject(new ConfigurationError("port 7 is in use: stop the other process"));
  const { code, stderr } = await run(["--config", folder], start);
  expect([code, stderr]).toEqual([
    ExitCode.Misconfigured,
    ["destiny: port 7 is in use: stop the other process"],
  ]);
});

test("a start that fails otherwise, and a replica that fails later, are status 1", async () => {
  const broken: Start = () => Promise.reject(new Error("the disk is gone"));
  expect((await run(["--config", folder], broken)).code).toBe(ExitCode.Failed);
  const stop = vi.fn(async () => undefined);
  const failing: Start = async () =>
    fakeReplica({ stop, failed: Promise.resolve(new InvariantViolation("two decisions in one slot")) });
  const { code, stdout } = await run(["--config", folder], failing);
  expect([code, stdout.length]).toEqual([ExitCode.Failed, 1]);
  // What follows from an impossible state must not be made durable.
  expect(stop).not.toHaveBeenCalled();
});
