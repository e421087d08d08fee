import type { ReplicaId, View } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import { COMPOSITION } from "@destiny/core/ordering/composition";
import { MessageKind } from "@destiny/core/wire/messages";
import { Complaint, complaintClaim } from "@destiny/core/wire/suspicion";
import { expect, test } from "vitest";
import { Cluster, type ClusterOptions, type Letter } from "../cluster.ts";

// Who is blamed, and who is not (dqbft.md 8 and H22 to H24), with one instance.

const SECOND = 1_000_000;
/** `T_D` and `T_C` in the first view. */
const DELAY = 2 * SECOND;

function clusterOf(n: number, options: Partial<ClusterOptions> = {}): Cluster {
  return Cluster.of("single-linear-hybster", { n, seed: 1, retryMicros: SECOND / 2, ...options });
}

const viewsOf = (cluster: Cluster): View[] =>
  cluster.replicas.map((replica) => cluster.replica(replica).status().instances[0]?.view ?? -1);

const isComplaint = ({ message }: Letter): boolean => message.kind === MessageKind.Complaint;

/** A complaint of this replica, signed by its subsystem, as a Byzantine one would make it. */
function complaintOf(cluster: Cluster, signer: ReplicaId, view: View, decided = 0): Complaint {
  const { trust } = cluster.simulation.world;
  const about = { instance: 0, view, decided };
  const result = trust.certify(signer, trust.createSubsystem(signer), complaintClaim(about));
  invariant(result.type === "certified", "a statement needs no counter");
  return new Complaint({ ...about, signer, signature: result.certificate });
}

/** Sends everybody these complaints, as if this replica did. */
function complain(cluster: Cluster, from: ReplicaId, ...complaints: readonly Complaint[]): void {
  const { network } = cluster.simulation.world;
  for (const content of complaints) {
    for (const to of cluster.replicas) {
      if (to !== from) network.send({ from, to, instance: COMPOSITION, content });
    }
  }
}

test.each([3, 4, 5, 7])(
  "a primary that serves nobody is replaced, and then everything rests: n = %i",
  (n) => {
    const cluster = clusterOf(n);
    cluster.drop(({ from }) => from === 0);
    const submission = cluster.submit(0, "alpha");
    cluster.run(DELAY / 2);
    expect(viewsOf(cluster)).toEqual(cluster.replicas.map(() => 0));
    cluster.run(3 * DELAY);
    expect(submission.answeredAt).not.toBeNull();
    for (const view of viewsOf(cluster).slice(1)) expect(view).toBe(1);
    cluster.crash(0);
    expect(cluster.settle()).toBe(true);
    for (const replica of cluster.replicas.slice(1)) expect(cluster.executed(replica)).toEqual(["alpha"]);
  },
);

test("a primary that leaves one client out is replaced; one that never got the request is given it", () => {
  for (const censors of [true, false]) {
    const cluster = clusterOf(5);
    cluster.simulation.world.network.drop(({ from, to }) => from >= 5 && to === 0);
    cluster.drop(({ to, message }) => censors && to === 0 && message.kind === MessageKind.Forward);
    const submission = cluster.submit(0, "alpha");
    cluster.run(4 * DELAY);
    expect(submission.answeredAt).not.toBeNull();
    expect(new Set(viewsOf(cluster))).toEqual(new Set([censors ? 1 : 0]));
    expect(cluster.sent.some(isComplaint)).toBe(censors);
  }
});

test("a primary that shows its proposals to too few is replaced", () => {
  const cluster = clusterOf(5);
  cluster.drop(({ from, to, message }) => from === 0 && to > 1 && message.kind === MessageKind.Prepare);
  cluster.drop(({ message }) => message.kind === MessageKind.Forward || message.kind === MessageKind.Pull);
  const submission = cluster.submit(0, "alpha");
  cluster.run(5 * DELAY);
  expect(submission.answeredAt).not.toBeNull();
  for (const view of viewsOf(cluster)) expect(view).toBe(1);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["alpha"]);
});

test.each([
  "single-linear-hybster",
  "single-hybster",
  "single-pbft",
  "destiny",
  "dqhybster",
  "dqpbft",
  "single-sbft",
  "dqsbft",
])("nobody complains while all work, loaded or idle, nor of what just takes its time: %s", (name) => {
  const cluster = Cluster.of(name, { n: 4, seed: 1, retryMicros: SECOND / 2 });
  for (let i = 0; i < 40; i += 1) {
    cluster.submit(i % 4, `command ${i}`);
    cluster.run(SECOND / 5);
  }
  expect(cluster.settle()).toBe(true);
  expect(cluster.sent.filter(isComplaint)).toEqual([]);
  expect(viewsOf(cluster)).toEqual([0, 0, 0, 0]);
});

