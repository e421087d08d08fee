import { present } from "@destiny/core/kernel/invariant";
import { proposalWindowOf } from "@destiny/core/kernel/slot-ring";
import { encodeOrderValue } from "@destiny/core/ordering/dqbft/order-value";
import { MessageKind, Proposal } from "@destiny/core/wire/messages";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { expect, test } from "vitest";
import { Cluster, commandOf } from "../cluster.ts";
import { Forger } from "../forger.ts";
import {
  complainedOf,
  headerOf,
  IMPATIENT,
  instanceAt,
  isOf,
  openImpatient,
  ref,
  SECOND,
  viewsOf,
} from "./stage.ts";

// The O-primary, at fault or not: dqbft.md 9, H3, H7, H8, H22, H23, H27, H28, H30, H35.

/** The first proposal of this instance that was sent. */
function proposalOf(cluster: Cluster, instance: number): Proposal {
  const letter = cluster.sent.find((each) => each.instance === instance && each.message instanceof Proposal);
  return present(letter, "a proposal").message as Proposal;
}

test("the O-primary crashes: D-instances go on, and the next one orders what they disseminated (3.2.5, case 2)", () => {
  const cluster = openImpatient();
  cluster.crash(0);
  for (const coordinator of [1, 2, 3, 4]) cluster.submit(coordinator, `of ${coordinator}`);
  cluster.run(10 * SECOND);
  for (const replica of [1, 2, 3, 4]) {
    expect([...cluster.executed(replica)].sort()).toEqual(["of 1", "of 2", "of 3", "of 4"]);
    expect(instanceAt(cluster, replica, cluster.oInstance)).toMatchObject({ view: 1, active: true });
  }
  expect(complainedOf(cluster)).toEqual([cluster.oInstance]);
});

test("H3, adversary (c): a D-instance changes its view between O-proposal and vote: the stale header is voted for at once", () => {
  const cluster = openImpatient();
  // R3's batch is ordered by its header; the O-proposal is on its way for long, and so are the votes for the batch.
  cluster.hold(
    ({ from, ...letter }) => from === 0 && isOf(cluster.oInstance, MessageKind.Prepare)({ from, ...letter }),
  );
  cluster.drop(isOf(3, MessageKind.CommitSig, MessageKind.Commit));
  cluster.submit(3, "alpha");
  cluster.run(1.2 * SECOND);
  for (const replica of cluster.replicas) {
    expect(instanceAt(cluster, replica, 3).active).toBe(true);
    expect(instanceAt(cluster, replica, 3).view).toBeGreaterThan(0);
  }
  cluster.release();
  cluster.run(SECOND / 10);
  // The O-instance has decided, although the new D-view has not.
  expect(instanceAt(cluster, 1, cluster.oInstance)).toMatchObject({ view: 0, decided: 1 });
  cluster.run(10 * SECOND);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["alpha"]);
});

// Over PBFT: trusted counters sign in order, so there no later slot is decided before an earlier one.
test("H7, adversary (g): the O-primary crashes, a later O-slot survives, an earlier one does not: all is ordered again", () => {
  const parameters = { ...IMPATIENT, orderEntriesMax: 1, referencesPerInstanceMax: 1 };
  const cluster = Cluster.of("dqpbft", { n: 4, seed: 1, parameters });
  const order = cluster.oInstance;
  cluster.drop(({ instance, message }) => {
    const isProposal = instance === order && message instanceof Proposal;
    return isProposal && message.view === 0 && message.seq === 1;
  });
  cluster.submit(1, "alpha");
  cluster.run(SECOND / 10);
  cluster.submit(2, "beta");
  cluster.run(SECOND / 5);
  expect(instanceAt(cluster, 1, order)).toMatchObject({ view: 0, decided: 0, known: 2 });
  cluster.crash(0);
  cluster.run(10 * SECOND);
  for (const replica of [1, 2, 3]) {
    expect(cluster.executed(replica)).toEqual(["beta", "alpha"]);
    expect(instanceAt(cluster, replica, order).view).toBeGreaterThan(0);
  }
});

