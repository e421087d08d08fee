import { present } from "@destiny/core/kernel/invariant";
import { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import type { Entry } from "@destiny/core/ordering/dqbft/order-value";
import { type Evidence, MessageKind, Proposal } from "@destiny/core/wire/messages";
import { RefusalCode } from "@destiny/core/wire/reply";
import { Request } from "@destiny/core/wire/request";
import { Value } from "@destiny/core/wire/value";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { expect, test } from "vitest";
import { Cluster, commandOf } from "../cluster.ts";
import { Forger } from "../forger.ts";
import { headerOf, ref, requestOf, SECOND } from "./stage.ts";

// The holes that dqbft.md 9 finds in the paper, as far as the first view shows them.

test("H1: a coordinator that shows its batch to the O-primary only stops nobody", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
  const forger = new Forger(cluster, 3);
  const batch = forger.batch([requestOf(cluster, 3, "alpha")]);
  forger.send(3, batch, 0);
  cluster.run(60_000);
  // Everybody has voted for the O-proposal although nobody but the O-primary has the batch.
  for (const replica of [0, 1, 2, 4]) {
    expect(cluster.replica(replica).status().instances[cluster.oInstance]).toMatchObject({ decided: 1 });
  }
  cluster.submit(1, "beta");
  cluster.run(20 * SECOND);
  for (const replica of [0, 1, 2, 4]) expect(cluster.executed(replica)).toEqual(["alpha", "beta"]);
  expect(cluster.reports).toEqual([]);
});

test("H4, adversary (d): in pessimistic mode the decision may be visible to the O-primary alone", () => {
  const cluster = Cluster.of("destiny", { n: 3, seed: 1, parameters: { ordering: "pessimistic" } });
  cluster.hold(
    ({ instance, to, message }) => instance === 2 && to === 1 && message.kind === MessageKind.Commit,
  );
  cluster.submit(2, "alpha");
  cluster.run(SECOND / 10);
  const { instances } = cluster.replica(1).status();
  expect(instances[2]).toMatchObject({ decided: 0 });
  expect(instances[cluster.oInstance]).toMatchObject({ decided: 1 });
  cluster.release();
  expect(cluster.settle()).toBe(true);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["alpha"]);
});

test("H5, adversary (e): one loaded D-instance does not run out of its window while few O-slots pass", () => {
  const parameters = {
    disseminationWindow: 8,
    orderWindow: 256,
    checkpointPeriod: 64,
    referencesPerInstanceMax: 4,
  };
  const cluster = Cluster.of("destiny", { n: 3, seed: 1, parameters: { ...parameters, batchBytes: 1 } });
  const clients = Array.from({ length: 40 }, () => cluster.simulation.addClient(2));
  for (const [i, client] of clients.entries()) client.submit([commandOf(`command ${i}`)]);
  expect(cluster.settle()).toBe(true);
  for (const replica of cluster.replicas) {
    expect(cluster.executed(replica)).toHaveLength(40);
    const { executed, instances } = cluster.replica(replica).status();
    expect(executed).toBeLessThan(64);
    expect(instances[2]?.low).toBeGreaterThan(8);
  }
});

test("H6: a replica that misses checkpoints gets the batches that it has not executed, however old", () => {
  const parameters = {
    checkpointPeriod: 2,
    orderWindow: 16,
    disseminationWindow: 8,
    referencesPerInstanceMax: 4,
  };
  const cluster = Cluster.of("destiny", {
    n: 3,
    seed: 1,
    parameters: { ...parameters, statusPeriod: SECOND },
  });
  cluster.drop(({ to, from }) => to === 2 || from === 2);
  for (let i = 0; i < 40; i += 1) {
    cluster.submit(i % 2, `command ${i}`);
    cluster.run(SECOND / 4);
  }
  expect(cluster.executed(0)).toHaveLength(40);
  expect(cluster.replica(0).status().instances[0]?.low).toBeGreaterThan(8);
  expect(cluster.executed(2)).toEqual([]);

  cluster.release();
  cluster.run(30 * SECOND);
  expect(cluster.executed(2)).toEqual(cluster.executed(0));
  expect(cluster.replica(2).status().checkpoint).toEqual(cluster.replica(0).status().checkpoint);
  cluster.submit(2, "last");
  cluster.run(SECOND);
  for (const replica of cluster.replicas) expect(cluster.executed(replica).at(-1)).toBe("last");
});

