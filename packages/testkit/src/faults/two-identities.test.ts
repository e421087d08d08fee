import { firstViewOf } from "@destiny/core/kernel/configurations";
import type { Digest, InstanceId, ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import { COMPOSITION } from "@destiny/core/ordering/composition";
import { type Message, Proposal } from "@destiny/core/wire/messages";
import { Roster } from "@destiny/core/wire/roster";
import { Complaint } from "@destiny/core/wire/suspicion";
import { Body, FIRST_VIEW_DIGEST, NewView } from "@destiny/core/wire/view-change";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { World } from "@destiny/simulator/cluster/world";
import type { RuleHandle } from "@destiny/simulator/network/network";
import { expect, test } from "vitest";
import { FaultyHybster, type Scene, TWO_PHASE, type ViewChangeFields } from "../agreement/faulty-hybster.ts";
import { Cluster } from "../cluster.ts";

// hybster.md 10.1, unsound shortcuts: the host of replica 2 runs its old and its new identity beside replica 1, which lags.

const SECOND = 1_000_000;
const N = 3;
const INSTANCE: InstanceId = 0;
const [AHEAD, LAGGARD, HOST]: readonly [ReplicaId, ReplicaId, ReplicaId] = [0, 1, 2];
/** The view of replica 0 in the configuration with the new identity. */
const NEXT = firstViewOf(1, N);

/** The host of replica 2, its two subsystems, and who hears whom: 0 and 1 do not hear each other. */
class Scenario implements Scene {
  readonly cluster: Cluster;
  readonly old: FaultyHybster;
  readonly fresh: FaultyHybster;
  readonly #cut: RuleHandle;

  constructor() {
    const parameters = { statusPeriod: SECOND / 2, suspicionDelay: SECOND, viewChangeDelay: 60 * SECOND };
    this.cluster = Cluster.of("single-hybster", { n: N, seed: 1, parameters, readmission: true });
    for (const replica of [AHEAD, LAGGARD]) this.cluster.client(replica);
    this.#cut = this.world.network.drop(({ from, to }) => isCut(from, to));
    this.crash(HOST);
    const former = this.cluster.simulation.renew(HOST);
    // What runs now is the new identity, which nobody has admitted. It asks to be.
    this.cluster.restart(HOST);
    this.cluster.run(SECOND);
    this.old = new FaultyHybster(this, HOST, TWO_PHASE, former);
    this.fresh = new FaultyHybster(this, HOST, TWO_PHASE, this.world.host(HOST).subsystem);
  }

  /** 0 and 1 hear each other again. */
  heal(): void {
    this.#cut.lift();
  }

  get world(): World {
    return this.cluster.simulation.world;
  }

  crash(replica: ReplicaId): void {
    this.cluster.crash(replica);
  }

  forge(from: ReplicaId, to: ReplicaId, content: Message): void {
    const instance = content instanceof Complaint ? COMPOSITION : INSTANCE;
    this.world.network.send({ from, to, instance, content });
  }

  /** Headers that a replica has certified for a view, in the order of their slots. */
  headers(from: ReplicaId, view: number): readonly Proposal[] {
    const messages = this.cluster.sent.filter((letter) => letter.from === from).map(({ message }) => message);
    const all = messages.flatMap((message) =>
      message instanceof NewView ? message.prepares : message instanceof Proposal ? [message] : [],
    );
    const bySlot = new Map(all.filter((each) => each.view === view).map((each) => [each.seq, each]));
    return [...bySlot.values()].sort((a, b) => a.seq - b.seq);
  }

  /** The key table that replica 0 has of the configuration with the new identity. */
  table(): Digest | null {
    const messages = [...this.world.host(AHEAD).disk.records()].map(({ message }) => message);
    return present(
      messages.find((message) => message instanceof Roster),
      "the admission",
    ).table(1, digestOf);
  }
}

/** Replicas 0 and 1 from each other, and each of their clients from the other one. */
function isCut(from: number, to: number): boolean {
  const cut = [AHEAD, LAGGARD];
  const side = (party: number): number => (party < N ? party : party - N);
  return (
    from !== HOST &&
    to !== HOST &&
    cut.includes(side(from)) &&
    cut.includes(side(to)) &&
    side(from) !== side(to)
  );
}

function leaving(to: number, oLast: number, prepares: readonly Proposal[]): ViewChangeFields {
  return { to, base: 0, baseDigest: FIRST_VIEW_DIGEST, oLast, anchor: null, prepares, chain: [] };
}

/** The admission is decided by replica 0 and the old identity; then there are two of replica 2. */
function admit(): { readonly scenario: Scenario; readonly admission: Proposal } {
  const scenario = new Scenario();
  const admission = present(scenario.headers(AHEAD, 0)[0], "replica 0 has proposed the admission");
  scenario.old.send(scenario.old.vote(admission), AHEAD);
  scenario.cluster.run(SECOND / 10);
  expect(scenario.cluster.replica(AHEAD).status().configuration).toBe(1);
  expect(scenario.cluster.replica(LAGGARD).status().configuration).toBe(0);
  return { scenario, admission };
}

/** The old identity goes on with the laggard to view 1 of the configuration before: there they decide what 0 does not hear of. */
function decideWithOld(scenario: Scenario, admission: Proposal): void {
  const { cluster, old } = scenario;
  cluster.submit(LAGGARD, "with the old one");
  cluster.run(2 * SECOND);
  old.send(old.complain(0), LAGGARD);
  cluster.run(SECOND);
  old.send(old.leave(leaving(1, 1, [admission])), LAGGARD);
  cluster.run(SECOND / 10);
  old.send(new Body(present(admission.value, "a proposal with its value")), LAGGARD);
  cluster.run(SECOND);
  const votes = scenario.headers(LAGGARD, 1).map((header) => old.vote(header));
  expect(votes).toHaveLength(2);
  // The admission last: whoever executes it leaves.
  for (const vote of votes.reverse()) old.send(vote, LAGGARD);
  cluster.run(SECOND);
  expect(cluster.executed(LAGGARD)).toEqual(["with the old one"]);
}

/** The new identity shows replica 0 nothing of that, and votes for what it proposes. */
function decideWithNew(scenario: Scenario): void {
  const { cluster, fresh } = scenario;
  cluster.submit(AHEAD, "with the new one");
  fresh.send(fresh.leave(leaving(NEXT, 0, []), scenario.table()), AHEAD);
  for (let voted = 0, round = 0; round < 4; round += 1) {
    cluster.run(SECOND / 2);
    const headers = scenario.headers(AHEAD, NEXT).slice(voted);
    for (const header of headers) fresh.send(fresh.vote(header), AHEAD);
    voted += headers.length;
  }
}

test("what the old identity decided with a laggard, the new one cannot hide from the others", () => {
  const { scenario, admission } = admit();
  decideWithOld(scenario, admission);
  decideWithNew(scenario);
  const { cluster } = scenario;
  expect(cluster.executed(AHEAD)).toEqual([]);
  scenario.heal();
  cluster.run(90 * SECOND);
  const last = cluster.submit(AHEAD, "last");
  cluster.run(30 * SECOND);
  expect(last.answeredAt).not.toBeNull();
  const log = ["with the old one", "with the new one", "last"];
  for (const replica of [AHEAD, LAGGARD]) expect(cluster.executed(replica)).toEqual(log);
});
