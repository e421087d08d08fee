import type { AgreementProtocol } from "@destiny/core/agreement/agreement";
import type { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Micros, ReplicaId, View } from "@destiny/core/kernel/ids";
import type { MessageKind } from "@destiny/core/wire/messages";
import { expect } from "vitest";
import type { AgreementCluster } from "./agreement-cluster.ts";
import { AgreementStage, texts } from "./agreement-stage.ts";

/** What the suite must know of a protocol to break its view changes. */
export interface ViewChangeWords {
  readonly proposal: MessageKind;
  /** What a backup sends when it accepts a proposal, in every phase. */
  readonly votes: readonly MessageKind[];
  /** What tells others that a slot is decided. */
  readonly decisions: readonly MessageKind[];
  /** Opens a view. */
  readonly newView: MessageKind;
  /** How long after it is proposed a value survives every view change, when nothing is lost: one phase, or two. */
  readonly preparedMicros?: Micros;
}

const MINUTE: Micros = 60_000_000;

/** Every replica that runs is in one view, has the same log, and rests; views looked the same to all. */
function expectUnity(cluster: AgreementCluster): void {
  const alive = cluster.replicas.filter((replica) => cluster.alive(replica));
  const [first = 0] = alive;
  const { view, standing, decided } = cluster.agreement(first);
  for (const replica of alive) {
    const agreement = cluster.agreement(replica);
    expect([replica, agreement.view, agreement.active, agreement.decided]).toEqual([
      replica,
      view,
      true,
      decided,
    ]);
    expect(agreement.standing).toEqual(standing);
    const last = cluster.decisions(replica);
    for (const { seq, text } of last) {
      const same = cluster.decisions(first).find((decision) => decision.seq === seq);
      if (same !== undefined) expect([replica, seq, text]).toEqual([replica, seq, same.text]);
    }
  }
  expect(alive.filter((replica) => cluster.agreement(replica).mayPropose)).toEqual(
    alive.filter((replica) => replica === cluster.agreement(first).primary),
  );
  expect(cluster.conflicts).toEqual([]);
  expectEqualStandings(cluster);
}

function expectEqualStandings(cluster: AgreementCluster): void {
  const seen = new Map<View, unknown>();
  for (const replica of cluster.replicas) {
    for (const standing of cluster.standings(replica)) {
      expect(standing).toEqual(seen.get(standing.view) ?? standing);
      seen.set(standing.view, standing);
    }
  }
}

/** Whoever left alone must be followed: the layer above sees to that, in time everywhere (dqbft.md 8). */
function unite(cluster: AgreementCluster): void {
  const alive = cluster.replicas.filter((replica) => cluster.alive(replica));
  const newest = Math.max(...alive.map((replica) => cluster.agreement(replica).view));
  cluster.suspect(newest, ...alive);
  cluster.run(5 * MINUTE);
}

/** The primary of the present view proposes, and all that run decide. */
function expectProgress(cluster: AgreementCluster, ...values: readonly string[]): void {
  const alive = cluster.replicas.filter((replica) => cluster.alive(replica));
  const [newest] = alive.map((replica) => cluster.agreement(replica)).sort((a, b) => b.view - a.view);
  cluster.proposeAt(newest?.primary ?? 0, ...values);
  cluster.run(MINUTE);
  for (const replica of alive) expect(cluster.log(replica).slice(-values.length)).toEqual(values);
}