test("one replica that waits in vain complains alone: nobody leaves, and it stops once it is served", () => {
  const cluster = clusterOf(5);
  const away = cluster.simulation.world.network.drop(({ from, to }) => from >= 5 && to !== 4);
  cluster.drop(({ message }) => message.kind === MessageKind.Forward);
  const submission = cluster.submit(0, "alpha");
  cluster.run(10 * DELAY);
  expect(new Set(cluster.sent.filter(isComplaint).map(({ from }) => from))).toEqual(new Set([4]));
  expect(viewsOf(cluster)).toEqual([0, 0, 0, 0, 0]);
  away.lift();
  cluster.run(10 * SECOND);
  expect(submission.answeredAt).not.toBeNull();
  cluster.sent.length = 0;
  cluster.run(5 * DELAY);
  expect(cluster.sent.filter(isComplaint)).toEqual([]);
  expect(viewsOf(cluster)).toEqual([0, 0, 0, 0, 0]);
});

test("f replicas that complain for ever unseat nobody; one more does, and takes all along", () => {
  const cluster = clusterOf(5);
  for (let i = 0; i < 20; i += 1) {
    for (const signer of [3, 4]) complain(cluster, signer, complaintOf(cluster, signer, 0));
    cluster.run(SECOND / 2);
  }
  expect(viewsOf(cluster)).toEqual([0, 0, 0, 0, 0]);
  // Shown to replica 1 alone, which shows the others.
  const { network } = cluster.simulation.world;
  for (const signer of [2, 3, 4]) {
    network.send({ from: signer, to: 1, instance: COMPOSITION, content: complaintOf(cluster, signer, 0) });
  }
  cluster.run(2 * SECOND);
  expect(viewsOf(cluster)).toEqual([1, 1, 1, 1, 1]);
});

test("H24: what was said of an earlier view, or long ago, unseats nobody", () => {
  const cluster = clusterOf(3, { parameters: { checkpointPeriod: 4 } });
  const hoarded = [1, 2].map((signer) => complaintOf(cluster, signer, 0));
  for (let i = 0; i < 6; i += 1) {
    cluster.submit(0, `command ${i}`);
    cluster.run(SECOND / 2);
  }
  complain(cluster, 2, ...hoarded);
  cluster.run(SECOND);
  expect(viewsOf(cluster)).toEqual([0, 0, 0]);
  complain(cluster, 2, ...[1, 2].map((signer) => complaintOf(cluster, signer, 0, 6)));
  cluster.run(2 * SECOND);
  expect(viewsOf(cluster)).toEqual([1, 1, 1]);
  complain(cluster, 2, ...[1, 2].map((signer) => complaintOf(cluster, signer, 0, 6)));
  cluster.run(2 * SECOND);
  expect(viewsOf(cluster)).toEqual([1, 1, 1]);
});

test("a complaint in another's name is none", () => {
  const cluster = clusterOf(3);
  const { instance, view, decided, signature } = complaintOf(cluster, 2, 0);
  for (const signer of [0, 1, 2, 3]) {
    complain(cluster, 2, new Complaint({ instance, view, decided, signer, signature }));
  }
  cluster.run(2 * SECOND);
  expect(viewsOf(cluster)).toEqual([0, 0, 0]);
});

test("f dead primaries in a row are passed, and the timers that they doubled are short again after good work", () => {
  const cluster = clusterOf(7, { parameters: { checkpointPeriod: 4, statusPeriod: SECOND } });
  for (const dead of [0, 1, 2]) cluster.crash(dead);
  const submission = cluster.submit(0, "alpha");
  cluster.run(60 * SECOND);
  expect(submission.answeredAt).not.toBeNull();
  for (const view of viewsOf(cluster).slice(3)) expect(view).toBe(3);
  for (let i = 0; i < 20; i += 1) {
    cluster.submit(0, `command ${i}`);
    cluster.run(SECOND / 2);
  }
  cluster.crash(3);
  for (const dead of [0, 1, 2]) cluster.restart(dead);
  cluster.run(SECOND);
  const last = cluster.submit(0, "last");
  cluster.run(15 * SECOND);
  expect(last.answeredAt).not.toBeNull();
});
