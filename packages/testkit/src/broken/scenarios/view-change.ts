import { outcomeOf } from "@destiny/core/agreement/shared/trusted/validity";
import type { NewView } from "@destiny/core/wire/view-change";
import { Counterfeit } from "./counterfeit.ts";
import { demand } from "./demand.ts";

// Attacks on the view change of Linear Hybster that the broken variants of hybster.md 14 let through. Every certificate in them
// is one that a sound trusted subsystem grants.

/** View 1 is open on the departures of replicas 0 and 1, who had done nothing. */
function openFirst(stage: Counterfeit): {
  readonly newView: NewView;
  readonly departure: ReturnType<Counterfeit["leave"]>;
} {
  const departure = stage.leave(0, 1);
  const newView = stage.open(1, [departure, stage.leave(1, 1)], [], null);
  demand(stage.enters(newView), "a NewView on two honest departures is entered");
  return { newView, departure };
}

/** What a faulty replica did in view 1 is between two steps of its counter that it does not show. */
export function hidesActBetweenSteps(): void {
  const stage = new Counterfeit();
  const { departure } = openFirst(stage);
  stage.vote(0, stage.prepare(1, 1, "committed in view 1"));
  const second = stage.leave(0, 2, { chain: [departure.link] });
  demand(!stage.counts(second), "a step from [1|1] does not follow one to [1|0]");
}

/** The same, and a further failed view: the newest step begins at a view's start, as honest ones do. */
export function hidesViewInTheMiddle(): void {
  const stage = new Counterfeit();
  const { departure } = openFirst(stage);
  stage.vote(0, stage.prepare(1, 1, "committed in view 1"));
  const chain = [departure.link];
  stage.leave(0, 2, { chain });
  const third = stage.leave(0, 3, { chain });
  demand(!stage.counts(third), "the step out of view 1 is not shown");
}

/** The newest step alone, as if nothing had been before. */
export function showsNewestStepOnly(): void {
  const stage = new Counterfeit();
  openFirst(stage);
  stage.vote(0, stage.prepare(1, 1, "committed in view 1"));
  stage.leave(0, 2);
  demand(!stage.counts(stage.leave(0, 3)), "steps before the newest are not shown");
}

/** A departure that says less of its base than the counter did there. */
export function understatesItsActs(): void {
  const stage = new Counterfeit();
  const prepare = stage.prepare(0, 1, "committed in view 0");
  stage.vote(1, prepare);
  demand(!stage.counts(stage.leave(1, 1)), "the counter was at [0|1], the departure says [0|0]");
}

/** A departure that says where its counter was, and leaves a slot out. */
export function leavesSlotOut(): void {
  const stage = new Counterfeit();
  const first = stage.prepare(0, 1, "committed in view 0");
  const second = stage.prepare(0, 2, "another");
  stage.vote(1, first);
  stage.vote(1, second);
  const departure = stage.leave(1, 1, { oLast: 2, prepares: [second] });
  demand(!stage.counts(departure), "slot 1 is neither listed nor covered");
}

/** The same replica, honestly: control of the scenarios around it. */
export function honestDepartureCounts(): void {
  const stage = new Counterfeit();
  const first = stage.prepare(0, 1, "committed in view 0");
  stage.vote(1, first);
  demand(stage.counts(stage.leave(1, 1, { oLast: 1, prepares: [first] })), "an honest departure counts");
}

/** A step whose certificate is for another old value than it says. */
export function liesAboutOldValue(): void {
  const stage = new Counterfeit();
  stage.vote(1, stage.prepare(0, 1, "committed in view 0"));
  const honest = stage.leave(1, 1);
  const lie = honest.certified({ view: 0, seq: 0 }, honest.certificate);
  demand(!stage.counts(lie), "the certificate reveals [0|1], the departure says [0|0]");
}

/** View 1 re-proposes slot 1; replica 2 enters it, does not vote, and leaves for view 2 without a word of it. */
export function forgetsReproposal(): void {
  const stage = new Counterfeit();
  const prepare = stage.prepare(0, 1, "committed in view 0");
  stage.vote(1, prepare);
  const departures = [stage.leave(1, 1, { oLast: 1, prepares: [prepare] }), stage.leave(2, 1)];
  const again = stage.prepare(1, 1, "committed in view 0", 1);
  const base = stage.open(1, departures, [again], null);
  demand(stage.enters(base), "the NewView re-proposes what was voted for");
  demand(!stage.counts(stage.leave(0, 2, { base })), "the NewView's re-proposal is not listed");
  demand(stage.counts(stage.leave(2, 2, { base, prepares: [again] })), "with the re-proposal it counts");
}

/** View 1 starts from a checkpoint; a faulty replica shows none, and an empty list: the slots before it are open again. */
export function undercutsCheckpoint(): void {
  const stage = new Counterfeit();
  const anchor = stage.anchor(1);
  const departures = [stage.leave(1, 1, { anchor }), stage.leave(2, 1, { anchor })];
  const base = stage.open(1, departures, [], anchor);
  demand(stage.enters(base), "a NewView on a checkpoint is entered");
  demand(!stage.counts(stage.leave(0, 2, { base })), "its checkpoint is below the base's");
  demand(stage.counts(stage.leave(2, 2, { base, anchor })), "with the base's checkpoint it counts");
}

