import type { InstanceId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import type { Entry } from "@destiny/core/ordering/dqbft/order-value";
import type { Proposal } from "@destiny/core/wire/messages";
import { Request } from "@destiny/core/wire/request";
import { NewView } from "@destiny/core/wire/view-change";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { expect, test } from "vitest";
import { type Cluster, commandOf } from "../cluster.ts";
import { Forger } from "../forger.ts";
import { instanceAt, openImpatient, ref, requestOf, SECOND, SURVIVORS, viewsOf } from "./stage.ts";

// What no correct replica ever voted for, and a real NewView proposes again: dqbft.md 12, adversary (h); 9, H8, H12 and H21.

/**
 * A Byzantine primary shows a proposal to the next one alone, which refuses it, and lists it as it leaves. Among f + 1 departures
 * it looks like one that may be decided, so the new primary has to propose it again, and everybody to vote for it.
 */
function smuggle(instance: InstanceId, forger: Forger, proposal: Proposal, accomplice: number): void {
  forger.send(instance, proposal, accomplice);
  forger.send(instance, forger.leave(instance, 1, [proposal]));
}

/** The digests that the NewView of view 1 of this instance proposes again. */
function reproposed(cluster: Cluster, instance: InstanceId): readonly string[] {
  const letter = cluster.sent.find(
    (each) => each.instance === instance && each.message instanceof NewView && each.message.view === 1,
  );
  const { prepares } = present(letter, "a NewView of view 1").message as NewView;
  return prepares.map(({ digest }) => digest);
}

/** R0, the O-primary, has view 1 of the O-instance begin with these entries. */
function beginWith(cluster: Cluster, primary: Forger, entries: readonly Entry[]): void {
  const proposal = primary.order(entries, []);
  smuggle(cluster.oInstance, primary, proposal, 1);
  cluster.run(5 * SECOND);
  expect(reproposed(cluster, cluster.oInstance)).toEqual([proposal.digest]);
}

test("adversary (h): references to a slot far ahead and to no instance come in by a NewView, and execution skips them", () => {
  const cluster = openImpatient();
  const primary = new Forger(cluster, 0);
  cluster.submit(1, "alpha");
  beginWith(cluster, primary, [ref(3, 999), ref(4242, 1)]);
  for (const replica of [1, 2, 3, 4]) {
    expect(instanceAt(cluster, replica, cluster.oInstance)).toMatchObject({ view: 1, active: true });
    expect(instanceAt(cluster, replica, cluster.oInstance).decided).toBeGreaterThanOrEqual(2);
    expect(cluster.executed(replica)).toEqual(["alpha"]);
  }
  expect(viewsOf(cluster, 3, [1, 2, 3, 4])).toEqual([0]);
});

test("H8: a premature reference comes in by a NewView: its home fills the slot, and is not unseated", () => {
  const cluster = openImpatient();
  const primary = new Forger(cluster, 0);
  cluster.submit(1, "alpha");
  beginWith(cluster, primary, [ref(3, 1)]);
  for (const replica of [1, 2, 3, 4]) {
    expect(instanceAt(cluster, replica, 3)).toMatchObject({ view: 0, decided: 1 });
    expect(cluster.executed(replica)).toEqual(["alpha"]);
  }
});

test("adversary (h): a batch with a forged client signature comes in by a NewView: it is decided, and has no effect", () => {
  const cluster = openImpatient();
  const coordinator = new Forger(cluster, 3);
  const victim = cluster.simulation.addClient(3);
  const fields = { client: victim.key, timestamp: 1, operations: [commandOf("forged")] };
  const forged = Request.create(fields, digestOf, () => new Uint8Array(64));
  const proposal = coordinator.batch([forged, requestOf(cluster, 3, "genuine")]);
  smuggle(3, coordinator, proposal, 4);
  const orphan = cluster.simulation.addClient(3);
  orphan.submit([commandOf("waits for its home")]);
  for (const replica of SURVIVORS) orphan.ask(replica);
  cluster.run(10 * SECOND);
  expect(reproposed(cluster, 3)).toEqual([proposal.digest]);
  for (const replica of SURVIVORS) {
    expect(instanceAt(cluster, replica, 3)).toMatchObject({ view: 1, decided: 1 });
    expect(cluster.executed(replica)).toEqual(["genuine"]);
  }
});

test("H12: the same reference twice, and one to no instance, come in by a NewView: each is skipped everywhere", () => {
  const cluster = openImpatient();
  const primary = new Forger(cluster, 0);
  for (const coordinator of [1, 2]) cluster.submit(coordinator, `of ${coordinator}`);
  beginWith(cluster, primary, [ref(1, 1), ref(1, 1), ref(5, 1), ref(2, 1), ref(1, 1)]);
  for (const replica of [1, 2, 3, 4]) expect(cluster.executed(replica)).toEqual(["of 1", "of 2"]);
  cluster.submit(1, "later");
  cluster.run(SECOND);
  for (const replica of [1, 2, 3, 4]) expect(cluster.executed(replica)).toEqual(["of 1", "of 2", "later"]);
});

test("H21, adversary (n1): W_D + 1 references of one D-instance come in by a NewView: execution takes b, and goes on", () => {
  const window = 4;
  const cluster = openImpatient(5, {
    disseminationWindow: window,
    referencesPerInstanceMax: 2,
    orderWindow: 16,
    checkpointPeriod: 8,
    batchBytes: 1,
  });
  const primary = new Forger(cluster, 0);
  const clients = Array.from({ length: window + 2 }, () => cluster.simulation.addClient(3));
  for (const [i, client] of clients.entries()) {
    client.submit([commandOf(`command ${i}`)]);
    cluster.run(SECOND / 50);
  }
  const entries = Array.from({ length: window + 1 }, (_, i) => ref(3, i + 1));
  beginWith(cluster, primary, entries);
  cluster.run(10 * SECOND);
  for (const replica of [1, 2, 3, 4]) {
    expect(cluster.executed(replica)).toEqual(clients.map((_, i) => `command ${i}`));
    expect(instanceAt(cluster, replica, 3).low).toBeGreaterThanOrEqual(window);
  }
});
