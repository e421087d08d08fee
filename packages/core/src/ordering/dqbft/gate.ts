import { Verdict } from "../../agreement/agreement.ts";
import { type Evidence, Proposal } from "../../wire/messages.ts";
import type { Value } from "../../wire/value.ts";
import { type OrderLimits, orderListOf, type Reference, withinLimits } from "./order-value.ts";

/** Whether this replica itself holds transferable evidence for a reference. */
export type Held = (reference: Reference) => boolean;

/**
 * The gate at O-backups (dqbft.md 4.3), for fresh proposals. It depends on the bytes of the proposal alone: never on
 * whether a body, a decision or an earlier reference is here, so that a correct O-primary is accepted by every correct
 * backup at once (H1, H3, H8). The edge has checked the evidence's signatures.
 *
 * No certificate covers the evidence, so a relay may have damaged it: what a replica holds itself does as well, which can only
 * make it accept more (H29). Nor is there a quota: what the O-primary knows to be disseminated need not be here (H28).
 */
export function judgeOrder(
  value: Value,
  evidence: readonly Evidence[],
  limits: OrderLimits,
  held: Held = () => false,
): Verdict {
  const list = orderListOf(value);
  if (!withinLimits(list, limits)) return Verdict.Fault;
  let used = 0;
  for (const entry of list.entries) {
    if (entry.type === "assign") {
      if (entry.request.valid !== true) return Verdict.Fault;
      continue;
    }
    if (!supports(evidence[used], entry) && !held(entry)) return Verdict.Fault;
    used += 1;
  }
  return evidence.length <= used ? Verdict.Accept : Verdict.Fault;
}

/**
 * A header of a probation slot is no evidence: such slots are ordered when their dissemination is proven. The mode is a
 * pure function of the header, `s <= pEnd` (dqbft.md 4.2), so the O-primary that uses one is provably at fault.
 */
function supports(evidence: Evidence | undefined, reference: Reference): boolean {
  if (evidence === undefined || evidence.instance !== reference.instance) return false;
  if (evidence.message.seq !== reference.seq) return false;
  return !(evidence.message instanceof Proposal) || !isPessimistic(evidence.message);
}

/** Whether the header's slot lies in the probation of its view: `pEnd` is its extension. */
export function isPessimistic(header: Proposal): boolean {
  return header.seq <= header.extension;
}

/** A fresh value that a D-primary may propose: a substitute none but the no-op (dqbft.md 4.1). */
export function mayDisseminate(view: number, n: number, commands: number): boolean {
  return view % n === 0 || commands === 0;
}