/** A departure on a base that nobody has opened. */
export function inventsBase(): void {
  const stage = new Counterfeit();
  const departures = [stage.leave(1, 1), stage.leave(2, 1)];
  const base = stage.open(1, departures, [], null);
  const departure = stage.leave(2, 2, { base });
  demand(!stage.counts(departure), "the NewView of the base is not known here");
}

/** A departure on a base whose NewView is another one than it says. */
export function namesOtherBase(): void {
  const stage = new Counterfeit();
  const { newView } = openFirst(stage);
  const { view, viewChanges, anchor, count, certificate } = newView;
  const prepares = [stage.prepare(1, 1, "never proposed by the NewView")];
  const other = { view, viewChanges, anchor, prepares, count, certificate, digest: "\x01".repeat(32) };
  const departure = stage.leave(2, 2, { base: other as unknown as NewView });
  demand(!stage.counts(departure), "the digest of the base's NewView is another");
}

/** A departure that lists a Prepare of an older view where the base's own belongs. */
export function listsBarePrepare(): void {
  const stage = new Counterfeit();
  const old = stage.prepare(0, 1, "of view 0");
  const departures = [stage.leave(1, 1), stage.leave(2, 1)];
  const base = stage.open(1, departures, [], null);
  demand(stage.enters(base), "a NewView on two honest departures is entered");
  stage.vote(2, stage.prepare(1, 1, "of view 1"));
  const departure = stage.leave(2, 2, { base, oLast: 1, prepares: [old] });
  demand(!stage.counts(departure), "a Prepare of view 0 is no act in view 1");
}

/** A departure that lists what its sender certified at its own counter: the claim is the same, the primary is another. */
export function listsOwnCertificate(): void {
  const stage = new Counterfeit();
  stage.vote(2, stage.prepare(0, 1, "committed in view 0"));
  const own = stage.ownHeader(1, 1, "never proposed");
  const departure = stage.leave(1, 1, { oLast: 1, prepares: [own] });
  demand(!stage.counts(departure), "only the primary's certificate makes a Prepare");
}

/** A departure that lists another Prepare of view 1 than its NewView has at that slot. */
export function replacesReproposal(): void {
  const stage = new Counterfeit();
  const first = stage.prepare(0, 1, "committed in view 0");
  stage.vote(1, first);
  const departures = [stage.leave(1, 1, { oLast: 1, prepares: [first] }), stage.leave(2, 1)];
  const again = stage.prepare(1, 1, "committed in view 0", 1);
  const base = stage.open(1, departures, [again], null);
  demand(stage.enters(base), "the NewView re-proposes what was voted for");
  const mirror = new Counterfeit(); // Replica 1 in another life: a Prepare that its subsystem would not grant twice.
  const other = mirror.prepare(1, 1, "another", 1);
  demand(
    !stage.counts(stage.leave(2, 2, { base, prepares: [other] })),
    "the NewView has another digest there",
  );
}

/** A new primary opens its view with less than its departures show. */
export function opensWithLess(): void {
  const stage = new Counterfeit();
  const prepare = stage.prepare(0, 1, "committed in view 0");
  stage.vote(1, prepare);
  const departures = [stage.leave(1, 1, { oLast: 1, prepares: [prepare] }), stage.leave(2, 1)];
  demand(!stage.enters(stage.open(1, departures, [], null)), "slot 1 is not proposed again");
}

/** A new primary opens its view on one departure, counted twice, or on too few. */
export function opensOnOneDeparture(): void {
  const stage = new Counterfeit();
  const departure = stage.leave(1, 1);
  demand(!stage.enters(stage.open(1, [departure], [], null)), "one departure is not f + 1");
  const twice = new Counterfeit();
  const same = twice.leave(1, 1);
  demand(!twice.enters(twice.open(1, [same, same], [], null)), "one sender counts once");
}

/** Two departures list different values for a slot: the one of the higher view is the one that may be committed. */
export function prefersLowerView(): void {
  const stage = new Counterfeit();
  const old = stage.prepare(0, 1, "of view 0");
  stage.vote(2, old);
  const late = stage.leave(2, 2, { oLast: 1, prepares: [old] });
  const departures = [stage.leave(0, 1, { oLast: 1, prepares: [old] }), stage.leave(1, 1)];
  const again = stage.prepare(1, 1, "of view 0", 1);
  const base = stage.open(1, departures, [again], null);
  demand(stage.enters(base), "the NewView re-proposes what was voted for");
  const newer = stage.prepare(1, 2, "of view 1", 1);
  const departed = stage.leave(1, 2, { base, oLast: 2, prepares: [again, newer] });
  const mirror = new Counterfeit();
  const higher = mirror.prepare(1, 1, "of view 1", 1);
  const changed = Object.assign(Object.create(Object.getPrototypeOf(departed)), departed, {
    prepares: [higher, newer],
  }) as typeof departed;
  for (const pair of [
    [late, changed],
    [changed, late],
  ]) {
    const { digests } = outcomeOf(stage.law, 2, pair, stage.lineage.basesOf(pair));
    demand(digests[0] === higher.digest, "the Prepare of the highest view is proposed again");
  }
}
