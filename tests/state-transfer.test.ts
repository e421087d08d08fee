import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Load } from "./support/load.ts";
import { TestCluster } from "./support/test-cluster.ts";
import { until } from "./support/until.ts";

/** History so small that it holds a few slots only: 64 KiB. */
const HISTORY_BYTES = 65_536;
const LATE: ReplicaId = 4;

let cluster: TestCluster;

/** Five replicas that hardly keep any history for those who come late. */
beforeEach(async () => {
  cluster = await TestCluster.make({ checkpointPeriod: 16 });
  for (const id of cluster.local.genesis.replicas.keys()) {
    const path = join(cluster.local.replicaDirectory(id), "replica.json");
    const settings = JSON.parse(readFileSync(path, "utf8"));
    settings.limits = { ...settings.limits, historyBytesMax: HISTORY_BYTES };
    writeFileSync(path, JSON.stringify(settings));
  }
  await cluster.local.start();
});
afterEach(() => cluster.close());

/** The late replica is killed, and the others go on until their history does not reach back any more. */
async function leaveBehind(load: Load): Promise<void> {
  await load.more(100);
  await cluster.local.kill(LATE);
  const before = await cluster.local.status(0);
  await load.more(1_000);
  const after = await cluster.local.status(0);
  expect(after.stable - before.stable).toBeGreaterThan(4 * 16);
}

/** It comes back under load, and is soon where the others are, with the same digest. */
async function expectRejoined(load: Load): Promise<void> {
  const { executed } = await cluster.local.status(0);
  await cluster.local.startReplica(LATE);
  await until(
    "the late replica has caught up",
    async () => {
      const status = await cluster.local.status(LATE);
      if (status.executed >= executed && status.transfer === null) return true;
      throw new Error(JSON.stringify({ executed: status.executed, of: executed, transfer: status.transfer }));
    },
    60_000,
  );
  await load.sealed();
  await load.stop();
  await cluster.converged();
  expect(load.failures).toEqual([]);
  await load.verify();
}

test("a replica whose data directory was deleted fetches the state from its peers under load", async () => {
  const load = await Load.start(cluster, { homes: [0, 1, 2, 3], valueBytes: 400 });
  await leaveBehind(load);
  rmSync(join(cluster.local.replicaDirectory(LATE), "data"), { recursive: true });
  await expectRejoined(load);
  // It executed what came after the state, and not what the state holds.
  const [late, other] = await Promise.all([LATE, 0].map((id) => cluster.local.status(id)));
  expect(late?.commands).toBeLessThan((other?.commands ?? 0) - 500);
  expect(await cluster.refusals(LATE)).not.toHaveProperty("wrong-state");
});

test("one that was away for longer than histories reach back does too, and starts again from what it fetched", async () => {
  const load = await Load.start(cluster, { homes: [0, 1, 2, 3], valueBytes: 400 });
  await leaveBehind(load);
  await expectRejoined(load);
  const { checkpoint } = await cluster.local.status(LATE);
  await cluster.local.kill(LATE);
  await cluster.local.startReplica(LATE);
  const { checkpoint: again } = await cluster.converged();
  expect(again.seq).toBeGreaterThanOrEqual(checkpoint.seq);
});
