import { KeyValueClient } from "@destiny/client/key-value-client";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Load } from "./support/load.ts";
import { TestCluster } from "./support/test-cluster.ts";
import { pause } from "./support/until.ts";

/** How long a replica is held: a few seconds for every change, thirty every night. */
const SUSPENDED_MILLIS = process.env["DESTINY_NIGHTLY"] === undefined ? 5_000 : 30_000;

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(() => cluster.close());

test("a replica that missed more than 1,000 commands and several checkpoints catches up from its peers' logs", async () => {
  const load = await Load.start(cluster, { homes: [0, 1, 2, 3] });
  await load.more(50);
  await cluster.local.kill(4);
  const before = await cluster.local.status(0);
  await load.more(1_100);
  const after = await cluster.local.status(0);
  expect(after.commands - before.commands).toBeGreaterThan(1_000);
  expect(after.stable - before.stable).toBeGreaterThan(3 * 16);
  await cluster.local.startReplica(4);
  await load.sealed();
  await load.stop();
  const { checkpoint } = await cluster.converged();
  expect(checkpoint.seq).toBeGreaterThan(after.stable);
  expect(await load.verify()).toBeGreaterThan(1_100);
});

test("while one replica is held by SIGSTOP the others commit, its own clients too, and then it catches up", async () => {
  // Not replica 0: it orders, and the view change takes a share of the time (see reinstatement.test.ts).
  const held = 3;
  const load = await Load.start(cluster);
  await load.more(100);
  cluster.suspend(held);
  const before = load.acknowledged.size;
  const own = new KeyValueClient(await cluster.client({ seed: cluster.seedAt(held, 99) }));
  await Promise.all([pause(SUSPENDED_MILLIS), own.put("whose coordinator", "is held")]);
  expect(load.acknowledged.size - before).toBeGreaterThan((SUSPENDED_MILLIS / 1_000) * 20);
  cluster.resume(held);
  await load.more(100);
  await load.sealed();
  await load.stop();
  expect(load.failures).toEqual([]);
  const { checkpoint } = await cluster.converged();
  expect(checkpoint.seq).toBeGreaterThan(0);
  await load.verify();
});
