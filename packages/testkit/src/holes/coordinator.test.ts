import { MessageKind } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { Cluster, commandOf } from "../cluster.ts";
import { Forger } from "../forger.ts";
import {
  complainedOf,
  IMPATIENT,
  instanceAt,
  isOf,
  openImpatient,
  requestOf,
  SECOND,
  viewsOf,
} from "./stage.ts";

// Coordinators that fail: dqbft.md 9, H2, H9, H11, H14, H16, H17, H19, H22, H23.

test("H2: a slot that is ordered and that nobody disseminates is filled with the no-op, and all others execute", () => {
  const cluster = openImpatient();
  // R3 shows its batch to the O-primary only; both are gone once its slot is ordered.
  const forger = new Forger(cluster, 3);
  forger.send(3, forger.batch([requestOf(cluster, 3, "lost")]), 0);
  cluster.run(45_000);
  expect(instanceAt(cluster, 1, cluster.oInstance).decided).toBe(1);
  cluster.crash(0);
  cluster.submit(1, "alpha");
  cluster.run(20 * SECOND);
  for (const replica of [1, 2, 4]) {
    expect(cluster.executed(replica)).toEqual(["alpha"]);
    expect(instanceAt(cluster, replica, 3)).toMatchObject({ decided: 1, active: true });
    expect(instanceAt(cluster, replica, 3).view).toBeGreaterThan(0);
  }
});

test("H2: a substitute that does not fill what is ordered is replaced in its turn (T_fill)", () => {
  const cluster = openImpatient(7);
  const forger = new Forger(cluster, 3);
  forger.send(3, forger.batch([requestOf(cluster, 3, "lost")]), 0);
  cluster.run(45_000);
  expect(instanceAt(cluster, 1, cluster.oInstance).decided).toBe(1);
  cluster.crash(0);
  // R4 opens its view, and fills nothing.
  cluster.drop(({ from, ...letter }) => from === 4 && isOf(3, MessageKind.Prepare)({ from, ...letter }));
  cluster.submit(1, "alpha");
  cluster.run(20 * SECOND);
  for (const replica of [1, 2, 5, 6]) {
    expect(cluster.executed(replica)).toEqual(["alpha"]);
    expect(instanceAt(cluster, replica, 3).view).toBeGreaterThan(1);
  }
});

test("H2, adversary (a): while the O-primary lives, what it alone was shown is pulled from it, and executes", () => {
  const cluster = openImpatient();
  const forger = new Forger(cluster, 3);
  forger.send(3, forger.batch([requestOf(cluster, 3, "shown to one")]), 0);
  cluster.submit(1, "alpha");
  cluster.run(10 * SECOND);
  for (const replica of [0, 1, 2, 4]) {
    expect([...cluster.executed(replica)].sort()).toEqual(["alpha", "shown to one"]);
  }
});

test("adversary (b): a batch shown to f + 1 and silence: it is decided without its coordinator", () => {
  const cluster = openImpatient();
  const forger = new Forger(cluster, 3);
  forger.send(3, forger.batch([requestOf(cluster, 3, "shown to some")]), 0, 1, 2);
  cluster.run(10 * SECOND);
  for (const replica of [0, 1, 2, 4]) expect(cluster.executed(replica)).toEqual(["shown to some"]);
});

test("H9, adversary (i): a coordinator that floods, or leaves gaps, gets its window and its turn, and no more", () => {
  const cluster = openImpatient(5, {
    disseminationWindow: 16,
    checkpointPeriod: 4,
    referencesPerInstanceMax: 4,
  });
  const forger = new Forger(cluster, 3);
  for (let i = 0; i < 100; i += 1) forger.send(3, forger.batch([]));
  forger.send(3, forger.batch([], { seq: 5_000 }));
  for (let i = 0; i < 10; i += 1) {
    cluster.submit(1, `command ${i}`);
    cluster.run(SECOND);
  }
  cluster.run(10 * SECOND);
  for (const replica of [0, 1, 2, 4]) {
    expect(cluster.executed(replica)).toHaveLength(10);
    const { known, low } = instanceAt(cluster, replica, 3);
    expect(known).toBeLessThanOrEqual(low + 16);
  }
});

test("H11, adversary (k): who orders and disseminates nothing loses its D-instance, and the O-instance too", () => {
  const cluster = openImpatient();
  const colluding = new Forger(cluster, 3);
  const primary = new Forger(cluster, 0);
  const batch = colluding.batch([requestOf(cluster, 3, "nobody sees it")]);
  primary.send(
    cluster.oInstance,
    primary.order([{ type: "reference", instance: 3, seq: 1 }], [{ instance: 3, message: batch.header() }]),
  );
  cluster.submit(1, "alpha");
  cluster.run(30 * SECOND);
  for (const replica of [1, 2, 4]) {
    expect(cluster.executed(replica)).toEqual(["alpha"]);
    expect(instanceAt(cluster, replica, 3).probation).toBeGreaterThan(
      instanceAt(cluster, replica, 3).decided,
    );
    expect(instanceAt(cluster, replica, cluster.oInstance).view).toBeGreaterThan(0);
  }
});

