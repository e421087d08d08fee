import { type Claim, type Range, readClaims, readReasons } from "./claim.ts";
import type { Evidence } from "./evidence.ts";
import { ANALYSIS } from "./metrics/analysis.ts";
import { BATCHING } from "./metrics/batching.ts";
import { FAILURES } from "./metrics/failures.ts";
import { IMBALANCE } from "./metrics/imbalance.ts";
import { SCALE } from "./metrics/scale.ts";
import { USE } from "./metrics/use.ts";
import { attempt, type Measure } from "./quantity.ts";

/** How each claim is measured, by its id. */
export const METRICS: Readonly<Record<string, readonly Measure[]>> = {
  ...BATCHING,
  ...SCALE,
  ...USE,
  ...FAILURES,
  ...IMBALANCE,
  ...ANALYSIS,
};

/** One number of a claim. */
export interface Measured {
  readonly label: string;
  readonly value: number;
  readonly accept: Range;
  readonly within: boolean;
}

/** What came of a claim. */
export interface Verdict extends Claim {
  /** `not yet`: something that it needs was not run, whatever the numbers so far say. */
  readonly verdict: "pass" | "fail" | "not yet";
  readonly measured: readonly Measured[];
  /** Runs and protocols that it lacks. */
  readonly missing: readonly string[];
  /** Why it fails, if it does and that was found out. */
  readonly reason: string | null;
}

/** Every claim against the evidence. */
export function judgeClaims(evidence: Evidence): Verdict[] {
  const reasons = readReasons();
  return readClaims().map((claim) => judge(claim, evidence, reasons[claim.id]));
}

function judge(claim: Claim, evidence: Evidence, reason: string | undefined): Verdict {
  const measured: Measured[] = [];
  const missing = new Set<string>();
  for (const { label, quantity, accept = claim.accept } of METRICS[claim.id] ?? []) {
    const value = attempt(quantity, evidence);
    if (typeof value === "number") measured.push({ label, value, accept, within: isWithin(value, accept) });
    else for (const what of value.what) missing.add(what);
  }
  const outside = measured.some(({ within }) => !within);
  const complete = missing.size === 0 && measured.length > 0;
  return {
    ...claim,
    verdict: verdictOf(complete, outside),
    measured,
    missing: [...missing],
    reason: outside && reason !== undefined ? reason : null,
  };
}

function verdictOf(complete: boolean, outside: boolean): Verdict["verdict"] {
  if (!complete) return "not yet";
  return outside ? "fail" : "pass";
}

/** A full interface carries 6.00000000001 Gbit/s, as numbers of a computer go. */
const ROUNDING = 1e-9;

/** Whether a number is in the range, but for rounding. */
export function isWithin(value: number, [least, most]: Range): boolean {
  const slack = Math.abs(value) * ROUNDING;
  return (
    value + slack >= (least ?? Number.NEGATIVE_INFINITY) &&
    value - slack <= (most ?? Number.POSITIVE_INFINITY)
  );
}
