import type { Micros } from "@destiny/core/kernel/ids";
import type { Family } from "./protocols.ts";

/** Microseconds in a second of virtual time. */
export const SECOND: Micros = 1_000_000;

/** The sizes at which the paper measures. */
export const PAPER_SIZES: readonly number[] = [19, 49, 97, 193, 301];

/** The machine and the network of every run of an experiment: as in the scenario. */
export interface Surroundings {
  readonly wan: string;
  readonly profile: string;
}

/** Points of one kind: every combination of what stands in it. */
export interface Grid {
  /** Protocols of these families only. */
  readonly families?: readonly Family[];
  readonly replicas: readonly number[];
  /** Commands in a batch; a client signs as many at once. */
  readonly batches: readonly number[];
  readonly payloadBytes: readonly number[];
}

/** What clusters up to a size are worth: which loads, how long a run is, with how many seeds the best load is repeated. The first that fits counts. */
export interface Effort {
  /** Protocols of these families, or these protocols, only. */
  readonly families?: readonly Family[];
  readonly protocols?: readonly string[];
  readonly replicasMax: number;
  readonly warmUp: Micros;
  readonly measured: Micros;
  readonly seeds: readonly number[];
  readonly ladder: Ladder;
}

/** How the load is raised until throughput rises no more. */
export interface Ladder {
  /** Requests under way per region, one after the other. */
  readonly loads: readonly number[];
  /**
   * A load has to bring so much more than all before, as a share; after two in a row that do not, no more are tried. Nor after one
   * whose run has not settled.
   */
  readonly gain: number;
  /** Loads between the best and its neighbour below that are tried at the end. */
  readonly refinements: number;
}

/** Figures 7, 8 and 9: for each protocol and setting, the load is raised until throughput rises no more. */
export interface SweepSpecification extends Surroundings {
  readonly kind: "sweep";
  /** Names of the catalogue, in the order of the figure; what the catalogue lacks is passed over. */
  readonly protocols: readonly string[];
  readonly grids: readonly Grid[];
  readonly efforts: readonly Effort[];
  /** Replicas stopped from the start: none, or as many as the protocol tolerates, spread evenly over the regions. */
  readonly crashed: "none" | "f";
}

/** Figure 10: one run per protocol in which things happen. Times as in the paper. */
export interface TimelineSpecification extends Surroundings {
  readonly kind: "timeline";
  readonly protocols: readonly string[];
  readonly replicas: number;
  readonly batch: number;
  readonly payloadBytes: number;
  readonly seed: number;
  /** Requests under way per region at first. */
  readonly load: number;
  /** Every time is divided by it: 1 shows the paper's. */
  readonly compression: number;
  readonly duration: Micros;
  /** The load of these regions is doubled. */
  readonly doubling: { readonly at: Micros; readonly regions: readonly string[] };
  /** A replica is killed: the primary where there is one, since nothing else calls for a view change, or the given coordinator. */
  readonly kill: { readonly at: Micros; readonly coordinator: number };
}

/** Figure 2: runs with a single request under way, in which messages are counted. */
export interface CountSpecification extends Surroundings {
  readonly kind: "count";
  readonly protocols: readonly string[];
  readonly replicas: readonly number[];
  readonly payloadBytes: number;
  readonly seed: number;
  readonly warmUp: Micros;
  readonly measured: Micros;
}

/** What is run for a figure. */
export type Specification = SweepSpecification | TimelineSpecification | CountSpecification;

/** A figure's runs, and those of its quick version: smaller, fewer, in minutes. */
export interface Specifications<S extends Specification = Specification> {
  readonly full: S;
  readonly quick: S;
}