/** Contract C1, C4, C6, C8 and C10 of dqbft.md 1 across views: any agreement passes it. */
export function viewChangeSuite(
  protocol: AgreementProtocol,
  words: ViewChangeWords,
  faultModel: (n: number) => FaultModel,
  sizes: readonly number[],
): void {
  const stage = new AgreementStage(protocol, faultModel, sizes);
  const open = stage.open.bind(stage);
  const contract = stage.contract.bind(stage);

  contract("a view change over nothing opens a view in which the next primary proposes", (cluster) => {
    cluster.suspect(1, ...cluster.replicas);
    expect(cluster.agreement(1).active).toBe(false);
    expect(cluster.agreement(0).mayPropose).toBe(false);
    expect(cluster.settle()).toBe(true);
    for (const replica of cluster.replicas) {
      expect(cluster.standings(replica)).toEqual([{ view: 1, maximum: 0, count: 1, extension: 2 }]);
      expect(cluster.departures(replica)).toBe(1);
    }
    expectProgress(cluster, "value 1");
    expectUnity(cluster);
    expect(cluster.timersRunning).toBe(0);
    expect(cluster.world.reports).toEqual([]);
  });

  contract("what was decided stays, and new slots come after it (C1, C4)", (cluster) => {
    cluster.propose(...texts(5));
    cluster.settle();
    cluster.suspect(1, ...cluster.replicas);
    expect(cluster.settle()).toBe(true);
    expect(cluster.agreement(0).standing).toEqual({ view: 1, maximum: 5, count: 1, extension: 7 });
    expect(cluster.agreement(1).nextSlot).toBe(6);
    expectProgress(cluster, ...texts(2, 6));
    expectUnity(cluster);
    for (const replica of cluster.replicas) expect(cluster.log(replica)).toEqual(texts(7));
  });

  contract("the primary crashes with slots under way, and comes back as a backup", (cluster) => {
    cluster.propose(...texts(3));
    cluster.settle();
    cluster.drop(({ message }) => words.decisions.includes(message.kind));
    cluster.propose(...texts(2, 4));
    cluster.run(200_000);
    cluster.crash(0);
    cluster.heal();
    cluster.suspect(1, ...cluster.others(0));
    cluster.run(MINUTE);
    expectUnity(cluster);
    const { maximum } = cluster.agreement(1).standing;
    for (const replica of cluster.others(0)) {
      // Votes were sent: whatever may have been decided is proposed again.
      expect(cluster.log(replica)).toEqual(texts(5));
      expect(maximum).toBe(5);
    }
    expectProgress(cluster, "value 6");
    cluster.restart(0);
    expectProgress(cluster, "value 7");
    expectUnity(cluster);
    expect(cluster.settle()).toBe(true);
    expect(cluster.timersRunning).toBe(0);
  });

  contract("what only the primary knew is gone, and its slots are used anew", (cluster) => {
    cluster.drop(({ from, message }) => from === 0 && message.kind === words.proposal);
    cluster.propose(...texts(3));
    cluster.run(5_000);
    cluster.suspect(1, ...cluster.others(0));
    cluster.run(MINUTE);
    cluster.heal();
    cluster.run(MINUTE);
    expectProgress(cluster, "another");
    expectUnity(cluster);
    expect(new Set(cluster.log(1)).has("another")).toBe(true);
  });

  contract("a decision that one replica alone saw survives (C8, L3)", (cluster) => {
    for (const witness of [0, cluster.n - 1]) {
      const run = open(cluster.n, 2 + witness);
      run.propose("value 1");
      run.settle();
      run.drop(({ to, message }) => to !== witness && words.decisions.includes(message.kind));
      if (witness !== 0) {
        // Only the witness collects.
        run.drop(({ to, message }) => to !== witness && words.votes.includes(message.kind));
      }
      run.propose("value 2");
      run.run(3_000_000);
      run.crash(witness);
      run.heal();
      run.suspect(1, ...run.others(witness));
      run.run(2 * MINUTE);
      run.restart(witness);
      run.run(MINUTE);
      expectProgress(run, "value 3");
      expectUnity(run);
      expect(run.conflicts).toEqual([]);
    }
  });

  contract("views whose NewView is lost are passed over", (cluster) => {
    cluster.propose(...texts(2));
    cluster.settle();
    cluster.drop(({ message }) => message.kind === words.newView && cluster.world.engine.now < 4_000_000);
    cluster.suspect(1, ...cluster.replicas);
    cluster.run(MINUTE);
    unite(cluster);
    expectUnity(cluster);
    expect(cluster.agreement(0).view).toBeGreaterThan(1);
    expectProgress(cluster, "value 3");
    expectUnity(cluster);
    expect(cluster.settle()).toBe(true);
    expect(cluster.timersRunning).toBe(0);
  });

  contract("f dead primaries in a row are passed over", (cluster, { f }) => {
    cluster.propose(...texts(3));
    cluster.settle();
    const dead = Array.from({ length: f }, (_, i) => 1 + i);
    for (const replica of dead) cluster.crash(replica);
    cluster.suspect(1, ...cluster.others(...dead));
    cluster.run(5 * MINUTE);
    expectUnity(cluster);
    expect(cluster.agreement(0).view).toBe(f + 1);
    expectProgress(cluster, "value 4");
    for (const replica of dead) cluster.restart(replica);
    expectProgress(cluster, "value 5");
    expectUnity(cluster);
  });

  contract("f replicas force nothing; one more takes all along (C6)", (cluster, { f }) => {
    const few = cluster.replicas.slice(cluster.n - f);
    cluster.suspect(2, ...few);
    cluster.run(10_000_000);
    for (const replica of cluster.others(...few)) expect(cluster.agreement(replica).view).toBe(0);
    for (const replica of few) expect(cluster.agreement(replica).active).toBe(false);
    cluster.suspect(2, cluster.n - f - 1);
    expect(cluster.settle()).toBe(true);
    for (const replica of cluster.replicas) expect(cluster.agreement(replica).view).toBe(2);
    expectProgress(cluster, "value 1");
    expectUnity(cluster);
  });

  contract("replicas that suspect different views meet in one", (cluster) => {
    cluster.propose(...texts(2));
    cluster.run(8_000);
    for (const replica of cluster.replicas) cluster.suspect(1 + (replica % 3), replica);
    cluster.run(MINUTE);
    unite(cluster);
    expectUnity(cluster);
    expectProgress(cluster, "another");
    expect(cluster.settle()).toBe(true);
    expect(cluster.timersRunning).toBe(0);
  });

  contract("a suspicion of a view that is not higher is void", (cluster) => {
    cluster.suspect(1, ...cluster.replicas);
    cluster.settle();
    cluster.suspect(1, ...cluster.replicas);
    cluster.suspect(0, ...cluster.replicas);
    expect(cluster.timersRunning).toBe(0);
    for (const replica of cluster.replicas) expect(cluster.agreement(replica).active).toBe(true);
  });

  contract("a replica that slept through views wakes up to the newest", (cluster) => {
    const late = cluster.n - 1;
    cluster.drop(({ from, to }) => from === late || to === late);
    for (const view of [1, 2, 3]) {
      cluster.suspect(view, ...cluster.others(late));
      cluster.run(10_000_000);
      const { primary } = cluster.agreement(0);
      if (primary !== late && cluster.agreement(0).active) cluster.proposeAt(primary, `in view ${view}`);
      cluster.run(5_000_000);
    }
    cluster.heal();
    cluster.run(MINUTE);
    if (!cluster.agreement(0).active) cluster.run(2 * MINUTE);
    expectProgress(cluster, "now");
    expectUnity(cluster);
    expect(cluster.log(late)).toEqual(cluster.log(0));
    expect(cluster.settle()).toBe(true);
    expect(cluster.timersRunning).toBe(0);
  });

  contract("one that slept through views joins the rest when all others are gone", (cluster, { f }) => {
    const late = cluster.n - 1;
    cluster.drop(({ from, to }) => from === late || to === late);
    cluster.propose(...texts(2));
    cluster.run(1_000_000);
    for (const view of [1, 2]) {
      cluster.suspect(view, ...cluster.others(late));
      cluster.run(30_000_000);
    }
    cluster.proposeAt(cluster.agreement(0).primary, "value 3");
    cluster.run(5_000_000);
    for (let replica = 0; replica < f; replica += 1) cluster.crash(replica);
    cluster.heal();
    const live = cluster.replicas.slice(f);
    const target = cluster.agreement(f).view + 1;
    cluster.suspect(target, ...live);
    cluster.run(10 * MINUTE);
    expectUnity(cluster);
    expectProgress(cluster, "value 4");
    expect(cluster.log(late)).toEqual(texts(4));
  });

  contract("a checkpoint in the middle is taken over by who lags behind it", (cluster) => {
    const late = cluster.n - 1;
    cluster.drop(({ from, to }) => from === late || to === late);
    cluster.propose(...texts(12));
    cluster.run(5_000_000);
    for (const replica of cluster.others(late)) cluster.advance(replica, 10);
    cluster.proposeAt(0, ...texts(6, 13));
    cluster.run(5_000_000);
    cluster.suspect(1, ...cluster.others(late));
    cluster.run(MINUTE);
    expect(cluster.agreement(0).standing).toEqual({ view: 1, maximum: 18, count: 1, extension: 20 });
    cluster.heal();
    cluster.proposeAt(1, "value 19");
    cluster.run(MINUTE);
    for (const { self, anchor } of cluster.outruns.splice(0)) cluster.jump(self, anchor);
    cluster.act(late, (agreement) => agreement.pursue(19));
    cluster.run(MINUTE);
    cluster.advance(late, Math.min(10, cluster.agreement(late).decided));
    cluster.run(MINUTE);
    expectUnity(cluster);
    expect(cluster.agreement(late).decided).toBe(19);
  });

  contract("probation fades as its slots are decided (dqbft.md 4.2)", (cluster) => {
    let next = 1;
    for (let view = 1; view <= 3; view += 1) {
      cluster.suspect(view, ...cluster.replicas);
      cluster.settle();
      expect(cluster.agreement(0).standing.count).toBe(view);
    }
    const { primary, standing } = cluster.agreement(0);
    expect(standing).toEqual({ view: 3, maximum: 0, count: 3, extension: 6 });
    cluster.proposeAt(primary, ...texts(12, next));
    next += 12;
    cluster.settle();
    cluster.suspect(4, ...cluster.replicas);
    cluster.settle();
    // Six slots past the probation of six: one of the three is forgotten, and this change is added.
    expect(cluster.agreement(0).standing).toEqual({ view: 4, maximum: 12, count: 3, extension: 18 });
    expectUnity(cluster);
  });

  contract("whoever crashes at whatever moment of a view change, it ends", (cluster) => {
    const moments = [
      ...Array.from({ length: 10 }, (_, i) => 30 + 50 * i),
      ...Array.from({ length: 14 }, (_, i) => 10_030 + 50 * i),
      ...Array.from({ length: 10 }, (_, i) => 20_030 + 50 * i),
    ];
    for (const moment of moments) {
      for (const victims of [[0], [1], [2], cluster.replicas]) {
        const run = open(cluster.n, moment);
        run.propose(...texts(2));
        run.settle();
        run.propose(...texts(2, 3));
        run.run(words.preparedMicros ?? 10_300);
        run.suspect(1, ...run.replicas);
        run.run(moment);
        crashBriefly(run, victims);
        run.run(3 * MINUTE);
        expectUnity(run);
        expect(run.log(1).slice(-2)).not.toContain("value 1");
        expectProgress(run, "another");
        expect(run.world.reports, `at ${moment}, ${victims.join()}`).toEqual([]);
      }
    }
  });

  contract("a primary that opened its view goes on in it after a restart", (cluster) => {
    cluster.propose(...texts(2));
    cluster.settle();
    cluster.suspect(1, ...cluster.replicas);
    cluster.settle();
    cluster.proposeAt(1, ...texts(2, 3));
    cluster.run(120);
    crashBriefly(cluster, [1]);
    expect(cluster.agreement(1).standing).toEqual({ view: 1, maximum: 2, count: 1, extension: 4 });
    cluster.run(MINUTE);
    expectProgress(cluster, "value 5");
    expectUnity(cluster);
    for (const replica of cluster.others(1)) expect(cluster.log(replica)).toEqual(texts(5));
  });

  contract("after a restart of all in a later view, all goes on in it", (cluster) => {
    cluster.propose(...texts(2));
    cluster.settle();
    cluster.suspect(2, ...cluster.replicas);
    cluster.settle();
    cluster.proposeAt(2, ...texts(3, 3));
    cluster.settle();
    for (const replica of cluster.replicas) cluster.advance(replica, 3);
    crashBriefly(cluster, cluster.replicas);
    cluster.run(MINUTE);
    expectProgress(cluster, "value 6");
    expectUnity(cluster);
    for (const replica of cluster.replicas) {
      expect(cluster.log(replica)).toEqual(texts(3, 4));
      expect(cluster.standings(replica).map(({ view }) => view)).toEqual([2]); // The first after a restart is told too.
    }
    expect(cluster.settle()).toBe(true);
    expect(cluster.timersRunning).toBe(0);
  });
}

function crashBriefly(cluster: AgreementCluster, victims: readonly ReplicaId[]): void {
  for (const victim of victims) cluster.crash(victim);
  cluster.run(200);
  for (const victim of victims) cluster.restart(victim);
}
