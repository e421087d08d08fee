import type { Outcome } from "../run/outcome.ts";
import type { Scenario } from "../run/scenario.ts";

/** What code made a record. */
export interface CodeVersion {
  /** Git's name for the commit; "+changes" follows if the files that a run depends on differ from it; "unknown" without Git. */
  readonly commit: string;
  /** Hash of the sources that a run depends on: the same for all commits that do not touch them. */
  readonly sources: string;
}

/** One line of a file of records: a point of an experiment. The outcome has the scenario, with seed and configuration. */
export interface PointRecord extends CodeVersion {
  readonly experiment: string;
  readonly outcome: Outcome;
}

/** A scenario's name: the same for scenarios that say the same. */
export function keyOf(scenario: Scenario): string {
  return JSON.stringify(scenario, (_, value: unknown) =>
    value !== null && typeof value === "object" && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
      : value,
  );
}
