import type { ReplicaId } from "@destiny/core/kernel/ids";
import { expect, test } from "vitest";
import { Cluster } from "../cluster.ts";

// A trusted subsystem that lost its memory comes back under a new identity (hybster.md 10.1, dqbft.md H13).

const SECOND = 1_000_000;

function clusterOf(name: string, n: number, seed = 1): Cluster {
  const parameters = { statusPeriod: SECOND / 2, checkpointPeriod: 4 };
  return Cluster.of(name, { n, seed, parameters, retryMicros: SECOND / 2, readmission: true });
}

/** Takes a replica down, and its trusted subsystem's memory with it. */
function lose(cluster: Cluster, replica: ReplicaId): void {
  cluster.crash(replica);
  cluster.simulation.renew(replica);
  cluster.restart(replica);
}

test.each([
  ["single-linear-hybster", 3],
  ["single-linear-hybster", 4],
  ["single-hybster", 3],
  ["destiny", 3],
  ["destiny", 5],
  ["dqhybster", 3],
])("%s, n = %i: whoever is admitted again votes again, without a word from the operator", (name, n) => {
  const cluster = clusterOf(name, n);
  cluster.submit(0, "before");
  cluster.run(SECOND);
  lose(cluster, n - 1);
  expect(cluster.replica(n - 1).status().admittedWith).toBeNull();
  cluster.run(5 * SECOND);
  for (const replica of cluster.replicas) {
    expect(cluster.replica(replica).status().configuration).toBe(1);
  }
  expect(cluster.replica(n - 1).status().admittedWith).toBe(1);
  const { f } = cluster.simulation.faults;
  for (let replica = 1; replica <= f; replica += 1) cluster.crash(replica);
  const last = cluster.submit(0, "after");
  cluster.run(30 * SECOND);
  expect(last.answeredAt).not.toBeNull();
  expect(cluster.executed(n - 1)).toEqual(["before", "after"]);
});
