import type { Micros } from "@destiny/core/kernel/ids";
import type { Parameters } from "@destiny/core/parameters";

/** What a scenario leaves out of its model, for ablation. Everything is in unless it stands here. */
export type ModelPart =
  /** Processors: everything a replica does takes no time. */
  | "cpu"
  /** Rates: of links and of network interfaces, both ways. */
  | "bandwidth"
  | "jitter";

/** Who lags behind or stops, and when. Times are from the start of the run, in virtual microseconds. */
export type ScenarioEvent =
  /** Replicas stop for good. */
  | { readonly at: Micros; readonly type: "crash"; readonly replicas: readonly number[] }
  /** The load of some regions is multiplied; of all if none is named. */
  | {
      readonly at: Micros;
      readonly type: "scale-load";
      readonly factor: number;
      readonly regions?: readonly string[];
    }
  /** Everything that replicas send and receive takes so much longer from now on. */
  | {
      readonly at: Micros;
      readonly type: "lag";
      readonly replicas: readonly number[];
      readonly delay: Micros;
    }
  /** Groups of replicas that hear only each other, until `until`. */
  | {
      readonly at: Micros;
      readonly type: "partition";
      readonly groups: readonly (readonly number[])[];
      readonly until: Micros;
    };

/** How clients ask. One request is one bundle of commands that one client signs. */
export type Load =
  /**
   * Every client has so many requests under way, and sends one more for every answer. Where there are fewer clients than regions,
   * `clientsPerRegion` is a fraction.
   */
  | { readonly type: "closed"; readonly clientsPerRegion: number; readonly inFlight: number }
  /** Requests come whatever the answers do (Poisson); latency counts from when a request was due. */
  | { readonly type: "open"; readonly requestsPerSecond: number };

/** One run of the simulator, whole: the same scenario gives the same trace on every machine. */
export interface Scenario {
  /** A name of the catalogue. */
  readonly protocol: string;
  readonly replicas: number;
  readonly seed: number;
  /** Virtual; measured from `warmUp` to `duration`. */
  readonly duration: Micros;
  readonly warmUp: Micros;
  /** `azure`, `aws`, `lan`, or the path of a matrix (CSV or JSON). Replicas go round its regions. */
  readonly wan: string;
  /** The machine: `paper-2022`, `modern`, or the path of a profile (JSON). */
  readonly profile: string;
  readonly without: readonly ModelPart[];
  /** Commands in one proposal: whole bundles. */
  readonly batch: number;
  /** Commands in one request. */
  readonly bundle: number;
  readonly payloadBytes: number;
  readonly load: Load;
  readonly events: readonly ScenarioEvent[];
  /** What is other than in `evaluationParameters`, for all protocols the same: no batching delay, shorter time-outs. */
  readonly parameters?: Partial<Parameters>;
  /** Whether every vote is an event of its own; else votes among all are counted for their receivers, unless machines have disks. */
  readonly exact: boolean;
}
