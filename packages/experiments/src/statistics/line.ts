import { present } from "@destiny/core/kernel/invariant";
import { crashedAtStart, loadPointOf } from "../experiments/scenarios.ts";
import type { Outcome } from "../run/outcome.ts";
import type { Scenario } from "../run/scenario.ts";
import { byLoad, kneeOf, type LoadPoint, peakOf } from "./knee.ts";
import { type Spread, spreadOf } from "./numbers.ts";

/** What a sweep is for: one protocol in one setting. */
export interface Setting {
  readonly protocol: string;
  readonly replicas: number;
  readonly batch: number;
  readonly payloadBytes: number;
  /** Replicas that are stopped from the start. */
  readonly crashed: number;
}

/** One load of a sweep, with the first seed. */
export interface Point extends LoadPoint {
  readonly outcome: Outcome;
}

/** A sweep, and what it comes to. */
export interface Line extends Setting {
  /** By rising load, first seed. */
  readonly points: readonly Point[];
  /** The best settled point of the sweep. */
  readonly peak: Point;
  /** The lowest load with 97 % of the peak. */
  readonly knee: Point;
  /** Over all seeds with which the knee was run. */
  readonly kneeThroughput: Spread;
  /** Of mean latencies, in milliseconds, over the same seeds. */
  readonly kneeLatency: Spread;
}

/** The sweeps that these outcomes are points of. */
export function linesOf(outcomes: readonly Outcome[]): Line[] {
  const groups = new Map<string, Outcome[]>();
  for (const outcome of outcomes) {
    const name = JSON.stringify(settingOf(outcome.scenario));
    const group = groups.get(name) ?? [];
    group.push(outcome);
    groups.set(name, group);
  }
  return [...groups.values()].map(lineOf);
}

/** The setting of a run. */
function settingOf(scenario: Scenario): Setting {
  const { protocol, replicas, batch, payloadBytes } = scenario;
  return { protocol, replicas, batch, payloadBytes, crashed: crashedAtStart(scenario) };
}

function lineOf(outcomes: readonly Outcome[]): Line {
  const first = present(outcomes[0], "an outcome");
  const seed = Math.min(...outcomes.map(({ scenario }) => scenario.seed));
  const all = outcomes.map(pointOf);
  const points = byLoad(all.filter(({ outcome }) => outcome.scenario.seed === seed));
  const knee = kneeOf(points);
  const repeats = all.filter(({ load }) => load === knee.load);
  return {
    ...settingOf(first.scenario),
    points,
    peak: peakOf(points),
    knee,
    kneeThroughput: spreadOf(repeats.map(({ throughput }) => throughput)),
    kneeLatency: spreadOf(repeats.map(({ latencyMs }) => latencyMs)),
  };
}

function pointOf(outcome: Outcome): Point {
  return { ...loadPointOf(outcome), outcome };
}
