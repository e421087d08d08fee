import { HeaderRelay } from "@destiny/core/wire/composition";
import { MessageKind } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { type Cluster, commandOf } from "../cluster.ts";
import { Forger } from "../forger.ts";
import {
  headerOf,
  instanceAt,
  isOf,
  openImpatient,
  ref,
  requestOf,
  SECOND,
  viewsOf,
} from "../holes/stage.ts";

// DQBFT section 3.2.4, sentence by sentence: controlling Byzantine behaviour.

/** R3 dies and comes back, and is on probation. */
function onProbation(parameters = {}): Cluster {
  const cluster = openImpatient(5, parameters);
  cluster.crash(3);
  cluster.client(3).submit([commandOf("first")]);
  for (const replica of cluster.replicas) cluster.client(3).ask(replica);
  cluster.run(3 * SECOND);
  cluster.restart(3);
  cluster.client(3).ask(3);
  cluster.run(5 * SECOND);
  expect(viewsOf(cluster, 3, cluster.replicas)).toEqual([5]);
  return cluster;
}

test("3.2.4: 'Byzantine replicas can still prolong the latency by refusing to send messages (see Example 3.1)'", () => {
  const cluster = openImpatient();
  cluster.drop(({ from, to, ...letter }) => from === 3 && to > 1 && isOf(3)({ from, to, ...letter }));
  const submission = cluster.submit(3, "prolonged");
  cluster.run(SECOND / 10);
  // A quorum has answered the client; those left out have nothing to execute yet.
  expect(submission.answeredAt).not.toBeNull();
  for (const replica of [2, 4]) expect(cluster.executed(replica)).toEqual([]);
  cluster.run(10 * SECOND);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["prolonged"]);
});

test("3.2.4: 'When a correct replica receives a D-PrePrepare message, it will multicast the message to all other replicas.'", () => {
  const cluster = openImpatient();
  const forger = new Forger(cluster, 3);
  // n = 5: a random subset of few is everybody here (r = 4). What is decided in time is passed on to nobody.
  cluster.drop(isOf(3, MessageKind.Pull));
  forger.send(3, forger.batch([requestOf(cluster, 3, "alpha")]), 1);
  cluster.run(SECOND / 2.5);
  const relays = cluster.sent.filter(({ message }) => message.kind === MessageKind.HeaderRelay);
  expect(new Set(relays.filter(({ from }) => from === 1).map(({ to }) => to))).toEqual(new Set([0, 2, 3, 4]));
  cluster.submit(2, "in time");
  cluster.sent.length = 0;
  cluster.run(SECOND / 10);
  const passedOn = cluster.sent.filter(
    ({ message }) => message instanceof HeaderRelay && message.instance === 2,
  );
  expect(passedOn).toEqual([]);
});

test("3.2.4: 'This will ensure that the D-PrePrepare message will be received by other replicas in one communication step after it is initially received by a correct replica.'", () => {
  const cluster = openImpatient();
  const forger = new Forger(cluster, 3);
  forger.send(3, forger.batch([requestOf(cluster, 3, "shown to R1 alone")]), 1);
  cluster.run(SECOND / 2);
  for (const replica of [0, 1, 2, 4]) expect(instanceAt(cluster, replica, 3).known).toBe(1);
  cluster.run(5 * SECOND);
  for (const replica of [0, 1, 2, 4]) expect(cluster.executed(replica)).toEqual(["shown to R1 alone"]);
});

test("3.2.4: 'In larger systems, we observed that using a random subset of few replicas was equally effective'", () => {
  const cluster = openImpatient(13);
  const forger = new Forger(cluster, 3);
  forger.send(3, forger.batch([requestOf(cluster, 3, "shown to R1 alone")]), 1);
  cluster.run(10 * SECOND);
  for (const replica of [0, 1, 2, 4, 12]) expect(cluster.executed(replica)).toEqual(["shown to R1 alone"]);
  const ofR1 = cluster.sent.filter(
    ({ from, message }) => from === 1 && message.kind === MessageKind.HeaderRelay,
  );
  expect(new Set(ofR1.map(({ to }) => to)).size).toBeLessThan(10);
});

test("3.2.4: 'a coordinator can still collide with the primary and cause a global ordering slot to be committed without disseminating the command. This will eventually cause a view change'", () => {
  const cluster = openImpatient(5, { pullDelay: SECOND / 50 });
  const [coordinator, primary] = [new Forger(cluster, 3), new Forger(cluster, 0)];
  const batch = coordinator.batch([requestOf(cluster, 3, "never shown")]);
  primary.send(cluster.oInstance, primary.order([ref(3, 1)], [headerOf(3, batch)]));
  cluster.run(SECOND / 4);
  expect(instanceAt(cluster, 1, cluster.oInstance).decided).toBe(1);
  cluster.run(10 * SECOND);
  for (const replica of [1, 2, 4]) {
    expect(instanceAt(cluster, replica, 3).view).toBeGreaterThan(0);
    expect(cluster.replica(replica).status().executed).toBeGreaterThanOrEqual(1);
  }
});

