import type { Digest, ReplicaId, SequenceNumber, View } from "../../../kernel/ids.ts";
import { present } from "../../../kernel/invariant.ts";
import type { Anchor } from "../../../wire/anchor.ts";
import type { Proposal } from "../../../wire/messages.ts";
import { type CounterValue, compareCounterValues } from "../../../wire/statement.ts";
import { FIRST_VIEW_DIGEST, type Link, type NewView, type ViewChange } from "../../../wire/view-change.ts";
import { FIRST_STANDING, type InstanceAddress, type Standing } from "../../agreement.ts";
import { faded } from "../fading.ts";

/** What is the same for all that one instance judges. */
export interface Law extends Pick<InstanceAddress, "lowOf" | "probation"> {
  readonly window: number;
  /** The lowest base that a ViewChange of this sender to this view may have: what its identity was admitted with. */
  readonly oldestBase: (sender: ReplicaId, to: View) => View;
  /** Digest of the no-op, which fills what no ViewChange lists. */
  readonly noop: Digest;
}

/** A valid NewView as a base, and the standing that it gives. */
export interface Base {
  readonly newView: NewView | null;
  readonly standing: Standing;
  /** Slots that its anchor covers. */
  readonly low: SequenceNumber;
}

/** Base of all: view 0, whose NewView is implicit and empty. */
export const FIRST_BASE: Base = { newView: null, standing: FIRST_STANDING, low: 0 };

/** What follows from f + 1 ViewChanges. */
export interface Outcome {
  readonly anchor: Anchor | null;
  readonly low: SequenceNumber;
  /** Digest of every slot above `low`, in order. */
  readonly digests: readonly Digest[];
  readonly standing: Standing;
}

/** Slots that an anchor covers, 0 without one. The edge has opened it. */
export function lowIn(law: Pick<Law, "lowOf">, anchor: Anchor | null): SequenceNumber {
  return anchor === null ? 0 : present(law.lowOf(anchor), "an anchor that opens");
}

/** A NewView as a base. It says itself what it covers; whether it says the truth is for {@link follows}. */
export function baseOf(law: Law, newView: NewView): Base {
  const low = lowIn(law, newView.anchor);
  const { view, count } = newView;
  const maximum = Math.max(low, newView.prepares.at(-1)?.seq ?? 0);
  const standing = { view, maximum, count, extension: maximum + law.probation(count) };
  return { newView, standing, low };
}

/**
 * Validity of an authentic ViewChange (hybster.md 6.2): a pure function of its bytes and the NewView that it names as its base,
 * which is valid, so that all correct replicas judge alike. A faulty replica that skipped values of its counter, or does not
 * show a Prepare that it signed, cannot produce a valid one.
 */
export function isValidViewChange(law: Law, viewChange: ViewChange, base: Base): boolean {
  const { oLast, prepares } = viewChange;
  if (viewChange.base !== base.standing.view) return false;
  // What its former identity signed before that, it does not show (hybster.md 10.1).
  if (viewChange.base < law.oldestBase(viewChange.sender, viewChange.to)) return false;
  if (viewChange.baseDigest !== (base.newView?.digest ?? FIRST_VIEW_DIGEST)) return false;
  if (!isContiguous([...viewChange.chain, viewChange.link], viewChange)) return false;
  const low = lowIn(law, viewChange.anchor);
  const last = Math.max(oLast, base.standing.maximum);
  // A checkpoint below the base's would hide what the base's covers (hybster.md 6.2).
  if (low < base.low || last > low + law.window) return false;
  if (prepares.length !== Math.max(0, last - low)) return false;
  if (prepares.length > 0 && prepares[0]?.seq !== low + 1) return false;
  return prepares.every((prepare) => prepare.seq > base.standing.maximum || isFromBase(prepare, base));
}

function isFromBase(prepare: Proposal, { newView, low }: Base): boolean {
  const original = newView?.prepares[prepare.seq - low - 1];
  return original?.digest === prepare.digest && original.extension === prepare.extension;
}

/** Whether the steps lead from the base to the target without room for anything that is not shown. */
function isContiguous(
  links: readonly Link[],
  { base, oLast }: { readonly base: View; readonly oLast: SequenceNumber },
): boolean {
  const [first] = links;
  if (first === undefined || links.some(({ to }) => to <= base)) return false;
  const actedInBase = equal(first.old, { view: base, seq: oLast });
  const neverActed = oLast === 0 && compareCounterValues(first.old, { view: base, seq: 0 }) < 0;
  if (!(actedInBase || neverActed)) return false;
  return links.every((link, index) => {
    const before = links[index - 1];
    return before === undefined || equal(link.old, { view: before.to, seq: 0 });
  });
}

function equal(a: CounterValue, b: CounterValue): boolean {
  return compareCounterValues(a, b) === 0;
}

/** What a new primary must open `view` with, given valid ViewChanges and their bases (hybster.md 6.4). */
export function outcomeOf(
  law: Law,
  view: View,
  viewChanges: readonly ViewChange[],
  bases: ReadonlyMap<View, Base>,
): Outcome {
  const anchor = newestAnchor(viewChanges);
  const low = lowIn(law, anchor);
  const newest = newestPrepares(viewChanges);
  const highest = Math.max(low, ...newest.keys());
  const digests: Digest[] = [];
  for (let seq = low + 1; seq <= highest; seq += 1) digests.push(newest.get(seq)?.digest ?? law.noop);
  const highestBase = Math.max(...viewChanges.map(({ base }) => base));
  const { standing } = present(bases.get(highestBase), "the bases of valid ViewChanges");
  const count = 1 + faded(standing, highest);
  const extension = highest + law.probation(count);
  return { anchor, low, digests, standing: { view, maximum: highest, count, extension } };
}

function newestAnchor(viewChanges: readonly ViewChange[]): Anchor | null {
  let newest: Anchor | null = null;
  for (const { anchor } of viewChanges) {
    if (anchor !== null && (newest === null || anchor.seq > newest.seq)) newest = anchor;
  }
  return newest;
}

/** Of every slot the Prepare of the highest view. */
function newestPrepares(viewChanges: readonly ViewChange[]): ReadonlyMap<SequenceNumber, Proposal> {
  const newest = new Map<SequenceNumber, Proposal>();
  for (const prepare of viewChanges.flatMap(({ prepares }) => prepares)) {
    if (prepare.view >= (newest.get(prepare.seq)?.view ?? 0)) newest.set(prepare.seq, prepare);
  }
  return newest;
}

/** Whether a NewView is what its ViewChanges, all valid, lead to. */
export function follows(law: Law, newView: NewView, bases: ReadonlyMap<View, Base>): boolean {
  const outcome = outcomeOf(law, newView.view, newView.viewChanges, bases);
  const { anchor, prepares, count } = newView;
  const sameAnchor = anchor?.seq === outcome.anchor?.seq && anchor?.proof.root === outcome.anchor?.proof.root;
  if (!sameAnchor || count !== outcome.standing.count) return false;
  if (prepares.length !== outcome.digests.length) return false;
  return prepares.every(
    ({ seq, digest, extension }, index) =>
      seq === outcome.low + 1 + index &&
      digest === outcome.digests[index] &&
      extension === outcome.standing.extension,
  );
}
