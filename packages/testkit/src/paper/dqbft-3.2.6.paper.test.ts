import { orderListOf } from "@destiny/core/ordering/dqbft/order-value";
import { MessageKind, Proposal } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { commandOf, placesIn } from "../cluster.ts";
import { Forger } from "../forger.ts";
import { openImpatient, requestOf, SECOND } from "../holes/stage.ts";

// DQBFT section 3.2.6, sentence by sentence: the client.

test("3.2.6: 'A client command contains an operation and a monotonically increasing timestamp.'", () => {
  const cluster = openImpatient();
  for (const command of ["a", "b", "c"]) cluster.submit(1, command);
  cluster.run(SECOND);
  expect(cluster.client(1).submissions.map(({ timestamp }) => timestamp)).toEqual([1, 2, 3]);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["a", "b", "c"]);
});

test("3.2.6: 'Every replica caches the last executed timestamp and the reply for each client.' 'to provide a reply to the client when required'", () => {
  const cluster = openImpatient();
  const { network } = cluster.simulation.world;
  const lost = network.drop(({ from, to }) => from < 5 && to >= 5);
  const submission = cluster.submit(1, "alpha");
  cluster.run(SECOND);
  expect(submission.answeredAt).toBeNull();
  lost.lift();
  for (const replica of [0, 2, 3]) cluster.client(1).ask(replica);
  cluster.run(SECOND);
  expect(placesIn(submission)).toEqual([1]);
});

test("3.2.6: 'This is used to ensure that the replicas do not execute duplicate operations'", () => {
  const cluster = openImpatient();
  cluster.submit(1, "alpha");
  for (let i = 0; i < 3; i += 1) {
    for (const replica of cluster.replicas) cluster.client(1).ask(replica);
    cluster.run(SECOND);
  }
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["alpha"]);
});

test("3.2.6: 'each client is assigned to a replica to prevent request duplication attacks, where faulty clients can send duplicate commands to multiple replicas simultaneously'", () => {
  const cluster = openImpatient();
  cluster.submit(1, "alpha");
  for (const replica of cluster.replicas) cluster.client(1).ask(replica);
  cluster.run(SECOND);
  const proposed = cluster.sent.filter(
    ({ instance, message }) => instance < 5 && message instanceof Proposal,
  );
  expect(new Set(proposed.map(({ instance }) => instance))).toEqual(new Set([1]));
});

test("3.2.6: 'replicas deduplicate commands during execution preserving safety', whatever Byzantine coordinators disseminate", () => {
  const cluster = openImpatient();
  const [first, second] = [new Forger(cluster, 3), new Forger(cluster, 4)];
  const request = requestOf(cluster, 1, "alpha");
  first.send(3, first.batch([request]));
  second.send(4, second.batch([request, request]));
  cluster.client(1).submit([commandOf("alpha")]);
  cluster.run(20 * SECOND);
  for (const replica of [0, 1, 2]) expect(cluster.executed(replica)).toEqual(["alpha"]);
});

test("3.2.6: 'In DQBFT, this assignment is carried out by running consensus on a special ASSIGN message via the O-instance.'", () => {
  const cluster = openImpatient();
  const client = cluster.client(3);
  client.reassign(1);
  cluster.run(SECOND);
  const assigned = cluster.sent.flatMap(({ instance, message }) =>
    instance === cluster.oInstance && message instanceof Proposal && message.value !== null
      ? orderListOf(message.value).entries.filter(({ type }) => type === "assign")
      : [],
  );
  expect(assigned.length).toBeGreaterThan(0);
  for (const replica of cluster.replicas) expect(cluster.replica(replica).coordinatorOf(client.key)).toBe(1);
  const submission = client.submit([commandOf("moved")]);
  cluster.run(SECOND);
  expect(submission.answeredAt).not.toBeNull();
  const carried = cluster.sent.filter(
    ({ instance, message }) => instance < 5 && message.kind === MessageKind.Prepare,
  );
  expect(new Set(carried.map(({ instance }) => instance))).toEqual(new Set([1]));
});

test("3.2.6, dqbft.md 4.1: a replica that executes an assignment to itself adopts what its client had sent it", () => {
  const cluster = openImpatient();
  cluster.crash(3);
  const submission = cluster.submit(3, "adopted");
  cluster.client(3).ask(1);
  cluster.run(SECOND / 10);
  cluster.client(3).reassign(1);
  cluster.run(SECOND);
  expect(submission.answeredAt).not.toBeNull();
});