test("3.2.4: 'we fall back to a more pessimistic approach on a per D-instance basis. After a view change, the D-instance will be placed under probation, during which the O-instance primary will assign sequence numbers pessimistically after its commands are disseminated.'", () => {
  const cluster = onProbation();
  const ordered = instanceAt(cluster, 0, cluster.oInstance).known;
  cluster.hold(isOf(3, MessageKind.Commit, MessageKind.CommitSig));
  cluster.submit(3, "on probation");
  cluster.run(SECOND / 5);
  expect(instanceAt(cluster, 0, cluster.oInstance).known).toBe(ordered);
  // Of another D-instance the header is enough.
  cluster.hold(isOf(2, MessageKind.Commit, MessageKind.CommitSig));
  cluster.submit(2, "trusted");
  cluster.run(SECOND / 5);
  expect(instanceAt(cluster, 0, cluster.oInstance).known).toBe(ordered + 1);
  cluster.release();
  cluster.run(5 * SECOND);
  for (const replica of cluster.replicas) {
    expect(cluster.executed(replica)).toEqual(expect.arrayContaining(["on probation", "trusted"]));
  }
});

test("3.2.4: 'If the D-instance appears to behave for a certain period (denoted using sequence numbers that exponentially increases with each view change), the optimistic mode is restored.'", () => {
  const cluster = onProbation({ probationSlots: 1 });
  const { probation } = instanceAt(cluster, 0, 3);
  expect(probation).toBeGreaterThanOrEqual(2); // Twice as long after the second view change.
  for (let i = 0; instanceAt(cluster, 0, 3).decided < probation; i += 1) {
    cluster.simulation.addClient(3).submit([commandOf(`command ${i}`)]);
    cluster.run(SECOND / 5);
  }
  const ordered = instanceAt(cluster, 0, cluster.oInstance).known;
  cluster.hold(isOf(3, MessageKind.Commit, MessageKind.CommitSig));
  cluster.simulation.addClient(3).submit([commandOf("trusted again")]);
  cluster.run(SECOND / 5);
  expect(instanceAt(cluster, 0, cluster.oInstance).known).toBe(ordered + 1);
});

test("3.2.4: 'If correct replicas identify that the O-instance primary assigns sequence numbers optimistically for a D-instance on probation period even after some grace period, the O-instance primary will be replaced via a view change.'", () => {
  const cluster = openImpatient(5, { pullDelay: SECOND / 50 });
  const [coordinator, primary] = [new Forger(cluster, 3), new Forger(cluster, 0)];
  const orphan = cluster.client(3);
  orphan.submit([commandOf("orphan")]);
  for (const replica of [1, 2, 4]) orphan.ask(replica);
  cluster.run(2 * SECOND);
  expect(viewsOf(cluster, 3, [1, 2, 4])).toEqual([1]);
  // Headers of the view that has ended: voted for at once, and more of them after the period of grace.
  const header = (seq: number): ReturnType<typeof headerOf> => headerOf(3, coordinator.batch([], { seq }));
  for (let seq = 1; seq <= 8; seq += 1) {
    primary.send(cluster.oInstance, primary.order([ref(3, seq)], [header(seq)]));
    cluster.run(SECOND / 10);
    if (seq === 1) expect(instanceAt(cluster, 1, cluster.oInstance)).toMatchObject({ view: 0, decided: 1 });
  }
  cluster.run(SECOND / 2);
  for (const replica of [1, 2, 4]) expect(instanceAt(cluster, replica, cluster.oInstance).view).toBe(1);
});

test("3.2.4: an O-primary that orders a probation slot by its header is refused by all, and replaced", () => {
  const cluster = openImpatient();
  const primary = new Forger(cluster, 0);
  const orphan = cluster.client(3);
  cluster.crash(3);
  orphan.submit([commandOf("orphan")]);
  for (const replica of [1, 2, 4]) orphan.ask(replica);
  cluster.run(2 * SECOND);
  const { probation } = instanceAt(cluster, 1, 3);
  const substitute = new Forger(cluster, 4);
  const value = substitute.batch([]).value;
  if (value === null) throw new Error("a batch has its value");
  const proposal = substitute.certify(3, value, [], { seq: 1, view: 1, extension: probation });
  primary.send(cluster.oInstance, primary.order([ref(3, 1)], [headerOf(3, proposal)]));
  cluster.run(SECOND / 4);
  for (const replica of [1, 2]) expect(instanceAt(cluster, replica, cluster.oInstance).decided).toBe(0);
});

test("3.2.4: 'During this time, correct replicas will only respond after the respective command is disseminated.'", () => {
  const cluster = onProbation();
  cluster.hold(isOf(3, MessageKind.Commit, MessageKind.CommitSig));
  const late = cluster.simulation.addClient(3).submit([commandOf("answered when disseminated")]);
  cluster.run(SECOND / 5);
  expect(late.answeredAt).toBeNull();
  cluster.release();
  cluster.run(5 * SECOND);
  expect(late.answeredAt).not.toBeNull();
});
