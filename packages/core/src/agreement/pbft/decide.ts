import type { Digest, SequenceNumber, View } from "../../kernel/ids.ts";
import type { PbftViewChange } from "../../wire/pbft.ts";
import { type Decision, decideSlots, type Ground } from "../shared/untrusted/decision.ts";
import type { Authentication } from "./checks.ts";

/** What a decision on a new view depends on, besides the view changes. */
export interface Rules extends Ground {
  readonly authentication: Authentication;
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
  if (changes.length < rules.faults.quorum) return null;
  const reports = changes.map(reportOf);
  return decideSlots(changes, rules, lastOf, (seq) => admit(reports, seq, rules));
}

function lastOf({ prepared }: PbftViewChange): SequenceNumber {
  return prepared.at(-1)?.seq ?? 0;
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
