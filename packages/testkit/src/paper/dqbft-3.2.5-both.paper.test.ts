import { MessageKind } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { askAll, instanceAt, openImpatient, SECOND, SURVIVORS, viewsOf } from "../holes/stage.ts";

// DQBFT section 3.2.5, sentence by sentence: the view change protocol.

test("3.2.5, case 3: 'The failure of the O-instance primary or a D-instance coordinator does not affect other active D-instances from disseminating commands. The view change protocols for the failed instances are run independently.'", () => {
  const cluster = openImpatient();
  cluster.crash(0);
  cluster.crash(3);
  askAll(cluster, 3);
  cluster.submit(1, "of another");
  cluster.run(SECOND / 5);
  expect(instanceAt(cluster, 2, 1).decided).toBe(1);
  cluster.run(10 * SECOND);
  for (const replica of [1, 2, 4]) {
    expect(instanceAt(cluster, replica, 3)).toMatchObject({ view: 1, active: true });
    expect(instanceAt(cluster, replica, cluster.oInstance)).toMatchObject({ view: 1, active: true });
    expect(cluster.executed(replica)).toEqual(["of another"]);
  }
});

test("3.2.5, case 3: 'If the D-instance changes view before O-instance does, it will continue disseminating new commands (same as Case 2).'", () => {
  const cluster = openImpatient();
  cluster.crash(3);
  askAll(cluster, 3);
  cluster.run(2 * SECOND);
  cluster.restart(3); // And takes it over again, with the O-primary gone.
  cluster.crash(0);
  cluster.client(3).ask(3);
  cluster.run(10 * SECOND);
  for (const replica of [1, 2, 3, 4]) expect(cluster.executed(replica)).toEqual(["asked of 3"]);
});

test("3.2.5, case 3: 'If the O-instance changes view before D-instance does, the O-instance will receive and order the sequence numbers for active D-instances (same as Case 1).'", () => {
  const cluster = openImpatient();
  cluster.crash(0);
  cluster.submit(1, "first");
  cluster.run(3 * SECOND);
  expect(viewsOf(cluster, cluster.oInstance, [1, 2, 3, 4])).toEqual([1]);
  cluster.crash(3);
  askAll(cluster, 3);
  cluster.submit(2, "second");
  cluster.run(SECOND / 4);
  for (const replica of [1, 2, 4]) expect(cluster.executed(replica)).toEqual(["first", "second"]);
  expect(viewsOf(cluster, 3, [1, 2, 4])).toEqual([0]);
});

test("3.2.5, case 3: 'If the new primary or coordinator fails to make progress, the respective instance undergoes another view change.'", () => {
  const cluster = openImpatient();
  cluster.crash(3);
  cluster.crash(4);
  askAll(cluster, 3);
  cluster.run(30 * SECOND);
  for (const replica of [0, 1, 2])
    expect(instanceAt(cluster, replica, 3)).toMatchObject({ view: 2, primary: 0 });
  const order = openImpatient();
  order.crash(0);
  order.crash(1);
  order.submit(2, "alpha");
  order.run(30 * SECOND);
  for (const replica of [2, 3, 4]) {
    expect(instanceAt(order, replica, order.oInstance).view).toBe(2);
    expect(order.executed(replica)).toEqual(["alpha"]);
  }
});

test("3.2.5: 'When a previously failed replica restarts, the view-change protocol is used to reinstate the replica's D-instance' '[...] skipping views if necessary, to reinstate the replica immediately.'", () => {
  const cluster = openImpatient();
  cluster.crash(3);
  askAll(cluster, 3);
  cluster.run(3 * SECOND);
  expect(viewsOf(cluster, 3, SURVIVORS)).toEqual([1]);
  cluster.restart(3);
  cluster.client(3).ask(3);
  cluster.run(SECOND);
  for (const replica of cluster.replicas) {
    expect(instanceAt(cluster, replica, 3)).toMatchObject({ view: 5, primary: 3, active: true });
    expect(cluster.executed(replica)).toEqual(["asked of 3"]);
  }
});

test("3.2.5: 'Note that f + 1 replicas must agree to skipping views, so Byzantine replicas alone cannot reinstate.'", () => {
  const cluster = openImpatient();
  cluster.crash(3);
  askAll(cluster, 3);
  cluster.run(3 * SECOND);
  cluster.restart(3);
  // Of the words for R3 only those of two, f, get through to anybody, its own among them.
  cluster.drop(({ message }) => {
    const { kind, signer } = message as { kind: number; signer?: number };
    return kind === MessageKind.Reinstate && signer !== 1 && signer !== 3;
  });
  cluster.drop(({ to, message }) => to === 1 && message.kind === MessageKind.Reinstate);
  cluster.drop(({ to, message }) => to !== 1 && message.kind === MessageKind.Challenge);
  cluster.run(SECOND / 2);
  expect(viewsOf(cluster, 3, [0, 2, 4])).toEqual([1]);
});

test("3.2.5: 'A correct replica will ensure that a recovered replica is participating in the protocol as a health check before agreeing to the view-change.'", () => {
  const cluster = openImpatient();
  cluster.crash(3);
  askAll(cluster, 3);
  cluster.run(3 * SECOND);
  cluster.restart(3);
  cluster.drop(({ from, message }) => from === 3 && message.kind === MessageKind.Health);
  cluster.run(10 * SECOND);
  expect(viewsOf(cluster, 3, SURVIVORS)).toEqual([1]);
  cluster.release();
  cluster.run(20 * SECOND);
  for (const view of viewsOf(cluster, 3, cluster.replicas)) expect(view % 5).toBe(0);
});

test("3.2.5: 'Once reinstated, the replica must face probation.'", () => {
  const cluster = openImpatient();
  cluster.crash(3);
  askAll(cluster, 3);
  cluster.run(3 * SECOND);
  cluster.restart(3);
  cluster.run(3 * SECOND);
  for (const replica of cluster.replicas) {
    const { probation, decided } = instanceAt(cluster, replica, 3);
    expect(probation).toBeGreaterThanOrEqual(decided + 16);
  }
});
