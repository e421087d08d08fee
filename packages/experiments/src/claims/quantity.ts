import { invariant } from "@destiny/core/kernel/invariant";
import type { RoleUse } from "../run/outcome.ts";
import { meanOf } from "../statistics/numbers.ts";
import type { Reaction } from "../statistics/timeline.ts";
import type { Range } from "./claim.ts";
import { type Evidence, type LineName, MissingEvidence } from "./evidence.ts";

/** A number that follows from the evidence; throws {@link MissingEvidence} with all that it lacks. */
export type Quantity = (evidence: Evidence) => number;

/** One of the numbers of a claim. */
export interface Measure {
  readonly label: string;
  readonly quantity: Quantity;
  /** Where it differs from the claim's own. */
  readonly accept?: Range;
}

/** The peak throughput of a sweep, in commands per second. */
export function throughput(name: LineName): Quantity {
  return (evidence) => evidence.line(name).peak.throughput;
}

/** The mean latency at the knee of a sweep, in milliseconds. */
export function latency(name: LineName): Quantity {
  return (evidence) => evidence.line(name).kneeLatency.mean;
}

/** What replicas use at the peak of a sweep: the first role of these that there is. */
export function useOf(name: LineName, role: RoleUse["role"], of: (use: RoleUse) => number): Quantity {
  return (evidence) => {
    const { roles } = evidence.line(name).peak.outcome;
    const use = roles.find((each) => each.role === role);
    invariant(use !== undefined, `a ${role} in a run of ${name.protocol}`);
    return of(use);
  };
}

/** The same, on average over all replicas. */
export function useOfAll(name: LineName, of: (use: RoleUse) => number): Quantity {
  return (evidence) => {
    const { roles } = evidence.line(name).peak.outcome;
    const replicas = roles.reduce((sum, use) => sum + use.replicas, 0);
    return roles.reduce((sum, use) => sum + use.replicas * of(use), 0) / replicas;
  };
}

/** How a protocol took what happened in Figure 10. */
export function reaction(protocol: string, of: (reaction: Reaction) => number): Quantity {
  return (evidence) => of(evidence.reaction(protocol));
}

export function ratio(numerator: Quantity, denominator: Quantity): Quantity {
  return combine([numerator, denominator], ([a = 0, b = 0]) => a / b);
}

export function difference(minuend: Quantity, subtrahend: Quantity): Quantity {
  return combine([minuend, subtrahend], ([a = 0, b = 0]) => a - b);
}

export function largest(quantities: readonly Quantity[]): Quantity {
  return combine(quantities, (values) => Math.max(...values));
}

export function smallest(quantities: readonly Quantity[]): Quantity {
  return combine(quantities, (values) => Math.min(...values));
}

export function average(quantities: readonly Quantity[]): Quantity {
  return combine(quantities, meanOf);
}

/** The largest divided by the smallest: 1 if all are equal. */
export function inequality(quantities: readonly Quantity[]): Quantity {
  return ratio(largest(quantities), smallest(quantities));
}

/** Something made of several quantities; what any of them lacks is lacking. */
export function combine(
  quantities: readonly Quantity[],
  of: (values: readonly number[]) => number,
): Quantity {
  return (evidence) => {
    const values: number[] = [];
    const missing: string[] = [];
    for (const quantity of quantities) {
      const value = attempt(quantity, evidence);
      if (typeof value === "number") values.push(value);
      else missing.push(...value.what);
    }
    if (missing.length > 0) throw new MissingEvidence([...new Set(missing)]);
    return of(values);
  };
}

/** The quantity, or what it lacks. */
export function attempt(quantity: Quantity, evidence: Evidence): number | MissingEvidence {
  try {
    return quantity(evidence);
  } catch (error) {
    if (error instanceof MissingEvidence) return error;
    throw error;
  }
}