test("H8: a premature reference to a slot that its home never used does not unseat the home: it fills at once", () => {
  const cluster = openImpatient();
  cluster.submit(1, "alpha");
  cluster.settle();
  // The O-log comes to name slot 1 of D3, as a NewView might have it: every gate accepts for once.
  const forger = new Forger(cluster, 0);
  const other = new Forger(cluster, 3);
  const header = headerOf(3, other.batch([]));
  cluster.restart(3);
  const value = encodeOrderValue([ref(3, 1)], digestOf);
  forger.send(cluster.oInstance, forger.certify(cluster.oInstance, value, [header], { seq: 2 }));
  cluster.run(10 * SECOND);
  for (const replica of [1, 2, 3, 4]) {
    expect(instanceAt(cluster, replica, 3)).toMatchObject({ view: 0, decided: 1 });
    expect(cluster.executed(replica)).toEqual(["alpha"]);
  }
});

test("H22 (n2): an O-primary that leaves out a slot is replaced", () => {
  const cluster = openImpatient();
  const forger = new Forger(cluster, 0);
  cluster.submit(1, "alpha");
  cluster.run(SECOND / 20);
  const header = headerOf(1, proposalOf(cluster, 1));
  const value = encodeOrderValue([ref(1, 1)], digestOf);
  forger.send(cluster.oInstance, forger.certify(cluster.oInstance, value, [header], { seq: 2 }));
  cluster.run(10 * SECOND);
  for (const replica of [1, 2, 3, 4]) {
    expect(instanceAt(cluster, replica, cluster.oInstance).view).toBeGreaterThan(0);
    expect(cluster.executed(replica)).toEqual(["alpha"]);
  }
});

test("H23 (n3): a block in one D-instance fills the O-window, and no correct O-primary is unseated for it", () => {
  const cluster = openImpatient(5, {
    orderWindow: 8,
    checkpointPeriod: 4,
    orderEntriesMax: 1,
    referencesPerInstanceMax: 1,
  });
  // Of D3 nothing comes through but its first headers: nor does a view change.
  cluster.hold(({ instance, message }) => instance === 3 && message.kind !== MessageKind.Prepare);
  cluster.submit(3, "blocked");
  cluster.run(SECOND / 20);
  const clients = Array.from({ length: 30 }, () => cluster.simulation.addClient(1));
  for (const client of clients) {
    client.submit([commandOf("waits")]);
    cluster.run(SECOND / 10);
  }
  cluster.run(10 * SECOND);
  expect(instanceAt(cluster, 1, cluster.oInstance)).toMatchObject({ decided: proposalWindowOf(8), view: 0 });
  expect(instanceAt(cluster, 1, 1).decided).toBeGreaterThan(8);
  expect(complainedOf(cluster)).not.toContain(cluster.oInstance);
  cluster.release();
  cluster.run(30 * SECOND);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toHaveLength(31);
});

test("H27: a home that knows of no obligation is not unseated by a block in another D-instance", () => {
  const cluster = openImpatient();
  cluster.hold(({ instance, message }) => instance === 3 && message.kind !== MessageKind.Prepare);
  cluster.submit(3, "blocked");
  cluster.run(SECOND / 20);
  for (const coordinator of [1, 2, 4]) cluster.submit(coordinator, `of ${coordinator}`);
  cluster.run(5 * SECOND);
  expect(complainedOf(cluster)).toEqual([3]);
  cluster.release();
  cluster.run(20 * SECOND);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toHaveLength(4);
  expect(viewsOf(cluster, 1, cluster.replicas)).toEqual([0]);
});

test("H28: what the O-primary alone knows to be disseminated is over no quota elsewhere", () => {
  const cluster = openImpatient(5, { optimisticMax: 1, batchBytes: 1 });
  cluster.hold(({ to, ...letter }) => to !== 0 && isOf(2, MessageKind.Commit)({ to, ...letter }));
  const clients = Array.from({ length: 6 }, () => cluster.simulation.addClient(2));
  for (const client of clients) client.submit([commandOf("quick")]);
  cluster.run(SECOND / 5);
  expect(instanceAt(cluster, 1, 2).decided).toBe(0);
  expect(instanceAt(cluster, 1, cluster.oInstance).decided).toBeGreaterThan(1);
  cluster.release();
  cluster.run(5 * SECOND);
  expect(viewsOf(cluster, cluster.oInstance, cluster.replicas)).toEqual([0]);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toHaveLength(6);
  expect(cluster.reports).toEqual([]);
});

