import { HeaderRelay } from "@destiny/core/wire/composition";
import { MessageKind, Proposal } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { Cluster } from "../cluster.ts";
import { Forger } from "../forger.ts";
import {
  askAll,
  complainedOf,
  IMPATIENT,
  instanceAt,
  isOf,
  openImpatient,
  requestOf,
  SECOND,
  SURVIVORS,
  viewsOf,
} from "../holes/stage.ts";

// DQBFT section 3.2.5, sentence by sentence: the view change protocol.

test("3.2.5: 'The view change protocol is used to restore progress whenever a D-instance coordinator or the O-instance primary fails to do so'", () => {
  for (const victim of [0, 3]) {
    const cluster = Cluster.of("destiny", { n: 5, seed: 1, parameters: IMPATIENT, retryMicros: SECOND });
    cluster.crash(victim);
    for (const coordinator of cluster.replicas) cluster.submit(coordinator, `of ${coordinator}`);
    cluster.run(40 * SECOND);
    for (const replica of cluster.replicas) {
      if (replica !== victim) expect(cluster.executed(replica)).toHaveLength(5);
    }
  }
});

test("3.2.5: 'messages can be lost, be arbitrarily delayed, or arrive in any order [...] such protocols can guarantee progress only during periods of synchrony'", () => {
  const cluster = Cluster.of("destiny", {
    n: 5,
    seed: 1,
    parameters: { ...IMPATIENT, statusPeriod: SECOND },
    retryMicros: SECOND,
  });
  cluster.drop(({ from, to }) => from % 2 !== to % 2);
  for (const coordinator of cluster.replicas) cluster.submit(coordinator, `of ${coordinator}`);
  cluster.run(10 * SECOND);
  cluster.release();
  cluster.run(60 * SECOND);
  for (const replica of cluster.replicas) {
    expect(cluster.executed(replica)).toHaveLength(5);
    expect(cluster.executed(replica)).toEqual(cluster.executed(0));
  }
});

test("3.2.5: 'it is possible that a replica makes progress on a subset of roles while ceasing progress on other roles': 'only those primary and coordinator roles that do not make progress are replaced, without affecting the other roles'", () => {
  const cluster = openImpatient();
  // R0 is O-primary and coordinator; as coordinator it proposes nothing.
  cluster.drop(({ from, ...letter }) => from === 0 && isOf(0, MessageKind.Prepare)({ from, ...letter }));
  askAll(cluster, 0);
  cluster.submit(2, "goes on");
  cluster.run(2 * SECOND);
  expect(complainedOf(cluster)).toEqual([0]);
  for (const replica of [1, 2, 3, 4]) {
    expect(cluster.executed(replica)).toEqual(["goes on"]);
    expect(instanceAt(cluster, replica, 0).view).toBeGreaterThan(0);
    expect(instanceAt(cluster, replica, cluster.oInstance).view).toBe(0);
  }
});

test("3.2.5: 'The view change can cause a replica to coordinate multiple D-instances including its own, however a replica is allowed to propose new commands using only its D-instance.'", () => {
  const cluster = openImpatient();
  cluster.crash(3);
  askAll(cluster, 3);
  cluster.run(3 * SECOND);
  for (const replica of SURVIVORS)
    expect(instanceAt(cluster, replica, 3)).toMatchObject({ view: 1, primary: 4 });
  cluster.submit(4, "in its own");
  cluster.run(SECOND);
  const proposed = cluster.sent.filter(({ from, message }) => from === 4 && message instanceof Proposal);
  expect(new Set(proposed.map(({ instance }) => instance))).toEqual(new Set([4]));
  for (const replica of SURVIVORS) expect(cluster.executed(replica)).toEqual(["in its own"]);
});

test("3.2.5, case 1: 'If it does not receive f + 1 responses for its command in time, it forwards the command to all replicas periodically.' 'Replicas will respond to the client if they have a reply.'", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1, parameters: IMPATIENT, retryMicros: SECOND });
  const { network } = cluster.simulation.world;
  const toClient = network.drop(({ from, to }) => from === 3 && to >= 5);
  const submission = cluster.submit(3, "alpha");
  cluster.run(10 * SECOND);
  expect(submission.answeredAt).not.toBeNull();
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["alpha"]);
  toClient.lift();
});

test("3.2.5, case 1: 'Correct replicas that have not yet seen the D-instance sequence number assigned for the command will forward the command to the target coordinator and wait for the coordinator'", () => {
  const cluster = openImpatient();
  const { network } = cluster.simulation.world;
  network.drop(({ from, to }) => from >= 5 && to === 3);
  askAll(cluster, 3);
  cluster.run(5 * SECOND);
  expect(cluster.count(MessageKind.Forward)).toBeGreaterThan(0);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["asked of 3"]);
  expect(viewsOf(cluster, 3, cluster.replicas)).toEqual([0]);
});