test("H14, H22 (n2): a coordinator that leaves out a slot stalls its own instance until it is replaced, and no other", () => {
  const cluster = openImpatient();
  const forger = new Forger(cluster, 3);
  forger.send(3, forger.batch([requestOf(cluster, 3, "above the gap")], { seq: 2 }));
  cluster.submit(1, "alpha");
  cluster.run(SECOND / 5);
  for (const replica of [0, 1, 2, 4]) expect(cluster.executed(replica)).toEqual(["alpha"]);
  cluster.run(10 * SECOND);
  expect(complainedOf(cluster)).toEqual([3]);
  for (const replica of [0, 1, 2, 4]) {
    expect(instanceAt(cluster, replica, 3)).toMatchObject({ view: 1, active: true });
    expect(instanceAt(cluster, replica, cluster.oInstance).view).toBe(0);
  }
});

test("H17, adversary (n): one dead D-instance and load on all others: nobody else is suspected", () => {
  const cluster = openImpatient();
  cluster.submit(3, "first");
  cluster.settle();
  cluster.crash(3);
  const orphan = cluster.client(3);
  orphan.submit([commandOf("orphan")]);
  for (let i = 0; i < 20; i += 1) {
    for (const replica of cluster.replicas) orphan.ask(replica);
    for (const coordinator of [0, 1, 2, 4]) cluster.submit(coordinator, `command ${i} of ${coordinator}`);
    cluster.run(SECOND / 2);
  }
  cluster.run(5 * SECOND);
  expect(complainedOf(cluster)).toEqual([3]);
  for (const replica of [0, 1, 2, 4]) {
    expect(cluster.executed(replica)).toHaveLength(82);
    expect(cluster.executed(replica)).toContain("orphan"); // Told that R3 is away, its client has moved.
    const { instances } = cluster.replica(replica).status();
    expect(instances.map(({ view }) => view > 0)).toEqual([false, false, false, true, false, false]);
  }
});

test("H19: f dead primaries in a row: as many view changes, and then it is stable", () => {
  const cluster = openImpatient();
  cluster.crash(3);
  cluster.crash(4);
  const orphan = cluster.client(3);
  orphan.submit([commandOf("orphan")]);
  for (const replica of cluster.replicas) orphan.ask(replica);
  cluster.run(60 * SECOND);
  // Primaries of views 0 and 1 are dead, that of view 2 is R0.
  expect(viewsOf(cluster, 3, [0, 1, 2])).toEqual([2]);
  for (const replica of [0, 1, 2]) expect(instanceAt(cluster, replica, 3).active).toBe(true);
});

test("H16, adversary (m): a flapping replica has its instance change views less and less often", () => {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1, parameters: IMPATIENT, retryMicros: SECOND });
  for (let i = 0; i < 10; i += 1) {
    cluster.crash(3);
    cluster.submit(3, `command ${i}`);
    cluster.run(4 * SECOND);
    cluster.restart(3);
    cluster.run(SECOND);
  }
  cluster.run(60 * SECOND);
  for (const replica of [0, 1, 2, 4]) expect(cluster.executed(replica)).toHaveLength(10);
  const [view = 0] = viewsOf(cluster, 3, [0, 1, 2, 4]);
  expect(view % 5).toBe(0);
  expect(view / 5).toBeLessThanOrEqual(6);
});

test("H22: the slot below a decided one has its timer too: a decision above a gap hides nothing", () => {
  const cluster = openImpatient();
  const forger = new Forger(cluster, 3);
  const [one, two] = [forger.batch([]), forger.batch([requestOf(cluster, 3, "alpha")])];
  forger.send(3, two);
  forger.send(3, one, 0);
  cluster.run(20 * SECOND);
  for (const replica of [0, 1, 2, 4]) {
    const { known, decided } = instanceAt(cluster, replica, 3);
    expect(decided).toBe(known);
  }
});

test("H23 (n3): a window of slots that nobody can decide is no excuse: time goes on for them", () => {
  const cluster = openImpatient(5, {
    disseminationWindow: 4,
    referencesPerInstanceMax: 3,
    checkpointPeriod: 4,
  });
  const forger = new Forger(cluster, 3);
  // Announced to one replica each, which never answers for it; and no room for commands.
  cluster.drop(isOf(3, MessageKind.Pull, MessageKind.CommitSig));
  for (let i = 0; i < 4; i += 1) forger.send(3, forger.batch([]), 1 + (i % 2));
  const orphan = cluster.client(3);
  orphan.submit([commandOf("orphan")]);
  for (const replica of [0, 1, 2, 4]) orphan.ask(replica);
  cluster.run(3 * SECOND);
  cluster.release();
  cluster.run(10 * SECOND);
  for (const replica of [0, 1, 2, 4]) expect(instanceAt(cluster, replica, 3).view).toBeGreaterThan(0);
});
