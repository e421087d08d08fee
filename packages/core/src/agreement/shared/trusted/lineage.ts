import type { ReplicaId, View } from "../../../kernel/ids.ts";
import type { Certificate } from "../../../wire/messages.ts";
import type { KeptNewView, NewView, NewViewAck, ViewChange } from "../../../wire/view-change.ts";
import { type Base, baseOf, FIRST_BASE, follows, isValidViewChange, type Law } from "./validity.ts";

/** NewViews that wait to be judged, at most; the lowest go first. */
const CANDIDATES_MAX = 32;
/** Valid NewViews above our base that are remembered, at most; the highest stay, with those that they rest on. */
const AHEAD_MAX = 32;
/**
 * NewViews that are not established and that a base may rest on. One that rests on more is no base until it is established
 * itself. So what has to be kept is bounded, while no correct replica's base is ever refused by another: it rests on no more.
 */
const RESTS_MAX = 16;
/** NewViews of one instance in memory, at most, but for established ones that older ones rest on. */
export const NEW_VIEWS_MAX: number = CANDIDATES_MAX + AHEAD_MAX + RESTS_MAX + 1;
/** Acks of one sender that are remembered, at most. */
const ACKS_MAX = 4;

/** A NewView that is valid here. */
interface Known {
  readonly base: Base;
  readonly newView: NewView;
  /** A commit certificate of its view. */
  commit: Certificate | null;
}

/**
 * What a look at a message came to: it is valid or not, or the NewView of this view has to be known first. A NewView that is
 * valid and rests on too much stays where it is until it is established.
 */
export type Judgement = { readonly valid: boolean; readonly heavy?: NewView } | { readonly missing: View };

/** The NewViews that are valid here, those that may be, and what establishes them (hybster.md 6.2). */
export class Lineage {
  readonly #law: Law;
  readonly #oneCorrect: number;
  readonly #known = new Map<View, Known>();
  readonly #candidates = new Map<View, { readonly newView: NewView; readonly from: ReplicaId }>();
  readonly #acks = new Map<ReplicaId, NewViewAck[]>();
  /** ViewChanges found valid: their bases do not change. */
  readonly #valid = new WeakSet<ViewChange>();
  /** A commit certificate of the highest view of which there is one. */
  #commit: Certificate | null = null;

  constructor(law: Law, oneCorrect: number) {
    this.#law = law;
    this.#oneCorrect = oneCorrect;
  }

