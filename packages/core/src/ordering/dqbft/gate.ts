import { Verdict } from "../../agreement/agreement.ts";
import { type Evidence, Proposal } from "../../wire/messages.ts";
import type { Value } from "../../wire/value.ts";
import { type OrderLimits, orderListOf, type Reference, withinLimits } from "./order-value.ts";

/**
 * The gate at O-backups (dqbft.md 4.3), for fresh proposals. It depends on the bytes of the proposal alone: never on
 * whether a body, a decision or an earlier reference is here, so that a correct O-primary is accepted by every correct
 * backup at once (H1, H3, H8). The edge has checked the evidence's signatures.
 */
export function judgeOrder(value: Value, evidence: readonly Evidence[], limits: OrderLimits): Verdict {
  const list = orderListOf(value);
  if (!withinLimits(list, limits)) return Verdict.Fault;
  let used = 0;
  for (const entry of list.entries) {
    if (entry.type === "assign") {
      if (entry.request.valid !== true) return Verdict.Fault;
      continue;
    }
    if (!supports(evidence[used], entry)) return Verdict.Fault;
    used += 1;
  }
  return used === evidence.length ? Verdict.Accept : Verdict.Fault;
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
