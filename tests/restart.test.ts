import { afterEach, beforeEach, expect, test } from "vitest";
import { Load } from "./support/load.ts";
import { TestCluster } from "./support/test-cluster.ts";

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(() => cluster.close());

test("SIGKILL of one replica and its restart under load loses no acknowledged write", async () => {
  const load = await Load.start(cluster);
  await load.more(300);
  await cluster.local.kill(2);
  await load.more(100);
  await cluster.local.startReplica(2);
  await load.more(100);
  await load.sealed();
  await load.stop();
  expect(load.failures).toEqual([]);
  const { checkpoint } = await cluster.converged();
  expect(checkpoint.seq).toBeGreaterThan(0);
  expect(await load.verify()).toBeGreaterThan(500);
});

test("SIGKILL of all replicas at once and their restart loses no acknowledged write", async () => {
  const load = await Load.start(cluster);
  await load.more(500);
  const ids = [...cluster.local.processes.keys()];
  await Promise.all(ids.map((id) => cluster.local.kill(id)));
  const before = load.acknowledged.size;
  await Promise.all(ids.map((id) => cluster.local.startReplica(id)));
  await load.more(300);
  await load.sealed();
  await load.stop();
  expect(load.failures).toEqual([]);
  await cluster.converged();
  expect(await load.verify()).toBeGreaterThan(before + 300);
});