test("H7, H12: what a Byzantine O-primary orders out of turn or twice is skipped, the same everywhere", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
  const forger = new Forger(cluster, 0);
  for (const command of ["alpha", "beta"]) {
    cluster.submit(1, command);
    cluster.run(SECOND / 10);
  }
  // Not executed, so not answered: the second waits at the client. Batches of another client follow.
  cluster.client(2).submit([commandOf("gamma")]);
  cluster.run(SECOND / 10);
  const proposalOf = (instance: number): Proposal => {
    const sent = cluster.sent.find(
      (letter) => letter.instance === instance && letter.message instanceof Proposal,
    );
    return present(sent, "a proposal").message as Proposal;
  };
  const [one, two] = [headerOf(1, proposalOf(1)), headerOf(2, proposalOf(2))];
  for (const [reference, evidence] of [
    [ref(1, 1), one],
    [ref(1, 1), one],
    [ref(2, 1), two],
  ] as const) {
    forger.send(cluster.oInstance, forger.order([reference], [evidence]));
  }
  cluster.run(SECOND);
  for (const replica of [1, 2, 3, 4]) expect(cluster.executed(replica)).toEqual(["alpha", "gamma"]);
  // It orders no more, and is replaced: what it skipped is ordered then.
  cluster.run(10 * SECOND);
  for (const replica of [1, 2, 3, 4]) expect(cluster.executed(replica)).toEqual(["alpha", "gamma", "beta"]);
  expect(cluster.reports.filter(({ peer }) => peer !== 0)).toEqual([]);
});

test.each<[string, (header: Evidence) => [Entry[], Evidence[]]]>([
  ["H1: without evidence, of a slot that nobody knows", () => [[ref(3, 2)], []]],
  [
    "H12: the same twice",
    (header) => [
      [ref(3, 1), ref(3, 1)],
      [header, header],
    ],
  ],
  [
    "H21: more of one D-instance than b",
    (header) => [Array.from({ length: 9 }, (_, i) => ref(3, i + 1)), Array.from({ length: 9 }, () => header)],
  ],
])("an O-value is refused by every backup, and its primary replaced: %s", (_says, make) => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
  const forger = new Forger(cluster, 0);
  cluster.submit(3, "alpha");
  cluster.run(SECOND / 10);
  const sent = cluster.sent.find(({ instance, message }) => instance === 3 && message instanceof Proposal);
  const header = headerOf(3, present(sent, "a proposal").message as Proposal);
  forger.send(cluster.oInstance, forger.order(...make(header)));
  cluster.run(SECOND);
  const accused = cluster.reports.filter(({ reason }) => reason === Misbehaviour.BadValue);
  expect(accused.map(({ by, peer }) => [by, peer])).toEqual([1, 2, 3, 4].map((by) => [by, 0]));
  for (const replica of [1, 2, 3, 4]) {
    expect(cluster.replica(replica).status().instances[cluster.oInstance]).toMatchObject({ decided: 0 });
  }
  cluster.run(10 * SECOND);
  for (const replica of [1, 2, 3, 4]) {
    expect(cluster.replica(replica).status().instances[cluster.oInstance]?.view).toBeGreaterThan(0);
    expect(cluster.executed(replica)).toEqual(["alpha"]);
  }
});

test("evidence with a damaged signature never reaches the gate", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
  const forger = new Forger(cluster, 0);
  cluster.submit(3, "alpha");
  cluster.run(SECOND / 10);
  const sent = cluster.sent.find(({ instance, message }) => instance === 3 && message instanceof Proposal);
  const header = (present(sent, "a proposal").message as Proposal).header();
  const damaged = new Proposal({ ...header, certificate: new Uint8Array(64) });
  forger.send(cluster.oInstance, forger.order([ref(3, 1)], [{ instance: 3, message: damaged }]));
  cluster.run(SECOND);
  expect(new Set(cluster.reports.map(({ peer, reason }) => `${peer} ${reason}`))).toEqual(
    new Set([`0 ${Misbehaviour.BadCertificate}`]),
  );
});

