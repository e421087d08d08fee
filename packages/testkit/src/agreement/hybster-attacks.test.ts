import { FaultModel } from "@destiny/core/kernel/fault-model";
import { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import { type Message, MessageKind, Proposal } from "@destiny/core/wire/messages";
import { Body, FIRST_VIEW_DIGEST, NewView, ViewChange } from "@destiny/core/wire/view-change";
import { expect, test } from "vitest";
import { AgreementCluster } from "./agreement-cluster.ts";
import {
  type Dialect,
  FaultyHybster,
  LINEAR,
  sentBy,
  TWO_PHASE,
  type ViewChangeFields,
} from "./faulty-hybster.ts";

const SECOND = 1_000_000;
const isProposal = (message: Message): message is Proposal => message instanceof Proposal;
const isViewChange = (message: Message): message is ViewChange => message instanceof ViewChange;
const isNewView = (message: Message): message is NewView => message instanceof NewView;
const open = ({ protocol }: Dialect, n = 3): AgreementCluster =>
  new AgreementCluster(protocol, { faults: FaultModel.hybrid(n) });
/** What holds of Linear Hybster and of Hybster. */
const rule = (says: string, check: (dialect: Dialect) => void): void => {
  test.each([LINEAR, TWO_PHASE])(`${says} ($name)`, check);
};
/** A ViewChange from view 0 that lists nothing. */
const empty = (to: number, changed: Partial<ViewChangeFields> = {}): ViewChangeFields => {
  const first = { base: 0, baseDigest: FIRST_VIEW_DIGEST, oLast: 0, anchor: null, prepares: [], chain: [] };
  return { to, ...first, ...changed };
};

/** r1 opens view 1 on the word of r0 and itself, and decides "a" with r0; r2 hears nothing of it. */
function decideBehindTheBack(dialect: Dialect): {
  cluster: AgreementCluster;
  faulty: FaultyHybster;
  newView: NewView;
} {
  const cluster = open(dialect);
  const faulty = new FaultyHybster(cluster, 0, dialect);
  cluster.drop(({ from, to }) => to === 2 || from === 2);
  cluster.suspect(1, 1);
  faulty.send(faulty.leave(empty(1)), 1);
  cluster.run(SECOND / 10);
  expect(cluster.agreement(1).active).toBe(true);
  cluster.proposeAt(1, "a");
  cluster.run(SECOND / 10);
  const prepare = sentBy(cluster, 1, isProposal).at(-1);
  if (prepare !== undefined) faulty.send(faulty.vote(prepare), 1);
  cluster.run(SECOND / 10);
  expect(cluster.log(1)).toEqual(["a"]);
  const newView = sentBy(cluster, 1, isNewView).at(-1);
  if (newView === undefined) throw new Error("view 1 was opened");
  cluster.heal();
  return { cluster, faulty, newView };
}

/** View 3, opened by r0 with its own word and that of r2, which knows nothing. */
function openThree(cluster: AgreementCluster, faulty: FaultyHybster, word: ViewChange): void {
  cluster.drop(({ from, to }) => from === 1 || to === 1);
  cluster.suspect(3, 2);
  cluster.run(SECOND / 10);
  const other = sentBy(cluster, 2, isViewChange).at(-1);
  if (other === undefined) throw new Error("r2 has left");
  const newView = faulty.open({ view: 3, viewChanges: [word, other], anchor: null, prepares: [], count: 1 });
  faulty.send(newView, 2);
  faulty.send(faulty.propose(3, 1, "b", 2), 2);
  cluster.run(SECOND);
}

function expectNoHarm(cluster: AgreementCluster): void {
  expect(cluster.agreement(2).view === 3 && cluster.agreement(2).active).toBe(false);
  cluster.heal();
  const view = Math.max(cluster.agreement(1).view, cluster.agreement(2).view) + 1;
  cluster.suspect(view % 3 === 0 ? view + 1 : view, 1, 2);
  cluster.run(60 * SECOND);
  expect(cluster.conflicts).toEqual([]);
  expect(cluster.log(2)).toEqual(["a"]);
}

rule("hybster.md 6.5: whoever omits the step out of a view in which it voted is not believed", (dialect) => {
  const { cluster, faulty } = decideBehindTheBack(dialect);
  faulty.leave(empty(2, { chain: [...faulty.links] }));
  const [first] = faulty.links;
  if (first === undefined) throw new Error("it has left for view 1");
  openThree(cluster, faulty, faulty.leave(empty(3, { chain: [first] })));
  expect(cluster.refusals(0)).toContain(Misbehaviour.BadEvidence);
  expectNoHarm(cluster);
});

rule(
  "hybster.md 6.2: whoever shows all steps shows that it voted in view 1, so view 0 is no base of it",
  (dialect) => {
    const { cluster, faulty } = decideBehindTheBack(dialect);
    openThree(cluster, faulty, faulty.leave(empty(3, { chain: [...faulty.links] })));
    expect(cluster.refusals(0)).toContain(Misbehaviour.BadEvidence);
    expectNoHarm(cluster);
  },
);

rule("hybster.md 6.2: on its true base it must list what was decided", (dialect) => {
  const { cluster, faulty, newView } = decideBehindTheBack(dialect);
  const base = { base: 1, baseDigest: newView.digest, oLast: 0 };
  faulty.send(newView, 2); // So that r2 can judge.
  openThree(cluster, faulty, faulty.leave(empty(3, base)));
  expect(cluster.agreement(2).standing.view).not.toBe(3);
  expectNoHarm(cluster);
});

rule("hybster.md 6.2: an invented base is asked for, and nothing happens", (dialect) => {
  const { cluster, faulty } = decideBehindTheBack(dialect);
  openThree(cluster, faulty, faulty.leave(empty(3, { base: 2, baseDigest: "x".repeat(32) })));
  expectNoHarm(cluster);
});

rule("hybster.md 6.5: a step with equal ends alone hides nothing", (dialect) => {
  const { cluster, faulty } = decideBehindTheBack(dialect);
  faulty.leave(empty(3));
  openThree(cluster, faulty, faulty.leave(empty(3)));
  expect(cluster.refusals(0)).toContain(Misbehaviour.BadEvidence);
  expectNoHarm(cluster);
});

rule(
  "linear-hybster.md 6: what a faulty replica lists and nobody has is left out, if it does not supply it",
  (dialect) => {
    for (const supplies of [false, true]) {
      const cluster = open(dialect, 5);
      const faulty = new FaultyHybster(cluster, 0, dialect);
      cluster.drop(({ from, to }) => from > 2 || to > 2); // So that its word is needed, or that of those who come late.
      const hidden = faulty.propose(0, 1, "hidden");
      const word = faulty.leave(empty(1, { oLast: 1, prepares: [hidden.header()] }));
      faulty.send(word, 1, 2, 3);
      cluster.run(SECOND / 10);
      cluster.suspect(1, 1, 2);
      cluster.run(SECOND / 10);
      expect(cluster.agreement(1).active).toBe(false);
      const asked = cluster.sent.some(({ from, to, message }) => {
        return from === 1 && to === 0 && message.kind === MessageKind.FetchBodies;
      });
      expect(asked).toBe(true);
      if (supplies && hidden.value !== null) faulty.send(new Body(hidden.value), 1);
      else cluster.heal();
      cluster.run(30 * SECOND);
      cluster.heal();
      cluster.suspect(Math.max(...[1, 2].map((each) => cluster.agreement(each).view)), 1, 2, 3, 4);
      cluster.run(60 * SECOND);
      // hybster.md 11.3: nobody validated it, and it is decided all the same.
      for (const replica of [1, 2]) {
        expect(cluster.agreement(replica).active).toBe(true);
        expect(cluster.log(replica)).toEqual(supplies ? ["hidden"] : []);
      }
    }
  },
);

rule("hybster.md 10.2: whoever lost its log is silent, until it comes to a newer base", (dialect) => {
  const cluster = open(dialect);
  cluster.suspect(1, 2);
  cluster.run(SECOND);
  cluster.crash(2);
  cluster.wipe(2);
  cluster.restart(2); // It knows of no view but the first, in which its counter signs nothing new.
  cluster.propose("c", "d");
  cluster.run(5 * SECOND);
  expect(cluster.refusals(2)).toEqual([Misbehaviour.CounterAhead]);
  cluster.suspect(1, ...cluster.replicas);
  cluster.run(30 * SECOND);
  expect(cluster.replicas.map((replica) => cluster.agreement(replica).active)).toEqual([true, true, true]);
  cluster.crash(0);
  cluster.proposeAt(1, "e"); // Its vote is needed now.
  cluster.run(5 * SECOND);
  expect(cluster.log(2)).toEqual(["c", "d", "e"]);
  expect(cluster.conflicts).toEqual([]);
});

rule(
  "hybster.md 10.2: a primary that lost its log proposes nothing until it comes to a newer base",
  (dialect) => {
    const cluster = open(dialect);
    cluster.propose("a", "b");
    cluster.settle();
    cluster.crash(0);
    cluster.wipe(0);
    cluster.restart(0);
    cluster.propose("c");
    cluster.run(5 * SECOND);
    expect(cluster.agreement(0).mayPropose).toBe(false);
    cluster.suspect(3, ...cluster.replicas); // It is its own again.
    cluster.run(60 * SECOND);
    cluster.suspect(
      Math.max(...cluster.replicas.map((each) => cluster.agreement(each).view)),
      ...cluster.replicas,
    );
    cluster.run(60 * SECOND);
    const { primary } = cluster.agreement(1);
    cluster.proposeAt(primary, "d");
    cluster.run(10 * SECOND);
    for (const replica of [1, 2]) expect(cluster.log(replica)).toEqual(["a", "b", "d"]);
    expect(cluster.conflicts).toEqual([]);
  },
);

rule(
  "hybster.md 6.6: one replica alone is not walked ahead by a faulty one that answers it only",
  (dialect) => {
    const cluster = open(dialect, 5);
    const faulty = [new FaultyHybster(cluster, 0, dialect), new FaultyHybster(cluster, 1, dialect)];
    cluster.suspect(2, 2);
    for (let view = 2; view < 7; view += 1) {
      for (const each of faulty) each.send(each.leave(empty(view, { chain: [...each.links] })), 2);
      cluster.run(SECOND * 2 ** (view - 1));
    }
    const views = [2, 3, 4].map((replica) => cluster.agreement(replica).view);
    expect(Math.max(...views) - Math.min(...views)).toBeLessThan(2);
  },
);

rule(
  "a Prepare of a view that has not been entered waits, and is voted for when its NewView comes",
  (dialect) => {
    const cluster = open(dialect);
    cluster.drop(({ to, message }) => {
      return to === 2 && message.kind === MessageKind.NewView && cluster.world.engine.now < SECOND / 2;
    });
    cluster.suspect(1, ...cluster.replicas);
    cluster.run(SECOND / 10);
    cluster.crash(0);
    cluster.proposeAt(1, "a");
    cluster.run(20 * SECOND);
    for (const replica of [1, 2]) expect(cluster.log(replica)).toEqual(["a"]);
  },
);

rule("a proposal with another extension than its view's is refused", (dialect) => {
  const cluster = open(dialect);
  const faulty = new FaultyHybster(cluster, 1, dialect);
  cluster.suspect(1, 0, 2);
  cluster.run(SECOND / 10);
  const words = [0, 2].map((from) => sentBy(cluster, from, isViewChange).at(-1) as ViewChange);
  faulty.send(faulty.open({ view: 1, viewChanges: words, anchor: null, prepares: [], count: 1 }), 0, 2);
  faulty.send(faulty.propose(1, 1, "a", 3), 0);
  cluster.run(SECOND / 10);
  expect(cluster.agreement(0).standing).toEqual({ view: 1, maximum: 0, count: 1, extension: 2 });
  expect(cluster.agreement(0).known).toBe(0);
  expect(cluster.refusals(1)).toEqual([Misbehaviour.BadValue]);
});

rule(
  "hybster.md 6.4: a new primary that crashed while it opened its view finishes before it leaves again",
  (dialect) => {
    for (let moment = 10_000; moment < 11_000; moment += 25) {
      const cluster = open(dialect);
      cluster.propose("a", "b");
      cluster.settle();
      cluster.crash(0);
      cluster.suspect(1, 1, 2);
      cluster.run(moment);
      cluster.crash(1);
      cluster.run(200);
      cluster.drop(({ from, to }) => from + to === 3); // Nobody tells it again what it had chosen from.
      cluster.restart(1);
      cluster.run(5 * SECOND);
      cluster.heal();
      cluster.run(30 * SECOND);
      const view = Math.max(cluster.agreement(1).view, cluster.agreement(2).view);
      const next = cluster.agreement(1).active && cluster.agreement(2).active ? view : view + 1;
      cluster.suspect(next % 3 === 0 ? next + 1 : next, 1, 2);
      cluster.run(60 * SECOND);
      expect(cluster.refusals(1), `at ${moment}`).toEqual([]);
      expect([1, 2].map((replica) => cluster.agreement(replica).active)).toEqual([true, true]);
      cluster.proposeAt(cluster.agreement(1).primary, "c");
      cluster.run(5 * SECOND);
      for (const replica of [1, 2]) expect(cluster.log(replica).at(-1)).toBe("c");
      expect(cluster.conflicts).toEqual([]);
    }
  },
);
