import type { ReplicaId } from "@destiny/core/kernel/ids";
import { Random } from "@destiny/core/kernel/random";
import { RefusalCode } from "@destiny/core/wire/reply";
import type { SimulatedClient } from "@destiny/simulator/clients/client";
import { describe, expect, test } from "vitest";
import { Cluster, type ClusterOptions, commandOf } from "../cluster.ts";

// What clients see of faults (dqbft.md 4.1 and H25): every submission ends while a quorum is up, and nothing executes twice.

const SECOND = 1_000_000;
const MINUTE = 60 * SECOND;

function clusterOf(name: string, n: number, options: Partial<ClusterOptions> = {}): Cluster {
  const parameters = { statusPeriod: SECOND, checkpointPeriod: 8, ...options.parameters };
  return Cluster.of(name, { seed: 1, retryMicros: SECOND / 2, ...options, n, parameters });
}

/** All replicas but these have executed the same commands, each once. */
function expectOneOrder(cluster: Cluster, but: readonly ReplicaId[] = []): readonly string[] {
  const up = cluster.replicas.filter((replica) => !but.includes(replica));
  const [order = [], ...others] = up.map((replica) => cluster.executed(replica));
  for (const other of others) expect(other).toEqual(order);
  expect(new Set(order).size).toBe(order.length);
  return order;
}

/** Clients of every home, with as many commands each, submitted over the span. */
function load(cluster: Cluster, each: number, span: number): SimulatedClient[] {
  const clients = cluster.replicas.map((replica) => cluster.client(replica));
  for (const [home, client] of clients.entries()) {
    for (let i = 0; i < each; i += 1) {
      const submit = (): void => void client.submit([commandOf(`client ${home} command ${i}`)]);
      cluster.simulation.world.engine.after((span * i) / each, submit);
    }
  }
  return clients;
}

/** Runs until every client has its answers. */
function runUntilAnswered(cluster: Cluster, clients: readonly SimulatedClient[], most: number): void {
  for (let waited = 0; waited < most; waited += SECOND) {
    cluster.run(SECOND);
    if (clients.every((client) => client.outstanding === 0)) return;
  }
}

const outstanding = (clients: readonly SimulatedClient[]): number[] =>
  clients.map((client) => client.outstanding);

const SIZES: readonly (readonly [string, number, number])[] = [
  ["single-linear-hybster", 3, 1],
  ["single-linear-hybster", 5, 2],
  ["single-hybster", 3, 1],
  ["single-pbft", 4, 1],
  ["single-pbft", 7, 2],
  ["destiny", 3, 1],
  ["destiny", 5, 2],
  ["dqhybster", 3, 1],
  ["dqhybster", 5, 2],
  ["dqpbft", 4, 1],
  ["single-sbft", 4, 1],
  ["single-sbft", 7, 2],
  ["dqsbft", 4, 1],
];

describe.each(SIZES)("%s, n = %i", (name, n, f) => {
  test("the first f coordinators die one after the other under load: everybody is served, once", () => {
    const cluster = clusterOf(name, n);
    const clients = load(cluster, 10, 10 * SECOND);
    const dead = Array.from({ length: f }, (_, replica) => replica);
    for (const replica of dead) {
      cluster.run(2 * SECOND);
      cluster.crash(replica);
    }
    runUntilAnswered(cluster, clients, 3 * MINUTE);
    expect(outstanding(clients)).toEqual(clients.map(() => 0));
    cluster.run(5 * SECOND);
    expect(expectOneOrder(cluster, dead)).toHaveLength(10 * n);
  });

  test("a replica that restarts without what it had taken in loses no submission", () => {
    const cluster = clusterOf(name, n);
    const clients = load(cluster, 8, 8 * SECOND);
    for (let i = 0; i < 4; i += 1) {
      cluster.run(1.5 * SECOND);
      cluster.crash(0);
      cluster.run(SECOND / 2);
      cluster.restart(0);
    }
    runUntilAnswered(cluster, clients, 3 * MINUTE);
    expect(outstanding(clients)).toEqual(clients.map(() => 0));
    cluster.run(10 * SECOND);
    expect(expectOneOrder(cluster)).toHaveLength(8 * n);
  });

  test("a coordinator that answers nobody, yet lives, is got around", () => {
    const cluster = clusterOf(name, n);
    cluster.simulation.world.network.drop(({ from }) => from === 0);
    const clients = load(cluster, 3, 3 * SECOND);
    runUntilAnswered(cluster, clients, 3 * MINUTE);
    expect(outstanding(clients)).toEqual(clients.map(() => 0));
    expect(expectOneOrder(cluster, [0])).toHaveLength(3 * n);
  });

  test("replies that are lost are given again, from the table, and nothing executes again", () => {
    const cluster = clusterOf(name, n);
    const lost = cluster.simulation.world.network.drop(({ to }) => to >= n);
    const clients = load(cluster, 1, SECOND);
    cluster.run(5 * SECOND);
    expect(outstanding(clients)).toEqual(clients.map(() => 1));
    lost.lift();
    runUntilAnswered(cluster, clients, MINUTE);
    expect(outstanding(clients)).toEqual(clients.map(() => 0));
    expect(expectOneOrder(cluster)).toHaveLength(n);
  });
});

test("clients of the old primary find the new one by the hints of others", () => {
  const cluster = clusterOf("single-linear-hybster", 5);
  const client = cluster.client(0);
  cluster.crash(0);
  client.submit([commandOf("alpha")]);
  cluster.run(10 * SECOND);
  expect(client.outstanding).toBe(0);
  const late = cluster.simulation.addClient(0, 3);
  const submission = late.submit([commandOf("beta")]);
  cluster.run(SECOND / 4);
  expect(submission.answeredAt).not.toBeNull();
  expect(late.coordinator).toBe(1);
  expect(late.refusals.map(({ code }) => code)).toContain(RefusalCode.NotCoordinator);
});

test.each([1, 2, 3, 4, 5, 6])(
  "crashes and restarts at random, never more than f at once: seed %i",
  (seed) => {
    const random = new Random(seed);
    const [name, n, f] = SIZES[random.below(SIZES.length)] ?? ["destiny", 3, 1];
    const cluster = clusterOf(name, n, { seed });
    const clients = load(cluster, 12, 30 * SECOND);
    const down = new Set<ReplicaId>();
    for (let i = 0; i < 30; i += 1) {
      const replica = random.below(n);
      if (down.delete(replica)) cluster.restart(replica);
      else if (down.size < f) {
        down.add(replica);
        cluster.crash(replica);
      }
      cluster.run(SECOND / 2 + random.below(SECOND));
    }
    for (const replica of down) cluster.restart(replica);
    runUntilAnswered(cluster, clients, 5 * MINUTE);
    expect(outstanding(clients)).toEqual(clients.map(() => 0));
    cluster.run(10 * SECOND);
    expect(expectOneOrder(cluster)).toHaveLength(12 * n);
  },
);