test("H8: a fresh batch with a forged client signature is refused by every backup", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
  const forger = new Forger(cluster, 3);
  const { key } = cluster.client(3);
  const fields = { client: key, timestamp: 1, operations: [commandOf("alpha")] };
  forger.send(3, forger.batch([Request.create(fields, digestOf, () => new Uint8Array(64))]));
  cluster.run(SECOND);
  const accused = cluster.reports.filter(({ reason }) => reason === Misbehaviour.BadValue);
  expect(accused.map(({ by, peer }) => [by, peer])).toEqual([0, 1, 2, 4].map((by) => [by, 3]));
  for (const replica of [0, 1, 2, 4]) expect(cluster.executed(replica)).toEqual([]);
});

test("H8: a batch that every backup refuses is not ordered by its header either: all others go on", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
  const forger = new Forger(cluster, 3);
  forger.send(3, forger.certify(3, Value.of(Uint8Array.of(1, 2, 3), digestOf), []));
  cluster.run(SECOND);
  cluster.submit(1, "alpha");
  cluster.run(5 * SECOND);
  for (const replica of [0, 1, 2, 4]) expect(cluster.executed(replica)).toEqual(["alpha"]);
});

test("H10, adversary (j): a command that several coordinators disseminate executes once, where its client is assigned", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
  const forger = new Forger(cluster, 3);
  const request = requestOf(cluster, 1, "alpha");
  forger.send(3, forger.batch([request]));
  cluster.run(SECOND);
  for (const replica of [0, 1, 2, 4]) expect(cluster.executed(replica)).toEqual([]);
  cluster.client(1).submit([commandOf("alpha")]);
  cluster.run(5 * SECOND);
  for (const replica of [0, 1, 2, 4]) expect(cluster.executed(replica)).toEqual(["alpha"]);
});

test("H10: a client moves to another coordinator, which adopts what it asked for before", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
  cluster.crash(3);
  cluster.hold(({ from, message }) => from === 4 && message.kind === MessageKind.AssignRequest);
  const client = cluster.client(3);
  client.submit([commandOf("alpha")]);
  client.ask(2);
  cluster.run(SECOND);
  expect(client.refusals.map(({ code, coordinator }) => [code, coordinator])).toEqual([
    [RefusalCode.NotCoordinator, 3],
  ]);
  expect(cluster.executed(2)).toEqual([]);

  client.reassign(2);
  cluster.run(2 * SECOND);
  for (const replica of [0, 1, 2, 4]) {
    expect(cluster.executed(replica)).toEqual(["alpha"]);
    expect(cluster.replica(replica).coordinatorOf(client.key)).toBe(2);
  }
  expect(client.outstanding).toBe(0);
  cluster.release(); // A relay that comes when all is done.
  cluster.run(SECOND);
  const ordered = cluster.sent.filter(
    ({ instance, to, message }) =>
      instance === cluster.oInstance && to === 1 && message.kind === MessageKind.Prepare,
  );
  expect(ordered).toHaveLength(2); // One for the assignment, however many relayed it, and one for the batch.
});

test("H10, adversary (j): a batch of the old coordinator that is ordered after the client moved has no effect, and the new one's has", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
  // The O-primary sees R3's batch late, and the assignment first.
  cluster.hold(
    ({ instance, to, message }) => instance === 3 && to === 0 && message.kind === MessageKind.Prepare,
  );
  const client = cluster.client(3);
  const submission = client.submit([commandOf("alpha")]);
  cluster.run(SECOND / 100);
  client.reassign(1);
  client.ask(1);
  cluster.run(SECOND / 10);
  cluster.release();
  expect(cluster.settle()).toBe(true);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["alpha"]);
  expect(submission.proven).toBe(true);
});

test("H10: what clients left behind when they moved away keeps nobody else out", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1, parameters: { intakeBytesMax: 400 } });
  cluster.hold(
    ({ instance, to, message }) => instance === 3 && to === 0 && message.kind === MessageKind.Prepare,
  );
  const movers = [1, 2, 3].map(() => cluster.simulation.addClient(3));
  for (const mover of movers) {
    mover.submit([commandOf("in vain")]);
    cluster.run(SECOND / 100); // Proposed by R3, and not ordered yet.
    mover.reassign(1);
  }
  cluster.run(SECOND);
  cluster.release();
  cluster.run(SECOND);
  cluster.submit(3, "alpha");
  cluster.run(SECOND);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["alpha"]);
});

