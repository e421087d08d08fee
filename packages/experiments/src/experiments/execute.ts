import type { Outcome } from "../run/outcome.ts";
import type { Scenario } from "../run/scenario.ts";
import type { Course, Lookup } from "./course.ts";
import type { RunScenario } from "./processes.ts";

/** Where outcomes are kept. */
export interface Outcomes {
  readonly lookup: Lookup;
  /** Keeps it for good before it returns. */
  keep(outcome: Outcome): void;
}

/** Told what happens, so that somebody can be told. */
export interface Observer {
  started(scenario: Scenario, course: Course): void;
  /** `share` of the run's virtual time is over. */
  advanced(scenario: Scenario, share: number): void;
  finished(outcome: Outcome, course: Course): void;
}

export interface Execution {
  readonly courses: readonly Course[];
  readonly outcomes: Outcomes;
  readonly run: RunScenario;
  /** Runs at a time. */
  readonly jobs: number;
  readonly signal: AbortSignal;
  readonly observer: Observer;
}

/** A run in which safety was violated: nothing of the experiment can be believed. */
export class SafetyViolation extends Error {
  override readonly name = "SafetyViolation";
  readonly outcome: Outcome;

  constructor(outcome: Outcome) {
    const { scenario, violations } = outcome;
    const { protocol, replicas, seed } = scenario;
    super(
      `${protocol} with ${replicas} replicas, seed ${seed}: ${violations.length} violations of safety, ` +
        `the first: ${violations[0]}`,
    );
    this.outcome = outcome;
  }
}

/**
 * Runs what the courses want and nobody has run before, the costliest course first. Rejects with the signal's reason when it
 * aborts, with {@link SafetyViolation}, or with whatever a run rejects with; what was finished before is kept.
 */
export async function execute({ courses, ...execution }: Execution): Promise<void> {
  const { outcomes, run, jobs, signal, observer } = execution;
  const byCost = [...courses].sort((a, b) => b.weight - a.weight);
  const running = new Map<string, Promise<void>>();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => undefined);

  const start = (course: Course, scenario: Scenario): void => {
    const name = JSON.stringify(scenario);
    observer.started(scenario, course);
    const finish = (outcome: Outcome): void => {
      if (outcome.violations.length > 0) throw new SafetyViolation(outcome);
      outcomes.keep(outcome);
      running.delete(name);
      observer.finished(outcome, course);
    };
    running.set(name, run(scenario, (share) => observer.advanced(scenario, share)).then(finish));
  };
  /** The first run that can be started, if there is one. */
  const startOne = (): boolean => {
    for (const course of byCost) {
      const scenario = course.next(outcomes.lookup).find((each) => !running.has(JSON.stringify(each)));
      if (scenario === undefined) continue;
      start(course, scenario);
      return true;
    }
    return false;
  };

  for (;;) {
    signal.throwIfAborted();
    while (running.size < jobs && startOne());
    if (running.size === 0) return;
    await Promise.race([aborted, ...running.values()]);
  }
}
