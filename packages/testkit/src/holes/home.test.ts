import { encodeBatch } from "@destiny/core/wire/batch";
import { MessageKind } from "@destiny/core/wire/messages";
import { Complaint } from "@destiny/core/wire/suspicion";
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
  requestOf,
  SECOND,
  viewsOf,
} from "./stage.ts";

// Views of a home and of others, suspicion that fades, and who comes back: dqbft.md 9, H13, H16, H24, H25, H31, H37.

/** R3 dies, and a client that does not move has its instance taken over. */
function bereave(cluster: Cluster): void {
  cluster.crash(3);
  const orphan = cluster.client(3);
  orphan.submit([commandOf("orphan")]);
  for (const replica of cluster.replicas) orphan.ask(replica);
  cluster.run(3 * SECOND);
}

test("H25: a dead home whose clients do not move: its substitutes are left in peace, and no timer runs", () => {
  const cluster = openImpatient();
  bereave(cluster);
  cluster.run(30 * SECOND);
  expect(viewsOf(cluster, 3, [0, 1, 2, 4])).toEqual([1]);
  cluster.settle();
  expect(cluster.simulation.world.hosts.map((host) => host.timersRunning)).toEqual([0, 0, 0, 0, 0]);
});

test("H25: a substitute that proposes a command finds nobody to vote for it, and is replaced", () => {
  const cluster = openImpatient();
  bereave(cluster);
  const { probation } = instanceAt(cluster, 0, 3);
  const substitute = new Forger(cluster, 4);
  const value = encodeBatch([requestOf(cluster, 3, "orphan")], digestOf);
  substitute.send(3, substitute.certify(3, value, [], { seq: 1, view: 1, extension: probation }));
  cluster.run(5 * SECOND);
  for (const replica of [0, 1, 2]) {
    expect(cluster.executed(replica)).toEqual([]);
    expect(instanceAt(cluster, replica, 3).view).toBeGreaterThan(1);
  }
  expect(new Set(cluster.reports.map(({ peer }) => peer))).toEqual(new Set([4]));
});

test("H25 (n5): all instances in foreign views, and silence: all homes come back, and one client is served", () => {
  const cluster = openImpatient();
  // Nobody hears of any decision for a while; complaints pass.
  const votes: MessageKind[] = [MessageKind.Commit, MessageKind.CommitSig];
  cluster.drop(({ instance, message }) => instance < 5 && votes.includes(message.kind));
  cluster.drop(({ message }) =>
    [MessageKind.Rejoin, MessageKind.Challenge, MessageKind.Reinstate].some((kind) => message.kind === kind),
  );
  for (const replica of cluster.replicas) cluster.submit(replica, `of ${replica}`);
  cluster.run(3 * SECOND);
  for (const instance of cluster.replicas) {
    for (const view of viewsOf(cluster, instance, cluster.replicas)) expect(view % 5).not.toBe(0);
  }
  cluster.release();
  cluster.run(30 * SECOND);
  for (const instance of cluster.replicas) {
    const views = viewsOf(cluster, instance, cluster.replicas);
    expect(views).toHaveLength(1);
    expect((views[0] ?? 1) % 5).toBe(0);
  }
  cluster.submit(2, "one client");
  cluster.run(5 * SECOND);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toContain("one client");
});

test("H25: what a view change dropped is proposed again by its home, once it is back", () => {
  const cluster = openImpatient();
  cluster.drop(({ from, ...letter }) => from === 3 && isOf(3, MessageKind.Prepare)({ from, ...letter }));
  const submission = cluster.submit(3, "dropped");
  for (const replica of cluster.replicas) cluster.client(3).ask(replica);
  cluster.run(3 * SECOND);
  expect(instanceAt(cluster, 0, 3).view).toBeGreaterThan(0);
  cluster.release();
  cluster.run(20 * SECOND);
  expect(submission.answeredAt).not.toBeNull();
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["dropped"]);
});

test("H25: a client of a coordinator that is away moves, and its command executes once", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1, parameters: IMPATIENT, retryMicros: SECOND });
  cluster.crash(3);
  const submission = cluster.submit(3, "alpha");
  cluster.run(20 * SECOND);
  expect(submission.answeredAt).not.toBeNull();
  for (const replica of [0, 1, 2, 4]) {
    expect(cluster.executed(replica)).toEqual(["alpha"]);
    expect(cluster.replica(replica).coordinatorOf(cluster.client(3).key)).not.toBe(3);
  }
});

test("H24: one replica's false alarm fades: it leaves nothing behind, and nobody leaves alone", () => {
  const cluster = openImpatient();
  cluster.hold(
    ({ to, ...letter }) =>
      to === 1 && isOf(3)({ to, ...letter }) && letter.message.kind !== MessageKind.Prepare,
  );
  cluster.submit(3, "alpha");
  cluster.run(5 * SECOND);
  expect(complainedOf(cluster)).toEqual([3]);
  expect(viewsOf(cluster, 3, cluster.replicas)).toEqual([0]);
  cluster.release();
  expect(cluster.settle()).toBe(true);
  cluster.sent.length = 0;
  cluster.submit(3, "beta");
  expect(cluster.settle()).toBe(true);
  expect(cluster.count(MessageKind.Complaint)).toBe(0);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["alpha", "beta"]);
});

