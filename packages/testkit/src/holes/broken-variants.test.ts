import { present } from "@destiny/core/kernel/invariant";
import { defaultParameters } from "@destiny/core/parameters";
import { AssignRequest, MessageKind } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { Cluster, commandOf } from "../cluster.ts";
import { Forger } from "../forger.ts";
import {
  askAll,
  complainedOf,
  headerOf,
  IMPATIENT,
  instanceAt,
  openImpatient,
  ref,
  requestOf,
  SECOND,
  SURVIVORS,
  viewsOf,
} from "./stage.ts";

// Broken variants of dqbft.md 14 that take a directed run: each test brings the product to where its variant breaks.

/** The largest `b` that a cluster with this window may be configured with. */
function largestShare(disseminationWindow: number): number {
  let largest = 0;
  for (let b = 1; b <= disseminationWindow + 1; b += 1) {
    try {
      defaultParameters(5, { disseminationWindow, referencesPerInstanceMax: b });
      largest = b;
    } catch {
      break;
    }
  }
  return largest;
}

test("dqbft.md 14, b > W_D/2+1: with the largest b there is, no O-value reaches beyond the window of a D-instance", () => {
  const window = 4;
  const share = largestShare(window);
  const cluster = openImpatient(5, {
    disseminationWindow: window,
    referencesPerInstanceMax: share,
    orderWindow: 16,
    checkpointPeriod: 8,
  });
  const [coordinator, primary] = [new Forger(cluster, 3), new Forger(cluster, 0)];
  const batches = Array.from({ length: share + 1 }, () => coordinator.batch([]));
  for (const batch of batches) coordinator.send(3, batch);
  // One reference short of a checkpoint, and then as many as an O-value may hold.
  const entry = (batch: (typeof batches)[number]): ReturnType<typeof ref> => ref(3, batch.seq);
  for (const slot of [batches.slice(0, 1), batches.slice(1)]) {
    const evidence = slot.map((batch) => headerOf(3, batch));
    primary.send(cluster.oInstance, primary.order(slot.map(entry), evidence));
  }
  cluster.submit(1, "alpha");
  cluster.run(20 * SECOND);
  for (const replica of [1, 2, 4]) {
    expect(cluster.executed(replica)).toEqual(["alpha"]);
    expect(instanceAt(cluster, replica, 3).low).toBe(share + 1);
  }
});

test("dqbft.md 14, one Assign per epoch: a client whose first move led to another faulty coordinator moves on", () => {
  const cluster = openImpatient();
  const client = cluster.client(3);
  const submission = client.submit([commandOf("alpha")]);
  for (const faulty of [3, 4]) cluster.crash(faulty);
  cluster.run(SECOND / 10);
  // Nothing else is asked for, so no checkpoint is due.
  for (const coordinator of [4, 1]) {
    client.reassign(coordinator);
    client.ask(coordinator);
    cluster.run(2 * SECOND);
    for (const replica of [0, 1, 2])
      expect(cluster.replica(replica).coordinatorOf(client.key)).toBe(coordinator);
  }
  expect(cluster.replica(0).status().checkpoint.seq).toBe(0);
  expect(submission.answeredAt).not.toBeNull();
  for (const replica of [0, 1, 2]) expect(cluster.executed(replica)).toEqual(["alpha"]);
});

// Over PBFT: trusted counters sign in order, so there nothing is decided above a gap.
test("dqbft.md 14, gaps untimed in D: a coordinator that leaves out a slot below a decided one is replaced", () => {
  const cluster = Cluster.of("dqpbft", { n: 4, seed: 1, parameters: IMPATIENT });
  const coordinator = new Forger(cluster, 3, "pbft");
  coordinator.send(3, coordinator.batch([requestOf(cluster, 3, "above the gap")], { seq: 2 }));
  cluster.run(SECOND / 4);
  for (const replica of [0, 1, 2]) {
    expect(instanceAt(cluster, replica, 3)).toMatchObject({ view: 0, known: 2, decided: 0 });
  }
  cluster.run(10 * SECOND);
  expect(complainedOf(cluster)).toEqual([3]);
  for (const replica of [0, 1, 2]) {
    expect(instanceAt(cluster, replica, 3)).toMatchObject({ view: 1, decided: 2 });
    expect(cluster.executed(replica)).toEqual(["above the gap"]);
  }
});

test("dqbft.md 14, gaps untimed in O: an O-primary that leaves out a slot below a decided one is replaced", () => {
  const cluster = Cluster.of("dqpbft", { n: 4, seed: 1, parameters: IMPATIENT });
  const primary = new Forger(cluster, 0, "pbft");
  const mover = cluster.client(3);
  mover.reassign(1);
  cluster.run(SECOND / 20);
  const letter = cluster.sent.find(({ message }) => message instanceof AssignRequest);
  const request = present(letter, "the client's wish is passed on").message as AssignRequest;
  // It is ordered, and nothing else is waited for: only the gap below keeps it from its effect.
  primary.send(cluster.oInstance, primary.order([{ type: "assign", request }], [], { seq: 2 }));
  cluster.run(SECOND / 4);
  for (const replica of [1, 2, 3]) {
    expect(instanceAt(cluster, replica, cluster.oInstance)).toMatchObject({ view: 0, known: 2, decided: 0 });
  }
  cluster.run(10 * SECOND);
  expect(complainedOf(cluster)).toEqual([cluster.oInstance]);
  for (const replica of [1, 2, 3]) {
    expect(instanceAt(cluster, replica, cluster.oInstance).view).toBe(1);
    expect(cluster.replica(replica).coordinatorOf(mover.key)).toBe(1);
  }
});

test("dqbft.md 14, full D-window pausing all timers: a coordinator that announces a window of slots and shows none of them is replaced", () => {
  const window = 4;
  const cluster = openImpatient(5, { disseminationWindow: window, referencesPerInstanceMax: 2 });
  const coordinator = new Forger(cluster, 3);
  // The last slot of the window, so that it is full: of those before nobody has anything.
  coordinator.send(3, coordinator.batch([], { seq: window }));
  askAll(cluster, 3);
  cluster.run(SECOND / 10);
  for (const replica of SURVIVORS) {
    expect(instanceAt(cluster, replica, 3)).toMatchObject({ view: 0, known: window, decided: 0 });
  }
  cluster.run(10 * SECOND);
  expect(complainedOf(cluster)).toEqual([3]);
  expect(viewsOf(cluster, 3, SURVIVORS)).toEqual([1]);
});

test.each([
  ["destiny", 5],
  ["dqhybster", 5],
  ["dqpbft", 4],
  ["dqsbft", 4],
] as const)(
  "dqbft.md 14, view-change timer needing an execution: a view that nothing is decided in is kept (C10, H26): %s",
  (name, n) => {
    const cluster = Cluster.of(name, { n, seed: 1, parameters: IMPATIENT });
    cluster.crash(n - 1);
    askAll(cluster, n - 1);
    const others = cluster.replicas.slice(0, -1);
    cluster.run(5 * SECOND);
    expect(viewsOf(cluster, n - 1, others)).toEqual([1]);
    cluster.run(60 * SECOND);
    expect(viewsOf(cluster, n - 1, others)).toEqual([1]);
    for (const replica of others) {
      expect(instanceAt(cluster, replica, n - 1)).toMatchObject({ active: true, decided: 0 });
      expect(cluster.simulation.world.host(replica).timersRunning).toBe(0);
    }
    expect(cluster.count(MessageKind.Reinstate)).toBe(0);
  },
);
