import type { Course, Lookup } from "../experiments/course.ts";
import type { Outcome } from "../run/outcome.ts";

interface Spent {
  seconds: number;
  weight: number;
}

/** How long an experiment will take: from what runs have taken, per unit of their courses' weight. */
export class Estimate {
  readonly #courses: readonly Course[];
  readonly #jobs: number;
  readonly #byProtocol = new Map<string, Spent>();
  readonly #all: Spent = { seconds: 0, weight: 0 };
  readonly #runs = new Map<Course, number>();
  #finished = 0;

  constructor(courses: readonly Course[], jobs: number) {
    this.#courses = courses;
    this.#jobs = jobs;
  }

  /** Runs that have been made since the beginning. */
  get finished(): number {
    return this.#finished;
  }

  /** A run was made. */
  add(course: Course, outcome: Outcome): void {
    const { protocol } = course;
    const spent = this.#byProtocol.get(protocol) ?? { seconds: 0, weight: 0 };
    for (const each of [spent, this.#all]) {
      each.seconds += outcome.wall.seconds;
      each.weight += course.weight;
    }
    this.#byProtocol.set(protocol, spent);
    this.#runs.set(course, (this.#runs.get(course) ?? 0) + 1);
    this.#finished += 1;
  }

  /** Runs that are probably still to be made. */
  runsLeft(outcomeOf: Lookup): number {
    return this.#courses.reduce((sum, course) => sum + this.#left(course, outcomeOf), 0);
  }

  /** Seconds until the end; undefined while nothing is known. */
  secondsLeft(outcomeOf: Lookup): number | undefined {
    if (this.#all.weight === 0) return undefined;
    let seconds = 0;
    for (const course of this.#courses) {
      const { seconds: spent, weight } = this.#byProtocol.get(course.protocol) ?? this.#all;
      seconds += this.#left(course, outcomeOf) * course.weight * (spent / weight);
    }
    return seconds / this.#jobs;
  }

  #left(course: Course, outcomeOf: Lookup): number {
    const wanted = course.next(outcomeOf).length;
    if (wanted === 0) return 0;
    return Math.max(wanted, course.expectedRuns - (this.#runs.get(course) ?? 0));
  }
}

/** A span of time for people. */
export function formatSeconds(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3_600).toFixed(1)} h`;
}
