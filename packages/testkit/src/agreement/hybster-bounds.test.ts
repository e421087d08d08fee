import { FaultModel } from "@destiny/core/kernel/fault-model";
import {
  FIRST_VIEW_DIGEST,
  NewView,
  NewViewAck,
  ViewChange,
  ViewState,
} from "@destiny/core/wire/view-change";
import { expect, test } from "vitest";
import { AgreementCluster } from "./agreement-cluster.ts";
import { type Dialect, FaultyHybster, LINEAR, sentBy, TWO_PHASE } from "./faulty-hybster.ts";

const SECOND = 1_000_000;
const VIEWS = 60;
/** NewViews that a base may rest on, and the base. */
const KEPT_MAX = 17;
const EMPTY = { oLast: 0, anchor: null, prepares: [] };

const isViewChange = (message: unknown): message is ViewChange => message instanceof ViewChange;
const isNewView = (message: unknown): message is NewView => message instanceof NewView;

/** The state of views in a replica's log. */
function stateOf(cluster: AgreementCluster, replica: number): ViewState {
  const records = [...cluster.world.host(replica).disk.records()].map(({ message }) => message);
  const state = records.find((message) => message instanceof ViewState);
  if (!(state instanceof ViewState)) throw new Error("it has changed views");
  return state;
}

/**
 * r0 leads r1 from view to view while r2 is away: it opens its own views, helps r1 to open r1's, and vouches for none, so that
 * none is ever established. Its own words always have the view before as their base.
 */
function walk(dialect: Dialect): { cluster: AgreementCluster; kept: number } {
  const cluster = new AgreementCluster(dialect.protocol, { faults: FaultModel.hybrid(3) });
  const faulty = new FaultyHybster(cluster, 0, dialect);
  cluster.drop(({ from, to }) => from === 2 || to === 2);
  let base: Pick<ViewChange, "base" | "baseDigest"> = { base: 0, baseDigest: FIRST_VIEW_DIGEST };
  let steps = 0;
  let kept = 0;
  for (let view = 1; view <= VIEWS; view += 1) {
    if (view % 3 === 2) continue; // Of r2.
    cluster.suspect(view, 1);
    cluster.run(SECOND / 10);
    const word = faulty.leave({ to: view, ...base, ...EMPTY, chain: faulty.links.slice(steps) });
    const other = sentBy(cluster, 1, isViewChange).findLast(({ to }) => to === view);
    if (view % 3 === 1) faulty.send(word, 1);
    else if (other !== undefined) {
      const count = view;
      const opening = { view, viewChanges: [word, other], anchor: null, prepares: [], count };
      faulty.send(faulty.open(opening), 1);
    }
    cluster.run(SECOND / 10);
    const opened = sentBy(cluster, 1, isNewView).findLast((newView) => newView.view === view);
    if (opened !== undefined) {
      base = { base: view, baseDigest: opened.digest };
      steps = faulty.links.length;
    }
    kept = Math.max(kept, stateOf(cluster, 1).kept.length);
  }
  return { cluster, kept };
}

test.each([LINEAR, TWO_PHASE])(
  "hybster.md 6.2: a replica that is led through views of which none is established keeps few of them, and comes back ($name)",
  (dialect) => {
    const { cluster, kept } = walk(dialect);
    expect(kept).toBeGreaterThan(KEPT_MAX / 2);
    expect(kept).toBeLessThanOrEqual(KEPT_MAX);
    cluster.heal();
    // What r2 says of r1's base is lost for a while: it has to say it again, or nobody may open a view any more.
    cluster.drop(({ message }) => message instanceof NewViewAck);
    cluster.suspect(VIEWS + 1, 1, 2);
    cluster.run(30 * SECOND);
    cluster.heal();
    cluster.run(120 * SECOND);
    expect([1, 2].map((each) => cluster.agreement(each).active)).toEqual([true, true]);
    expect(stateOf(cluster, 1).kept.length).toBeLessThanOrEqual(2);
    const { primary } = cluster.agreement(1);
    cluster.proposeAt(primary, "a");
    cluster.run(10 * SECOND);
    expect([1, 2].map((each) => cluster.log(each))).toEqual([["a"], ["a"]]);
    expect(cluster.conflicts).toEqual([]);
  },
);

test.each([LINEAR, TWO_PHASE])(
  "hybster.md 6.1: a primary that waits for others takes no step of its counter for every checkpoint meanwhile ($name)",
  (dialect) => {
    const cluster = new AgreementCluster(dialect.protocol, { faults: FaultModel.hybrid(5) });
    cluster.propose(...Array.from({ length: 12 }, (_, index) => `value ${index}`));
    cluster.settle();
    cluster.drop(({ from, to }) => from === 1 || to === 1);
    cluster.suspect(1, 1);
    cluster.run(SECOND / 10);
    for (let low = 1; low <= 12; low += 1) {
      cluster.advance(1, low);
      cluster.run(SECOND / 10);
    }
    const words = sentBy(cluster, 1, isViewChange);
    expect(new Set(words.map(({ digest }) => digest)).size).toBe(1);
    cluster.heal();
    for (const other of cluster.others(1)) cluster.advance(other, 12);
    cluster.suspect(1, ...cluster.others(1));
    cluster.run(SECOND);
    expect(cluster.replicas.map((each) => cluster.agreement(each).active)).toEqual([
      true,
      true,
      true,
      true,
      true,
    ]);
    expect(cluster.agreement(1).view).toBe(1);
  },
);

test.each([LINEAR, TWO_PHASE])(
  "hybster.md 3 and 14: who crashes as it votes in a new view knows that view as its base afterwards ($name)",
  ({ protocol }) => {
    let voted = 0;
    for (let moment = 0; moment < 16_000; moment += 100) {
      const cluster = new AgreementCluster(protocol, { faults: FaultModel.hybrid(3) });
      cluster.propose("a"); // So that the new view begins with a vote.
      cluster.settle();
      let votes = 0;
      cluster.world.trust.watch(({ replica, claim }) => {
        const counted = claim.type === "slot" || claim.type === "unique";
        if (replica === 2 && counted && claim.value.view === 1) votes += 1;
      });
      cluster.drop(({ from, to }) => from === 0 || to === 0);
      cluster.suspect(1, 1, 2);
      while (!cluster.agreement(1).active || cluster.agreement(1).view === 0) cluster.run(100);
      cluster.run(moment);
      voted += votes;
      // Nobody else has its view's NewView now, and without its base its view changes are void.
      for (const replica of [1, 2]) cluster.crash(replica);
      cluster.heal();
      cluster.restart(2);
      cluster.suspect(2, 0, 2);
      cluster.run(30 * SECOND);
      expect(
        [0, 2].map((replica) => cluster.agreement(replica).active),
        `at ${moment}`,
      ).toEqual([true, true]);
      cluster.proposeAt(cluster.agreement(2).primary, "b");
      cluster.run(5 * SECOND);
      expect(cluster.log(0).at(-1), `at ${moment}`).toBe("b");
    }
    expect(voted).toBeGreaterThan(10);
  },
);