test("H28: six slots beyond the quota, all disseminated, are ordered by their proofs: nobody waits in vain", () => {
  const cluster = openImpatient(5, { optimisticMax: 1 });
  for (let i = 0; i < 6; i += 1) {
    cluster.submit(2, `command ${i}`);
    cluster.run(SECOND / 5);
  }
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toHaveLength(6);
  expect(cluster.count(MessageKind.Complaint)).toBe(0);
});

test("H30 (n7): a decision that one backup alone can see gets to the O-primary, as proof, in half of its time", () => {
  const cluster = openImpatient(5, { ordering: "pessimistic" });
  // Only R1 gets R2's commit certificate, and only R1 may pass it on.
  cluster.drop(({ from, to, ...letter }) => {
    if (!isOf(2)({ from, to, ...letter }) || letter.message.kind === MessageKind.Prepare) return false;
    if (letter.message.kind === MessageKind.CommitSig) return false;
    return !(from === 2 && to === 1) && from !== 1;
  });
  cluster.drop(({ from, to, message }) => from === 1 && to !== 0 && message.kind === MessageKind.Commit);
  cluster.submit(2, "alpha");
  cluster.run(0.75 * SECOND);
  expect(cluster.replica(0).status().instances[cluster.oInstance]?.known).toBe(1);
  expect(viewsOf(cluster, cluster.oInstance, cluster.replicas)).toEqual([0]);
  cluster.release();
  cluster.run(10 * SECOND);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["alpha"]);
});

test("H35: a coordinator that decides far later than all others holds nobody up: the O-primary waits for its proofs", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1, parameters: { suspicionDelay: 60 * SECOND } });
  cluster.hold(({ instance, message }) => instance === 3 && message.kind === MessageKind.Commit);
  cluster.submit(3, "late");
  cluster.run(SECOND / 20);
  for (let i = 0; i < 30; i += 1) {
    for (const coordinator of [0, 1, 2, 4]) cluster.submit(coordinator, `command ${i} of ${coordinator}`);
    cluster.run(SECOND / 20);
  }
  cluster.release();
  cluster.settle();
  cluster.sent.length = 0;
  cluster.hold(({ instance, message }) => instance === 3 && message.kind === MessageKind.Commit);
  const late = cluster.client(3);
  late.submit([commandOf("late again")]);
  cluster.run(SECOND / 20);
  for (const coordinator of [0, 1, 2, 4]) cluster.submit(coordinator, "in time");
  cluster.run(SECOND);
  // Its slot is not ordered, so nobody waits for it.
  for (const replica of [0, 1, 2, 4]) {
    expect(cluster.executed(replica).filter((command) => command === "in time")).toHaveLength(4);
  }
  cluster.release();
  cluster.run(10 * SECOND);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toContain("late again");
});

test("a request in time: T_O of a client's wish. An O-primary that orders batches and no assignment is replaced", () => {
  const cluster = openImpatient();
  cluster.drop(({ from, message }) => from === 0 && message.kind === MessageKind.ExecProof);
  const isWish = (to: number, message: { kind: number }): boolean =>
    to === 0 && message.kind === MessageKind.AssignRequest;
  cluster.drop(({ to, message }) => isWish(to, message));
  const { network } = cluster.simulation.world;
  const fromClients = network.drop(({ from, to }) => from >= 5 && to === 0);
  const mover = cluster.client(3);
  mover.reassign(1);
  for (let i = 0; i < 10; i += 1) {
    cluster.submit(2, `command ${i}`);
    cluster.run(SECOND);
  }
  fromClients.lift();
  for (const replica of [1, 2, 3, 4]) {
    expect(cluster.replica(replica).coordinatorOf(mover.key)).toBe(1);
    expect(instanceAt(cluster, replica, cluster.oInstance).view).toBeGreaterThan(0);
  }
});

test("an own batch that the O-primary does not know is ordered all the same once somebody shows it", () => {
  const cluster = openImpatient();
  cluster.drop(({ to, ...letter }) => to === 0 && isOf(2, MessageKind.Prepare)({ to, ...letter }));
  cluster.submit(2, "alpha");
  cluster.run(3 * SECOND);
  cluster.release();
  cluster.run(5 * SECOND);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["alpha"]);
});
