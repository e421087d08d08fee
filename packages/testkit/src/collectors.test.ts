import { MessageKind } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { Cluster, commandOf } from "./cluster.ts";

// linear-hybster.md 5 and 9.5, sbft.md 1 and 5: whatever a collector withholds, the next rank gives.

const SECOND = 1_000_000;

const PROVEN: readonly (readonly [string, number])[] = [
  ...[3, 4, 5, 7].map((n) => ["destiny", n] as const),
  ...[4, 7].flatMap((n) => [["dqsbft", n] as const, ["single-sbft", n] as const]),
];

test.each(PROVEN)(
  "%s, n = %i: a coordinator that collects no execution shares is passed over, and one proof answers the client",
  (name, n) => {
    const cluster = Cluster.of(name, { n, seed: 1 });
    const { f } = cluster.simulation.faults;
    const coordinator = name.startsWith("single-") ? 0 : 1;
    // All ranks below f are silent: they get no shares.
    const silent = (replica: number): boolean => (replica - coordinator + n) % n < f;
    cluster.drop(({ to, message }) => message.kind === MessageKind.ExecSig && silent(to));
    const submission = cluster.submit(coordinator, "alpha");
    cluster.run(5 * SECOND);
    expect(submission.proven).toBe(true);
  },
);

test.each(PROVEN)("%s, n = %i: checkpoints become stable with f silent collectors", (name, n) => {
  const cluster = Cluster.of(name, { n, seed: 1, parameters: { checkpointPeriod: 2 } });
  const { f } = cluster.simulation.faults;
  cluster.drop(({ to, message }) => message.kind === MessageKind.CheckpointSig && to < f);
  for (let i = 0; i < 2 * n; i += 1) {
    cluster.submit(name.startsWith("single-") ? 0 : n - 1, `command ${i}`);
    cluster.run(3 * SECOND);
  }
  for (const replica of cluster.replicas) expect(cluster.replica(replica).status().stable).toBe(2 * n);
});

test("a client whose reply is lost asks again, and then everybody: one plain reply is not believed, f + 1 are", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
  const { network } = cluster.simulation.world;
  const lost = network.drop(({ to }) => to >= 5);
  const submission = cluster.submit(1, "alpha");
  expect(cluster.settle()).toBe(true);
  expect(cluster.executed(0)).toEqual(["alpha"]);
  lost.lift();
  network.drop(({ to, content }) => to >= 5 && (content as { type: string }).type === "proven");
  const client = cluster.client(1);
  for (const [replica, believed] of [
    [2, false],
    [2, false],
    [3, false],
    [4, true],
  ] as const) {
    client.ask(replica);
    cluster.settle();
    expect(submission.answeredAt !== null).toBe(believed);
  }
  expect(submission.proven).toBe(false);
  expect(cluster.executed(0)).toEqual(["alpha"]);
});

test("a client that asks somebody else first is told who coordinates it", () => {
  for (const name of ["destiny", "single-linear-hybster"]) {
    const cluster = Cluster.of(name, { n: 3, seed: 1, retryMicros: SECOND });
    const client = cluster.simulation.addClient(0, 2);
    client.submit([commandOf("alpha")]);
    cluster.run(10 * SECOND);
    expect(client.coordinator).toBe(0);
    expect(client.outstanding).toBe(0);
    expect(cluster.executed(1)).toEqual(["alpha"]);
  }
});

test("a query is ordered like a command and changes nothing", () => {
  const cluster = Cluster.of("destiny", { n: 3, seed: 1 });
  cluster.submit(1, "alpha");
  const client = cluster.simulation.addClient(2);
  const submission = client.submit([Uint8Array.of(1)]);
  cluster.settle();
  expect(submission.results).toHaveLength(1);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["alpha"]);
});