test("H24 (n4): complaints about a view that has ended are void, however often they are replayed", () => {
  const cluster = openImpatient();
  bereave(cluster);
  const old = cluster.sent
    .filter(({ message }) => message instanceof Complaint)
    .map(({ message }) => message);
  cluster.restart(3);
  cluster.client(3).ask(3);
  cluster.run(10 * SECOND);
  const [view] = viewsOf(cluster, 3, cluster.replicas);
  expect(view).toBe(5);
  const { network } = cluster.simulation.world;
  for (const message of old) {
    for (const to of [0, 1, 2, 3]) network.send({ from: 4, to, instance: 0xfffe, content: message });
  }
  cluster.run(10 * SECOND);
  expect(viewsOf(cluster, 3, cluster.replicas)).toEqual([5]);
});

test("H24 (n4): an old view's lying header, shown again, accuses nobody of the present view", () => {
  const cluster = openImpatient();
  const liar = new Forger(cluster, 3);
  const lie = liar.certify(3, encodeBatch([], digestOf), [], { seq: 1, extension: 7 });
  const orphan = cluster.client(3);
  orphan.submit([commandOf("orphan")]);
  for (const replica of [0, 1, 2, 4]) orphan.ask(replica);
  cluster.run(5 * SECOND);
  expect(viewsOf(cluster, 3, [0, 1, 2, 4])).toEqual([1]);
  const primary = new Forger(cluster, 0);
  cluster.sent.length = 0;
  primary.send(cluster.oInstance, primary.order([ref(3, 1)], [headerOf(3, lie)]));
  cluster.run(SECOND / 4);
  expect(complainedOf(cluster)).toEqual([]);
  expect(viewsOf(cluster, 3, [1, 2, 4])).toEqual([1]);
});

test("H31: probation doubles with every view change of the instance", () => {
  const cluster = openImpatient();
  bereave(cluster);
  const lengths = [instanceAt(cluster, 0, 3).probation];
  cluster.restart(3);
  cluster.run(5 * SECOND);
  lengths.push(instanceAt(cluster, 0, 3).probation);
  expect(lengths).toEqual([16, 32]);
});

test("probation ends: after as many slots as it has, headers are ordered again (3.2.4)", () => {
  const cluster = openImpatient(5, { probationSlots: 2 });
  bereave(cluster);
  cluster.restart(3);
  cluster.client(3).ask(3);
  cluster.run(5 * SECOND);
  const { probation } = instanceAt(cluster, 0, 3);
  const early: boolean[] = [];
  for (let i = 0; i < probation + 3; i += 1) {
    const client = cluster.simulation.addClient(3);
    const before = instanceAt(cluster, 0, cluster.oInstance).known;
    const rule = cluster.hold(isOf(3, MessageKind.Commit));
    client.submit([commandOf(`command ${i}`)]);
    cluster.run(SECOND / 10);
    early.push(instanceAt(cluster, 0, cluster.oInstance).known > before);
    rule.lift();
    cluster.run(SECOND / 2);
  }
  expect(early.indexOf(true)).toBeGreaterThan(0);
  expect(early.slice(early.indexOf(true))).not.toContain(false);
  expect(cluster.executed(0)).toHaveLength(probation + 4);
});

test("H13, H37: whoever restarts with its full log goes on as primary of its view: nothing has to be given up", () => {
  const cluster = openImpatient();
  cluster.submit(1, "before");
  cluster.settle();
  for (const replica of cluster.replicas) cluster.crash(replica);
  for (const replica of cluster.replicas) cluster.restart(replica);
  cluster.run(60 * SECOND); // Idle for long.
  for (const replica of cluster.replicas) cluster.submit(replica, `after ${replica}`);
  cluster.run(SECOND);
  for (const replica of cluster.replicas) {
    expect(cluster.executed(replica)).toHaveLength(6);
    const { instances } = cluster.replica(replica).status();
    expect(instances.map(({ view }) => view)).toEqual([0, 0, 0, 0, 0, 0]);
  }
  expect(cluster.count(MessageKind.Complaint)).toBe(0);
});

test("H13, adversary (l): a replica that has lost its log is mute, and its instance goes to others", () => {
  const cluster = Cluster.of("destiny", {
    n: 5,
    seed: 1,
    parameters: { ...IMPATIENT, statusPeriod: SECOND },
    retryMicros: SECOND,
  });
  cluster.submit(3, "before");
  cluster.run(SECOND);
  cluster.crash(3);
  cluster.simulation.world.host(3).disk.wipe();
  cluster.restart(3);
  const submission = cluster.client(3).submit([commandOf("after")]);
  cluster.run(60 * SECOND);
  expect(submission.answeredAt).not.toBeNull();
  for (const replica of [0, 1, 2, 4]) expect(cluster.executed(replica)).toEqual(["before", "after"]);
});
