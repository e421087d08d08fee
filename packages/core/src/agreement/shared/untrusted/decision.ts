import type { FaultModel } from "../../../kernel/fault-model.ts";
import type { Digest, SequenceNumber } from "../../../kernel/ids.ts";
import type { Anchor } from "../../../wire/anchor.ts";
import type { PbftNewView } from "../../../wire/pbft.ts";
import type { AgreementContext } from "../../agreement.ts";

/** What a decision on a new view depends on, besides the view changes. */
export interface Ground {
  readonly faults: FaultModel;
  /** How far an anchor covers the instance; it was looked at when the view change came in. */
  readonly lowOf: (anchor: Anchor) => SequenceNumber | null;
  readonly probation: (count: number) => number;
  /** Digest of the value for slots at which nothing can have been decided. */
  readonly noop: Digest;
}

/** What the decision reads of every protocol's view changes. */
interface Departure {
  readonly anchor: Anchor | null;
  readonly count: number;
}

/** What follows from a set of view changes. */
export interface Decision {
  /** The highest among them; null before the first checkpoint. */
  readonly anchor: Anchor | null;
  readonly covered: SequenceNumber;
  /** For each slot from `covered + 1` on, the digests that it may get: any of them is safe. Best first. */
  readonly candidates: readonly (readonly Digest[])[];
  /** `nvCount` (dqbft.md 4.2, BFT family). */
  readonly count: number;
  readonly extension: number;
}

/**
 * What follows from view changes, of which each speaks of slots up to `lastOf` and which together admit these digests at a slot.
 * Null if nothing is admitted somewhere.
 */
export function decideSlots<C extends Departure>(
  changes: readonly C[],
  { faults, lowOf, probation }: Ground,
  lastOf: (change: C) => SequenceNumber,
  admit: (seq: SequenceNumber) => readonly Digest[],
): Decision | null {
  const anchor = newestAnchor(changes);
  const covered = anchor === null ? 0 : (lowOf(anchor) ?? 0);
  const last = Math.max(covered, ...changes.map(lastOf));
  const candidates: (readonly Digest[])[] = [];
  for (let seq = covered + 1; seq <= last; seq += 1) {
    const admitted = admit(seq);
    if (admitted.length === 0) return null;
    candidates.push(admitted);
  }
  const counts = changes.map(({ count }) => count).sort((a, b) => b - a);
  const count = 1 + (counts[faults.f] ?? 0);
  return { anchor, covered, candidates, count, extension: last + probation(count) };
}

function newestAnchor(changes: readonly Departure[]): Anchor | null {
  let newest: Anchor | null = null;
  for (const { anchor } of changes) if (anchor !== null && anchor.seq > (newest?.seq ?? 0)) newest = anchor;
  return newest;
}

/** Whether a NewView says what follows from its view changes: recomputed, never believed (pbft.md 12.9). */
export function follows(newView: PbftNewView, decision: Decision): boolean {
  const { anchor, selections, count, extension } = newView;
  const { covered, candidates } = decision;
  if ((anchor?.seq ?? 0) !== (decision.anchor?.seq ?? 0)) return false;
  if (count !== decision.count || extension !== decision.extension) return false;
  if (selections.length !== candidates.length) return false;
  return selections.every(
    ({ seq, digest }, i) => seq === covered + 1 + i && candidates[i]?.includes(digest) === true,
  );
}

/** Whether a NewView that rests on so many view changes has the form of one: what it says is another matter. */
export function isWellFormedNewView(
  message: PbftNewView,
  context: AgreementContext,
  { needed, allowed }: { readonly needed: number; readonly allowed: number },
): boolean {
  const { changes, anchor, selections, extension } = message;
  const { n } = context.faults;
  const low = anchor === null ? 0 : context.lowOf(anchor);
  if (low === null || selections.length > context.parameters.window) return false;
  if (changes.length < needed || changes.length > allowed) return false;
  const ascending = changes.every(({ sender }, i) => sender < n && sender > (changes[i - 1]?.sender ?? -1));
  const last = low + selections.length;
  return ascending && selections.every(({ seq }, i) => seq === low + 1 + i) && extension >= last;
}
