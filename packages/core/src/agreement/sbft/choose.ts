import type { Digest, SequenceNumber, View } from "../../kernel/ids.ts";
import type { SbftViewChange, SlotReport } from "../../wire/sbft.ts";
import { type Decision, decideSlots, type Ground } from "../shared/untrusted/decision.ts";

/** What speaks for a digest, and of which view it is: the higher one wins. */
interface Support {
  readonly view: View;
  readonly digest: Digest;
}

/**
 * What follows from exactly as many view changes as can be waited for (sbft.md 7), a pure function of them; null if there are
 * more or fewer: among more, two digests might seem to have been decided on the fast path (sbft.md 10.4).
 */
export function decide(changes: readonly SbftViewChange[], ground: Ground): Decision | null {
  const { faults, noop } = ground;
  if (changes.length !== faults.available) return null;
  const reports = new Map<SequenceNumber, SlotReport[]>();
  for (const report of changes.flatMap(({ slots }) => slots)) {
    const known = reports.get(report.seq) ?? [];
    reports.set(report.seq, known);
    known.push(report);
  }
  return decideSlots(changes, ground, lastOf, (seq) => [
    choose(reports.get(seq) ?? [], faults.fastWitnesses) ?? noop,
  ]);
}

function lastOf({ slots }: SbftViewChange): SequenceNumber {
  return slots.at(-1)?.seq ?? 0;
}

/**
 * The digest that may have been decided at a slot: that of the highest prepare certificate, or what so many have voted for in
 * later views; null if nothing can have been (`choose` of sbft.md 7).
 */
export function choose(reports: readonly SlotReport[], witnesses: number): Digest | null {
  const slow = preparedIn(reports);
  const fast = votedIn(reports, witnesses);
  if (fast === null) return slow?.digest ?? null;
  // Of the same view, the certificate counts (sbft.md 10.1).
  return slow !== null && slow.view >= fast.view ? slow.digest : fast.digest;
}

function preparedIn(reports: readonly SlotReport[]): Support | null {
  let highest: Support | null = null;
  for (const { slow } of reports) {
    if (slow !== null && slow.view > (highest?.view ?? -1)) highest = slow;
  }
  return highest;
}

/** The one digest that enough have voted for; of their views the lowest, leaving out who is not needed. */
function votedIn(reports: readonly SlotReport[], witnesses: number): Support | null {
  const views = new Map<Digest, View[]>();
  for (const { fast } of reports) {
    if (fast === null) continue;
    const of = views.get(fast.digest) ?? [];
    views.set(fast.digest, of);
    of.push(fast.view);
  }
  for (const [digest, of] of views) {
    const view = of.sort((a, b) => b - a)[witnesses - 1];
    if (view !== undefined) return { view, digest };
  }
  return null;
}
