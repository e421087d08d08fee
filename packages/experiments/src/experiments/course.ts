import type { Outcome } from "../run/outcome.ts";
import type { Scenario } from "../run/scenario.ts";

/** What a run showed, if it was made. */
export type Lookup = (scenario: Scenario) => Outcome | undefined;

/** Runs that belong together, of which the later may depend on what the earlier show. */
export interface Course {
  readonly protocol: string;
  /** For people. */
  readonly label: string;
  /** What a run of it costs, against the runs of other courses. */
  readonly weight: number;
  /** About how many runs it takes. */
  readonly expectedRuns: number;
  /**
   * What is to be run, given what was: none once it is complete. The same answer for the same outcomes, so a course can be
   * broken off and gone on with.
   */
  next(outcomeOf: Lookup): readonly Scenario[];
}

/** The scenarios of these courses that were run: those from which the courses would draw their next. */
export function usedBy(courses: readonly Course[], outcomeOf: Lookup): Scenario[] {
  const used: Scenario[] = [];
  for (const course of courses) {
    course.next((scenario) => {
      const outcome = outcomeOf(scenario);
      if (outcome !== undefined) used.push(scenario);
      return outcome;
    });
  }
  return used;
}