test("H13: a replica that restarts has its full log: it goes on in its view, with what it had proposed", () => {
  const cluster = Cluster.of("destiny", { n: 3, seed: 1, parameters: { statusPeriod: SECOND } });
  for (let round = 0; round < 3; round += 1) {
    for (const replica of cluster.replicas) {
      cluster.submit(replica, `round ${round} of ${replica}`);
      cluster.run(5_000 * (replica + 1)); // While it is under way.
      cluster.crash(replica);
      cluster.run(SECOND / 2);
      cluster.restart(replica);
      cluster.client(replica).ask(replica);
      cluster.run(3 * SECOND);
      cluster.client(replica).ask(replica);
      cluster.run(SECOND);
    }
  }
  cluster.run(10 * SECOND);
  for (const replica of cluster.replicas) {
    expect(cluster.executed(replica)).toHaveLength(9);
    expect(cluster.executed(replica)).toEqual(cluster.executed(0));
  }
  expect(cluster.reports).toEqual([]);
});

test("H13: all restart at once, from a checkpoint and the log after it", () => {
  const parameters = { checkpointPeriod: 4, statusPeriod: SECOND };
  const cluster = Cluster.of("destiny", { n: 3, seed: 1, parameters });
  for (let i = 0; i < 11; i += 1) {
    cluster.submit(i % 3, `command ${i}`);
    cluster.run(SECOND / 5);
  }
  for (const replica of cluster.replicas) cluster.crash(replica);
  cluster.run(SECOND);
  for (const replica of cluster.replicas) cluster.restart(replica);
  cluster.run(3 * SECOND);
  for (const replica of cluster.replicas) {
    expect(cluster.executed(replica)).toEqual(Array.from({ length: 11 }, (_, i) => `command ${i}`));
    expect(cluster.replica(replica).status().stable).toBe(8);
  }
  cluster.submit(1, "after");
  cluster.run(SECOND);
  for (const replica of cluster.replicas) expect(cluster.executed(replica).at(-1)).toBe("after");
});

test("H21: with b references a slot and the smallest windows, load of one coordinator flows on", () => {
  const parameters = {
    disseminationWindow: 2,
    referencesPerInstanceMax: 2,
    orderWindow: 4,
    checkpointPeriod: 2,
  };
  const cluster = Cluster.of("destiny", { n: 3, seed: 1, parameters: { ...parameters, batchBytes: 1 } });
  const clients = Array.from({ length: 20 }, () => cluster.simulation.addClient(1));
  for (const [i, client] of clients.entries()) client.submit([commandOf(`command ${i}`)]);
  expect(cluster.settle()).toBe(true);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toHaveLength(20);
});

test("H26: a blocked D-instance stops execution, but no other D-instance nor the O-instance", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
  cluster.hold(({ instance, message }) => instance === 3 && message.kind !== MessageKind.Prepare);
  cluster.submit(3, "blocked");
  cluster.run(SECOND / 10);
  const clients = Array.from({ length: 10 }, () => cluster.simulation.addClient(1));
  for (const client of clients) {
    client.submit([commandOf("waits")]);
    cluster.run(SECOND / 10);
  }
  for (const replica of cluster.replicas) {
    expect(cluster.executed(replica)).toEqual([]);
    const { instances } = cluster.replica(replica).status();
    expect(instances[1]?.decided).toBeGreaterThanOrEqual(10);
    expect(instances[cluster.oInstance]?.decided).toBeGreaterThanOrEqual(10);
  }
  cluster.release();
  expect(cluster.settle()).toBe(true);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toHaveLength(11);
});

test("H26: at rest no timer runs but that of the status", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
  for (const replica of cluster.replicas) cluster.submit(replica, "alpha");
  expect(cluster.settle()).toBe(true);
  expect(cluster.simulation.world.hosts.map((host) => host.timersRunning)).toEqual([0, 0, 0, 0, 0]);
});

test("H33: a no-op is ordered like any other batch, and blocks nothing", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
  const forger = new Forger(cluster, 3);
  forger.send(3, forger.batch([]));
  forger.send(3, forger.batch([requestOf(cluster, 3, "alpha")]));
  cluster.run(10 * SECOND);
  for (const replica of [0, 1, 2, 4]) {
    expect(cluster.executed(replica)).toEqual(["alpha"]);
    expect(cluster.replica(replica).status().executed).toBeGreaterThanOrEqual(1);
  }
});
