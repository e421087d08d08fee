import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KeyValueClient } from "@destiny/client/key-value-client";
import { afterAll, beforeAll, expect, test } from "vitest";
import { runUntilItEnds } from "./support/run-replica.ts";
import { TestCluster } from "./support/test-cluster.ts";

const KEYS = 60;
/** Bytes that occur nowhere but in records of the log and in pages of the state. */
const MARK = "a value that a test looks for";

let cluster: TestCluster;
let file: string;
let intact: Buffer;

/** A cluster with some history, whose replica 1 is stopped. */
beforeAll(async () => {
  cluster = await TestCluster.start({ replicas: 3, checkpointPeriod: 8 });
  const store = new KeyValueClient(await cluster.client({ seed: cluster.seedAt(0) }));
  for (let i = 0; i < KEYS; i += 1) await store.put(`key-${i}`, `${MARK} ${i}`);
  await cluster.converged();
  await cluster.local.stopReplica(1);
  file = join(cluster.local.replicaDirectory(1), "data", "data.mdb");
  intact = readFileSync(file);
});
afterAll(() => cluster.close());

/** The start is refused with a status above 0, and the last line says what is wrong and where. */
async function refusal(): Promise<string> {
  const { code, stdout, lines } = await runUntilItEnds(cluster.local.replicaDirectory(1));
  expect(code === 1 || code === 2, `exit status ${code}`).toBe(true);
  expect(stdout).toBe("");
  expect(lines.filter((line) => !line.startsWith("{")).length).toBeLessThanOrEqual(1);
  return lines.at(-1) ?? "";
}

test.each([0, 0.1, 0.5, 0.9])("a data file that is cut to %f of what it holds is refused", async (share) => {
  writeFileSync(file, intact);
  // Its end is reserved space, in zeroes: to lose some of that is to lose nothing.
  const used = intact.findLastIndex((byte) => byte !== 0);
  truncateSync(file, Math.floor(used * share));
  expect(await refusal()).toMatch(/data/);
});

test("a flipped bit in every copy of a value is refused, never executed", async () => {
  const bytes = Buffer.from(intact);
  let found = 0;
  for (let at = bytes.indexOf(MARK); at >= 0; at = bytes.indexOf(MARK, at + 1)) {
    bytes[at + 3] = (bytes[at + 3] ?? 0) ^ 1;
    found += 1;
  }
  expect(found).toBeGreaterThan(0);
  writeFileSync(file, bytes);
  expect(await refusal()).toMatch(/damaged/);
});

test("random bytes for a data file are refused", async () => {
  writeFileSync(file, Buffer.alloc(statSync(file).size, "no database at all "));
  expect(await refusal()).toMatch(/data/);
});

test("with the file as it was, the replica starts and agrees", async () => {
  writeFileSync(file, intact);
  await cluster.local.startReplica(1);
  const store = new KeyValueClient(await cluster.client());
  await store.put("after", "all");
  await cluster.converged();
});

test("a replica that has lost its data says nothing that contradicts what it said before", async () => {
  await cluster.local.stopReplica(2);
  rmSync(join(cluster.local.replicaDirectory(2), "data"), { recursive: true });
  const store = new KeyValueClient(await cluster.client());
  // Its signer remembers, and signs nothing twice: the others go on and agree.
  await cluster.local.startReplica(2).catch(() => undefined);
  for (let i = 0; i < 20; i += 1) await store.put(`later-${i}`, "x");
  const statuses = await Promise.all([0, 1].map((id) => cluster.local.status(id)));
  expect(new Set(statuses.map(({ checkpoint }) => checkpoint.digest)).size).toBe(1);
});
