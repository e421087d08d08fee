import { availableParallelism } from "node:os";
import { defaultParameters } from "@destiny/core/parameters";
import type { CostProfile } from "@destiny/simulator/machine/cost-profile";
import { REQUEST_BYTES } from "../run/request-bytes.ts";
import type { Scenario } from "../run/scenario.ts";
import { simulateWith } from "../run/simulate.ts";

/** A small cluster under closed-loop load, for real and simulated. */
export interface Configuration {
  readonly protocol: string;
  readonly replicas: number;
  readonly clients: number;
  readonly bundle: number;
  readonly payloadBytes: number;
}

/** What either showed. */
export interface Shown {
  /** Commands per second. */
  readonly throughput: number;
  readonly latencyMs: { readonly mean: number; readonly p50: number };
  /** Micros of replicas' processors per command; null if nobody knows. */
  readonly cpuPerCommand: number | null;
}

/** Runs a configuration on real processes of this machine. */
export type RealBench = (configuration: Configuration) => Promise<Shown>;

/** What the model says, and by how much it is off: 0.1 is 10 % too much. */
export interface Comparison {
  readonly configuration: Configuration;
  readonly real: Shown;
  readonly simulated: Shown;
  readonly errors: { readonly throughput: number; readonly latency: number; readonly cpu: number | null };
}

/** The one by which the machine's overhead is measured. */
export const REFERENCE: Configuration = {
  ...{ protocol: "destiny", replicas: 3, clients: 16, bundle: 50, payloadBytes: 512 },
};

/** The others, of which the model knows nothing: from idle to loaded, both kinds of protocol. */
export const CONFIGURATIONS: readonly Configuration[] = [
  { protocol: "destiny", replicas: 3, clients: 1, bundle: 1, payloadBytes: 512 },
  { protocol: "destiny", replicas: 5, clients: 16, bundle: 50, payloadBytes: 512 },
  { protocol: "destiny", replicas: 7, clients: 16, bundle: 50, payloadBytes: 512 },
  { protocol: "single-linear-hybster", replicas: 5, clients: 16, bundle: 50, payloadBytes: 512 },
  { protocol: "single-hybster", replicas: 3, clients: 16, bundle: 50, payloadBytes: 512 },
  { protocol: "dqhybster", replicas: 5, clients: 16, bundle: 50, payloadBytes: 512 },
  { protocol: "single-pbft", replicas: 4, clients: 16, bundle: 50, payloadBytes: 512 },
  { protocol: "dqpbft", replicas: 4, clients: 1, bundle: 1, payloadBytes: 512 },
  { protocol: "dqpbft", replicas: 4, clients: 16, bundle: 50, payloadBytes: 512 },
  { protocol: "dqpbft", replicas: 7, clients: 16, bundle: 50, payloadBytes: 512 },
  { protocol: "single-sbft", replicas: 4, clients: 16, bundle: 50, payloadBytes: 512 },
  { protocol: "dqsbft", replicas: 4, clients: 16, bundle: 50, payloadBytes: 512 },
];

const SECOND = 1_000_000;
/** There and back between two processes of one machine, in milliseconds. */
const LOOPBACK = "uniform:0.1";

/** Simulates what the real cluster was: replicas, signers and clients on this machine's processors, with a disk. */
function simulated(configuration: Configuration, profile: CostProfile, diskMicros: number): Shown {
  const processors = availableParallelism();
  const here: CostProfile = {
    ...profile,
    processors: { count: processors, workers: processors, shared: true, source: "this machine" },
    disk: { micros: Math.round(diskMicros), source: "measured by destiny experiment calibrate" },
  };
  const scenario = scenarioOf(configuration);
  const outcome = simulateWith({ profile: here, everyReplica: true }, scenario);
  const cpu = outcome.roles.reduce((sum, { replicas, cpuSeconds }) => {
    return sum + replicas * Object.values(cpuSeconds).reduce((a, b) => a + b, 0);
  }, 0);
  const { throughput, latencyMs, executed } = outcome;
  return { throughput, latencyMs, cpuPerCommand: executed === 0 ? null : (cpu * SECOND) / executed };
}

/** How a configuration did for real, and how the model does. */
export interface Measured {
  readonly configuration: Configuration;
  readonly real: Shown;
  readonly diskMicros: number;
}

/** Between these the overhead is sought, by halves: with more of it batches form otherwise, so it has to be tried. */
const OVERHEAD_MAX = 8;
const TRIALS = 8;

/**
 * How much more processor time a real cluster takes than its pieces do, each measured alone: collection of garbage, cold caches and
 * code, switching between processes. The best of what was tried, from 1 to {@link OVERHEAD_MAX}; 1 if nobody knows.
 */
export function overheadOf(profile: CostProfile, { configuration, real, diskMicros }: Measured): number {
  let [low, high] = [1, OVERHEAD_MAX];
  let best = { factor: 1, error: Number.POSITIVE_INFINITY };
  for (let trial = 0; trial < TRIALS && real.cpuPerCommand !== null; trial += 1) {
    const factor = trial === 0 ? low : (low + high) / 2;
    const overhead = { ...profile.overhead, factor };
    const { cpuPerCommand } = simulated(configuration, { ...profile, overhead }, diskMicros);
    const error = Math.log((cpuPerCommand ?? real.cpuPerCommand) / real.cpuPerCommand);
    if (Math.abs(error) < best.error) best = { factor, error: Math.abs(error) };
    if (error < 0) low = factor;
    else high = factor;
  }
  return best.factor;
}

/** Both, and the difference. */
export function compare(profile: CostProfile, { configuration, real, diskMicros }: Measured): Comparison {
  const model = simulated(configuration, profile, diskMicros);
  const error = (mine: number, theirs: number): number => mine / theirs - 1;
  const cpu =
    model.cpuPerCommand === null || real.cpuPerCommand === null
      ? null
      : error(model.cpuPerCommand, real.cpuPerCommand);
  return {
    configuration,
    real,
    simulated: model,
    errors: {
      throughput: error(model.throughput, real.throughput),
      latency: error(model.latencyMs.mean, real.latencyMs.mean),
      cpu,
    },
  };
}

/** The parameters are those of a real cluster; a batch is full at the same number of commands. */
function scenarioOf({ protocol, replicas, clients, bundle, payloadBytes }: Configuration): Scenario {
  const parameters = defaultParameters(replicas);
  const requests = Math.max(1, Math.floor(parameters.batchBytes / (bundle * (payloadBytes + 18))));
  return {
    ...{ protocol, replicas, seed: 1, duration: 6 * SECOND, warmUp: 2 * SECOND, wan: LOOPBACK },
    ...{
      profile: "modern",
      without: ["bandwidth", "jitter"],
      batch: bundle * requests,
      bundle,
      payloadBytes,
    },
    load: { type: "closed", clientsPerRegion: clients, inFlight: 1 },
    ...{ events: [], exact: true },
    parameters: { ...parameters, batchBytes: requests * REQUEST_BYTES },
  };
}