  /** The view as a base; null if its NewView is not known to be valid. */
  base(view: View): Base | null {
    return view === 0 ? FIRST_BASE : (this.#known.get(view)?.base ?? null);
  }

  newView(view: View): NewView | null {
    return this.#known.get(view)?.newView ?? null;
  }

  /** Whether its NewView is here, valid or not yet known to be. */
  has(view: View): boolean {
    return view === 0 || this.#known.has(view) || this.#candidates.has(view);
  }

  /** Views above this one whose NewViews are valid here, highest first. */
  above(view: View): readonly View[] {
    return [...this.#known.keys()].filter((each) => each > view).sort((a, b) => b - a);
  }

  /** Views whose NewViews wait to be judged, lowest first. */
  get candidates(): readonly View[] {
    return [...this.#candidates.keys()].sort((a, b) => a - b);
  }

  /** Who sent the candidate of a view. */
  sourceOf(view: View): ReplicaId | null {
    return this.#candidates.get(view)?.from ?? null;
  }

  /** What was received of a view, and of those who hold it valid. */
  kept(view: View): KeptNewView | null {
    const known = this.#known.get(view);
    if (known === undefined) return null;
    return { newView: known.newView, acks: this.#acksFor(known.newView), commit: known.commit };
  }

  /** An authentic NewView, and who sent it. */
  offer(newView: NewView, from: ReplicaId): void {
    if (this.has(newView.view)) return;
    this.#candidates.set(newView.view, { newView, from });
    const [lowest] = this.candidates;
    if (this.#candidates.size > CANDIDATES_MAX && lowest !== undefined) this.#candidates.delete(lowest);
  }

  onAck(ack: NewViewAck): void {
    const others = (this.#acks.get(ack.sender) ?? []).filter(({ view }) => view !== ack.view);
    const acks = [...others, ack].sort((a, b) => b.view - a.view);
    this.#acks.set(ack.sender, acks.slice(0, ACKS_MAX));
  }

  onCommit(commit: Certificate): void {
    if (commit.view === 0) return;
    if (commit.view > (this.#commit?.view ?? 0)) this.#commit = commit;
    const known = this.#known.get(commit.view);
    if (known !== undefined && known.commit === null) known.commit = commit;
  }

  /** Judges a candidate: recomputed from its ViewChanges, or established. A valid one becomes known, an invalid one is forgotten. */
  judge(view: View): Judgement {
    const newView = this.#candidates.get(view)?.newView;
    if (newView === undefined) return { valid: this.#known.has(view) };
    if (this.#isEstablished(newView)) return this.#accept(newView);
    const bases = new Map<View, Base>();
    for (const viewChange of newView.viewChanges) {
      const base = this.base(viewChange.base);
      if (base === null) return { missing: viewChange.base };
      bases.set(viewChange.base, base);
      const judgement = this.judgeViewChange(viewChange);
      if (!("valid" in judgement && judgement.valid)) return this.#refuse(view);
    }
    if (this.canBear(newView.viewChanges)) {
      return follows(this.#law, newView, bases) ? this.#accept(newView) : this.#refuse(view);
    }
    return follows(this.#law, newView, bases) ? { valid: true, heavy: newView } : this.#refuse(view);
  }

  judgeViewChange(viewChange: ViewChange): Judgement {
    const base = this.base(viewChange.base);
    if (base === null) return { missing: viewChange.base };
    if (this.#valid.has(viewChange)) return { valid: true };
    const valid = isValidViewChange(this.#law, viewChange, base);
    if (valid) this.#valid.add(viewChange);
    return { valid };
  }

  #accept(newView: NewView): Judgement {
    this.restore({ newView, acks: [], commit: this.#commit?.view === newView.view ? this.#commit : null });
    return { valid: true };
  }

  #refuse(view: View): Judgement {
    this.#candidates.delete(view);
    return { valid: false };
  }

  /** Our own NewView, or one of our log: known to be valid. */
  restore({ newView, acks, commit }: KeptNewView): void {
    this.#candidates.delete(newView.view);
    const base = baseOf(this.#law, newView);
    this.#known.set(newView.view, { base, newView, commit });
    for (const ack of acks) this.onAck(ack);
  }

  /** The bases of valid ViewChanges. */
  basesOf(viewChanges: readonly ViewChange[]): ReadonlyMap<View, Base> {
    const bases = new Map<View, Base>();
    for (const { base: view } of viewChanges) {
      const base = this.base(view);
      if (base !== null) bases.set(view, base);
    }
    return bases;
  }

  /**
   * What must be kept for bases: every NewView that their recomputation needs, back to established ones. Else one correct
   * replica could not prove its base to another (hybster.md 6.2).
   */
  neededFor(bases: readonly View[]): readonly KeptNewView[] {
    const needed = new Set<View>();
    const open = [...bases];
    for (let view = open.pop(); view !== undefined; view = open.pop()) {
      const known = this.#known.get(view);
      if (known === undefined || needed.has(view)) continue;
      needed.add(view);
      if (this.isEstablished(view)) continue;
      for (const viewChange of known.newView.viewChanges) open.push(viewChange.base);
    }
    return [...needed].map((view) => this.kept(view)).filter((each) => each !== null);
  }

  /** Whether what follows from these ViewChanges rests on few enough NewViews that are not established. */
  canBear(viewChanges: readonly ViewChange[]): boolean {
    const needed = this.neededFor(viewChanges.map(({ base }) => base));
    return needed.filter(({ newView }) => !this.#isEstablished(newView)).length <= RESTS_MAX;
  }

  /** Forgets the lowest of too many above a base, whose values never came: they can be asked for again. */
  trim(base: View): void {
    const ahead = this.above(base);
    if (ahead.length <= AHEAD_MAX) return;
    let kept = new Set<View>();
    for (const view of ahead) {
      const more = new Set([...kept, ...this.neededFor([view]).map(({ newView }) => newView.view)]);
      if (more.size <= AHEAD_MAX) kept = more;
    }
    for (const view of ahead) if (!kept.has(view)) this.#known.delete(view);
  }

  /** Forgets what is older than a base and not needed for it. */
  forget(base: View): void {
    const needed = new Set(this.neededFor([base]).map(({ newView }) => newView.view));
    for (const view of this.#known.keys()) if (view < base && !needed.has(view)) this.#known.delete(view);
    for (const view of this.#candidates.keys()) if (view < base) this.#candidates.delete(view);
  }

  /** Whether a NewView that is valid here can be shown to be so without those that it rests on. */
  isEstablished(view: View): boolean {
    const known = this.#known.get(view);
    return known !== undefined && this.#isEstablished(known.newView);
  }

  /** f + 1 replicas hold it valid, or some slot was decided in its view: one correct replica recomputed it. */
  #isEstablished(newView: NewView): boolean {
    if (this.#commit?.view === newView.view || this.#known.get(newView.view)?.commit != null) return true;
    return this.#acksFor(newView).length >= this.#oneCorrect;
  }

  #acksFor({ view, digest }: NewView): NewViewAck[] {
    const acks: NewViewAck[] = [];
    for (const each of this.#acks.values()) {
      const ack = each.find((one) => one.view === view && one.digest === digest);
      if (ack !== undefined) acks.push(ack);
    }
    return acks;
  }
}
