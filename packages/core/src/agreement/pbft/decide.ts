import type { FaultModel } from "../../kernel/fault-model.ts";
import type { Digest, SequenceNumber, View } from "../../kernel/ids.ts";
import type { Anchor } from "../../wire/anchor.ts";
import type { PbftNewView, PbftViewChange } from "../../wire/pbft.ts";
import type { Authentication } from "./checks.ts";

/** What a decision on a new view depends on, besides the view changes. */
export interface Rules {
  readonly authentication: Authentication;
  readonly faults: FaultModel;
  /** How far an anchor covers the instance; it was looked at when the view change came in. */
  readonly lowOf: (anchor: Anchor) => SequenceNumber | null;
  readonly probation: (count: number) => number;
  /** Digest of the value for slots at which nothing can have been decided. */
  readonly noop: Digest;
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
 * The decision procedure of a new view (pbft.md 7, and 8 with signatures), a pure function of view changes that are valid and
 * of different senders. Null if it needs more of them.
 *
 * Deviation: a checkpoint needs no `f + 1` claims in `C`, for an anchor proves itself, so the highest one is chosen. All
 * senders' watermarks are then at most as high, and the clauses `m.h < n` of A1 and B hold for all. Dropping slots up to it
 * is safe: the state after them was signed by a correct replica, which had executed them, so they were decided.
 *
 * Deviation: the procedure names all digests that its conditions admit, and a primary may take any. Where two are admitted
 * (a lie with a higher view beside the truth) neither slot can have been decided otherwise, and a primary that had to take
 * the first would wait for ever for a body that nobody has.
 */
export function decide(changes: readonly PbftViewChange[], rules: Rules): Decision | null {
  const { faults, lowOf, probation } = rules;
  if (changes.length < faults.quorum) return null;
  const anchor = newestAnchor(changes);
  const covered = anchor === null ? 0 : (lowOf(anchor) ?? 0);
  const reports = changes.map(reportOf);
  let last = covered;
  for (const { prepared } of changes) last = Math.max(last, prepared.at(-1)?.seq ?? 0);
  const candidates: (readonly Digest[])[] = [];
  for (let seq = covered + 1; seq <= last; seq += 1) {
    const admitted = admit(reports, seq, rules);
    if (admitted.length === 0) return null;
    candidates.push(admitted);
  }
  const counts = changes.map(({ count }) => count).sort((a, b) => b - a);
  const count = 1 + (counts[faults.f] ?? 0);
  return { anchor, covered, candidates, count, extension: last + probation(count) };
}

function newestAnchor(changes: readonly PbftViewChange[]): Anchor | null {
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

/** One view change's `P` and `Q`, by slot. */
interface Report {
  readonly prepared: ReadonlyMap<SequenceNumber, { readonly digest: Digest; readonly view: View }>;
  readonly preprepared: ReadonlyMap<SequenceNumber, ReadonlyMap<Digest, View>>;
}

function reportOf(change: PbftViewChange): Report {
  const preprepared = new Map<SequenceNumber, Map<Digest, View>>();
  for (const { seq, digest, view } of change.preprepared) {
    const views = preprepared.get(seq) ?? new Map<Digest, View>();
    preprepared.set(seq, views.set(digest, view));
  }
  return { prepared: new Map(change.prepared.map((each) => [each.seq, each])), preprepared };
}

/** A: prepared, as far as `f + 1` say and a quorum does not contradict. B: a quorum has prepared nothing. */
function admit(reports: readonly Report[], seq: SequenceNumber, rules: Rules): readonly Digest[] {
  const { authentication, faults, noop } = rules;
  // With proofs, the highest view is what counts.
  if (authentication === "signature") return [claims(reports, seq)[0]?.digest ?? noop];
  const found: Digest[] = [];
  for (const { digest, view } of claims(reports, seq)) {
    const compatible = reports.filter(({ prepared }) => {
      const other = prepared.get(seq);
      return other === undefined || other.view < view || (other.view === view && other.digest === digest);
    });
    const witnesses = reports.filter(({ preprepared }) => (preprepared.get(seq)?.get(digest) ?? -1) >= view);
    const holds = compatible.length >= faults.quorum && witnesses.length >= faults.oneCorrect;
    if (holds && !found.includes(digest)) found.push(digest);
  }
  const without = reports.filter(({ prepared }) => !prepared.has(seq));
  if (without.length >= faults.quorum && !found.includes(noop)) found.push(noop);
  return found;
}

/** What was prepared at this slot, as the view changes say: highest view first. */
function claims(
  reports: readonly Report[],
  seq: SequenceNumber,
): readonly { readonly digest: Digest; readonly view: View }[] {
  return reports
    .flatMap(({ prepared }) => prepared.get(seq) ?? [])
    .sort((a, b) => b.view - a.view || (a.digest < b.digest ? -1 : 1));
}
