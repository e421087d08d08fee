import type { Course, Lookup } from "@destiny/experiments/experiments/course";
import type { Observer } from "@destiny/experiments/experiments/execute";
import { Estimate, formatSeconds } from "@destiny/experiments/progress/estimate";
import type { Outcome } from "@destiny/experiments/run/outcome";
import type { Scenario } from "@destiny/experiments/run/scenario";
import type { Progress } from "./progress.ts";

const KILO = 1_000;
const PERCENT = 100;

/** Tells how an experiment goes: on a terminal one line with an estimate of the end, elsewhere a line per run. */
export function watchExperiment(watched: {
  readonly figure: string;
  readonly courses: readonly Course[];
  readonly outcomeOf: Lookup;
  readonly jobs: number;
  readonly progress: Progress;
}): Observer {
  const { figure, courses, outcomeOf, jobs, progress } = watched;
  const estimate = new Estimate(courses, jobs);
  const shares = new Map<Scenario, { readonly label: string; share: number }>();

  const show = (): void => {
    const left = estimate.secondsLeft(outcomeOf);
    const end = left === undefined ? "" : `, about ${formatSeconds(left)} left`;
    const now = [...shares.values()].map(({ label, share }) => `${label} ${Math.round(share * PERCENT)} %`);
    progress.update(`${figure}: ${runs(estimate, outcomeOf)}${end} | ${now.join(" | ")}`);
  };
  return {
    started(scenario, course) {
      shares.set(scenario, { label: course.label, share: 0 });
      show();
    },
    advanced(scenario, share) {
      const entry = shares.get(scenario);
      if (entry !== undefined) entry.share = share;
      show();
    },
    finished(outcome, course) {
      shares.delete(runningAs(shares, outcome));
      estimate.add(course, outcome);
      progress.stage(`${figure}: ${runs(estimate, outcomeOf)}: ${course.label}, ${summary(outcome)}`);
      show();
    },
  };
}

/** The outcome comes from another process, with a copy of the scenario. */
function runningAs(shares: ReadonlyMap<Scenario, unknown>, { scenario }: Outcome): Scenario {
  const text = JSON.stringify(scenario);
  return [...shares.keys()].find((each) => JSON.stringify(each) === text) ?? scenario;
}

function runs(estimate: Estimate, outcomeOf: Lookup): string {
  return `${estimate.finished} of about ${estimate.finished + estimate.runsLeft(outcomeOf)} runs`;
}

function summary({ scenario, throughput, latencyMs, wall }: Outcome): string {
  const load = scenario.load.type === "closed" ? `load ${scenario.load.clientsPerRegion}` : "open loop";
  const speed = `${(throughput / KILO).toFixed(1)} ktx/s, ${latencyMs.mean.toFixed(0)} ms`;
  return `${load}, seed ${scenario.seed}: ${speed} (${formatSeconds(wall.seconds)})`;
}
