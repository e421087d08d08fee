import type { SbftViewChange } from "../../wire/sbft.ts";
import type { AgreementContext } from "../agreement.ts";

/** Whether a correct replica can have sent this view change, whose certificates and shares hold (sbft.md 7). */
export function isValidViewChange(
  { anchor, slots, view }: SbftViewChange,
  { lowOf, parameters }: Pick<AgreementContext, "lowOf" | "parameters">,
): boolean {
  const low = anchor === null ? 0 : lowOf(anchor);
  if (low === null) return false;
  return slots.every(({ seq, slow, fast }, i) => {
    const ascending = seq > (slots[i - 1]?.seq ?? low) && seq <= low + parameters.window;
    return ascending && (slow?.view ?? 0) < view && (fast?.view ?? 0) < view;
  });
}
