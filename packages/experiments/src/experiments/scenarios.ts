import { findProtocol } from "@destiny/core/catalogue";
import { present } from "@destiny/core/kernel/invariant";
import type { Outcome } from "../run/outcome.ts";
import type { Scenario, ScenarioEvent } from "../run/scenario.ts";
import type { LoadPoint } from "../statistics/knee.ts";
import { SECOND, type Surroundings } from "./specification.ts";

const MICROS_PER_MILLI = 1_000;

/** What a scenario leaves to choose where the rest is as in the paper. */
export interface Choice {
  readonly protocol: string;
  readonly replicas: number;
  readonly seed: number;
  readonly batch: number;
  readonly payloadBytes: number;
  /** Requests under way per region. */
  readonly load: number;
  readonly warmUp: number;
  readonly duration: number;
  readonly events?: readonly ScenarioEvent[];
}

/** A run as the paper makes them: closed loop, a client's request is a batch, nothing left out of the model. */
export function paperScenario({ wan, profile }: Surroundings, choice: Choice): Scenario {
  const { protocol, replicas, seed, batch, payloadBytes, load, warmUp, duration, events = [] } = choice;
  return {
    protocol,
    replicas,
    seed,
    duration,
    warmUp,
    wan,
    profile,
    without: [],
    batch,
    bundle: batch,
    payloadBytes,
    load: { type: "closed", clientsPerRegion: load, inFlight: 1 },
    events,
    exact: false,
  };
}

/**
 * The replicas that stop when f are to: the last ones. Replicas go round the regions, so these are spread evenly, and the
 * first, who presides at the start, is not among them.
 */
export function crashedReplicas(protocol: string, replicas: number): number[] {
  const { f, available } = present(findProtocol(protocol), `a protocol called ${protocol}`).faults(replicas);
  return Array.from({ length: f }, (_, index) => available + index);
}

/** How far a second may be from the mean before answers are said to come in waves, as a share. */
const WAVE_SHARE = 0.5;

/** What a run showed of its load. */
export function loadPointOf(outcome: Outcome): LoadPoint {
  const { scenario, throughput, latencyMs } = outcome;
  const settled = latencyMs.mean * MICROS_PER_MILLI <= scenario.warmUp && !inWaves(outcome);
  return { load: loadOf(scenario), throughput, latencyMs: latencyMs.mean, settled };
}

/** Whether the mean depends on where between two waves the measured span begins and ends. */
function inWaves({ scenario, throughput, timeline }: Outcome): boolean {
  const seconds = timeline.slice(Math.ceil(scenario.warmUp / SECOND), Math.floor(scenario.duration / SECOND));
  return seconds.some((second) => Math.abs(second - throughput) > WAVE_SHARE * throughput);
}

/** Requests under way per region; those of an open loop have no such number. */
export function loadOf({ load }: Scenario): number {
  return load.type === "closed" ? load.clientsPerRegion * load.inFlight : Number.NaN;
}

/** Replicas that are stopped from the start. */
export function crashedAtStart({ events }: Scenario): number {
  return events.reduce(
    (count, event) => count + (event.type === "crash" && event.at === 0 ? event.replicas.length : 0),
    0,
  );
}