test("3.2.5, case 1: 'If the timers expire before receiving the message, correct replicas will invoke the view-change procedure for that D-instance. The failure of a D-instance does not affect the O-instance progress'", () => {
  const cluster = openImpatient();
  cluster.crash(3);
  askAll(cluster, 3);
  cluster.run(SECOND / 2);
  expect(viewsOf(cluster, 3, SURVIVORS)).toEqual([0]);
  cluster.submit(1, "meanwhile");
  cluster.run(SECOND / 10);
  for (const replica of SURVIVORS) expect(cluster.executed(replica)).toEqual(["meanwhile"]);
  cluster.run(SECOND);
  expect(viewsOf(cluster, 3, SURVIVORS)).toEqual([1]);
});

test("3.2.5, case 1: 'total ordering of command and execution must wait until a new coordinator is chosen for the D-instance, and it disseminates either a command or a special no-op command'", () => {
  const cluster = openImpatient();
  const forger = new Forger(cluster, 3);
  forger.send(3, forger.batch([requestOf(cluster, 3, "lost")]), 0);
  cluster.run(45_000);
  cluster.crash(0);
  cluster.submit(1, "waits for it");
  cluster.run(SECOND / 4);
  for (const replica of [1, 2, 4]) expect(cluster.executed(replica)).toEqual([]);
  cluster.run(10 * SECOND);
  for (const replica of [1, 2, 4]) expect(cluster.executed(replica)).toEqual(["waits for it"]);
});

test("3.2.5, case 1: 'The no-op is proposed for all for sequence numbers that do not have a command associated but were committed in the O-instance'", () => {
  const cluster = openImpatient(5, { batchBytes: 1 });
  const forger = new Forger(cluster, 3);
  for (let i = 1; i <= 3; i += 1) forger.send(3, forger.batch([requestOf(cluster, 3, "lost", i)]), 0);
  cluster.run(45_000);
  cluster.crash(0);
  cluster.run(10 * SECOND);
  const { decided, known } = instanceAt(cluster, 1, 3);
  expect([decided, known]).toEqual([3, 3]);
  const fills = cluster.sent.filter(
    ({ instance, message }) => instance === 3 && message instanceof Proposal && message.view > 0,
  );
  expect(new Set(fills.map(({ message }) => (message as Proposal).seq))).toEqual(new Set([1, 2, 3]));
  for (const { message } of fills) expect((message as Proposal).value?.bytes.length).toBe(0);
});

test("3.2.5, case 2: 'When the O-instance primary fails, D-instances will continue disseminating commands, but they will not be globally ordered.'", () => {
  const cluster = openImpatient();
  cluster.crash(0);
  for (const coordinator of [1, 2, 3, 4]) cluster.submit(coordinator, `of ${coordinator}`);
  cluster.run(SECOND / 4);
  for (const replica of [1, 2, 3, 4]) {
    expect([1, 2, 3, 4].map((instance) => instanceAt(cluster, replica, instance).decided)).toEqual([
      1, 1, 1, 1,
    ]);
    expect(cluster.executed(replica)).toEqual([]);
  }
});

test("3.2.5, case 2: 'The respective D-instance coordinator and a subset of correct replicas (see Section 3.2.4) will periodically send the D-PrePrepare to the new primary until the O-PrePrepare is received.'", () => {
  const cluster = openImpatient();
  cluster.crash(0);
  // The new O-primary, R1, is to get nothing of D2 but what is sent to it again.
  cluster.drop(({ from, to, ...letter }) => to === 1 && isOf(2)({ from, to, ...letter }));
  cluster.submit(2, "sent again");
  cluster.submit(3, "wakes the watch");
  cluster.run(3 * SECOND);
  const again = cluster.sent.filter(
    ({ to, message }) => to === 1 && message instanceof HeaderRelay && message.instance === 2,
  );
  expect(again.filter(({ from }) => from === 2).length).toBeGreaterThan(1);
  expect(new Set(again.map(({ from }) => from)).size).toBeGreaterThan(1);
  cluster.release();
  cluster.run(5 * SECOND);
  for (const replica of [1, 2, 3, 4]) expect(cluster.executed(replica)).toContain("sent again");
  cluster.sent.length = 0;
  cluster.run(5 * SECOND);
  expect(cluster.count(MessageKind.HeaderRelay)).toBe(0);
});

test("3.2.5, case 2: 'correct replicas monitor the O-instance primary to ensure that it assigns corresponding global sequence numbers for those commands that have been disseminated in time. A view-change is triggered if necessary.'", () => {
  const cluster = openImpatient();
  cluster.drop(
    ({ from, ...letter }) => from === 0 && isOf(cluster.oInstance, MessageKind.Prepare)({ from, ...letter }),
  );
  cluster.submit(2, "censored");
  cluster.run(5 * SECOND);
  expect(complainedOf(cluster)).toEqual([cluster.oInstance]);
  for (const replica of cluster.replicas) {
    expect(instanceAt(cluster, replica, cluster.oInstance).view).toBe(1);
    expect(cluster.executed(replica)).toEqual(["censored"]);
  }
});
