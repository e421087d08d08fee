import { chmodSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type Refused, runUntilItEnds } from "./support/run-replica.ts";
import { TestCluster } from "./support/test-cluster.ts";

let cluster: TestCluster;
let folder: string;
let server: Server | undefined;

beforeEach(async () => {
  cluster = await TestCluster.make({ replicas: 3 });
  folder = cluster.local.replicaDirectory(1);
});
afterEach(async () => {
  server?.close();
  server = undefined;
  await cluster.close();
});

type Settings = Record<string, unknown>;

function edit(change: (settings: Settings) => void): void {
  const path = join(folder, "replica.json");
  const settings = JSON.parse(readFileSync(path, "utf8")) as Settings;
  change(settings);
  writeFileSync(path, JSON.stringify(settings));
}

/** One line for the operator and exit status 2. */
async function refusal(): Promise<string> {
  const refused: Refused = await runUntilItEnds(folder);
  expect(refused).toMatchObject({ code: 2, stdout: "" });
  const words = refused.lines.filter((line) => !line.startsWith("{"));
  expect(words).toHaveLength(1);
  return words[0] ?? "";
}

test("an unknown setting is named, with what was probably meant", async () => {
  edit((settings) => {
    settings["loglevel"] = "debug";
  });
  expect(await refusal()).toMatch(/replica\.json: .*"loglevel".*did you mean "logLevel"/);
});

test("a setting out of range is named, with its range", async () => {
  edit((settings) => {
    settings["limits"] = { httpCommandsMax: 0 };
  });
  expect(await refusal()).toMatch(/replica\.json: .*httpCommandsMax.*from 1 to 4096/);
});

test.each(["mesh", "client", "http"] as const)("a port for %s that is in use is named", async (which) => {
  const { listen } = JSON.parse(readFileSync(join(folder, "replica.json"), "utf8"));
  server = createServer().listen(listen[which].port, listen[which].host);
  await new Promise((resolve) => server?.once("listening", resolve));
  expect(await refusal()).toMatch(new RegExp(`${listen[which].port}.*(in use|EADDRINUSE)`));
});

test("a second process on the same folder is refused while the first one serves", async () => {
  await cluster.local.start();
  expect(await refusal()).toMatch(/in use|another process|already/);
  await cluster.converged();
});

test("the key file of another replica is refused", async () => {
  copyFileSync(join(cluster.local.replicaDirectory(0), "replica.key"), join(folder, "replica.key"));
  expect(await refusal()).toMatch(/replica\.key.*does not belong to this replica/);
});

test("a key that others may read is refused", async () => {
  chmodSync(join(folder, "tls.key"), 0o644);
  expect(await refusal()).toMatch(/tls\.key.*chmod 600/);
});

test("an edited genesis is refused", async () => {
  const path = join(folder, "genesis.json");
  const genesis = JSON.parse(readFileSync(path, "utf8"));
  genesis.parameters.checkpointPeriod = 1_000_000;
  writeFileSync(path, JSON.stringify(genesis));
  expect(await refusal()).toMatch(/genesis\.json/);
});
