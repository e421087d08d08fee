import type { Micros } from "./kernel/ids.ts";
import { invariant } from "./kernel/invariant.ts";

/** What an operator may tune. The same at every replica: some of it decides what a valid value is. */
export interface Parameters {
  /** Window of a D-instance, in slots: `W_D` of dqbft.md 11. */
  readonly disseminationWindow: number;
  /** Window of the O-instance or of a single instance, in slots: `W_O`. */
  readonly orderWindow: number;
  /** Checkpoint period, in slots of the global order: `K`. */
  readonly checkpointPeriod: number;
  /** Entries in one O-value: `B_O`. */
  readonly orderEntriesMax: number;
  /** References to one D-instance in one O-value: `b`. Bounds what one slot may execute (dqbft.md H21). */
  readonly referencesPerInstanceMax: number;
  /** Assignments that a correct O-primary puts into one O-value: `a`. */
  readonly assignmentsMax: number;
  /** References of one D-instance ordered but not disseminated here that a correct O-primary allows: `qOpt`. */
  readonly optimisticMax: number;
  /** Whether the O-primary orders on headers, or waits until dissemination is proven (DQBFT 3.2.1). */
  readonly ordering: "optimistic" | "pessimistic";
  /** How long the O-primary collects references while others are under way. */
  readonly orderBatchDelay: Micros;
  /** How long a coordinator collects requests while a batch of its own is under way. */
  readonly batchDelay: Micros;
  /** Bytes at which a batch is full; the request that crosses it still goes in. */
  readonly batchBytes: number;
  /** How long to wait for what should have come before asking again: `delta` of linear-hybster.md 7. */
  readonly pullDelay: Micros;
  /** Period of the status that tells peers how far a replica is: `Ts`. */
  readonly statusPeriod: Micros;
  /**
   * How long each stage of another replica's work may take before it is suspected: `T_D`, `T_C`, `T_O`, `T_OC` and `T_fill` of
   * dqbft.md 8. Doubles with every view change of the instance.
   */
  readonly suspicionDelay: Micros;
  /** How long a view change may take before the next view is tried; doubles. */
  readonly viewChangeDelay: Micros;
  /** How long the O-primary may still use headers of a view that we know has ended: `grace`. */
  readonly graceDelay: Micros;
  /** Slots of probation after a first view change: `P0`. */
  readonly probationSlots: number;
  /** How often probation doubles at most. */
  readonly probationCap: number;
  /** Least time between two reinstatements of one replica: `R0`. Doubles. */
  readonly reinstatementDelay: Micros;
  /** Requests of one client that may wait at a replica; and replies kept for it. */
  readonly pipeline: number;
  /** Bytes of requests that may wait at a replica. */
  readonly intakeBytesMax: number;
  /** Clients that the client table holds where anyone may submit. */
  readonly clientsMax: number;
  /** Replicas beside the faulty ones that may be slow without ending the fast path, where there is one: `c` of sbft.md 1. */
  readonly slowReplicas: number;
}

/** Memory that the windows of all instances may fill, if every slot held a batch of the usual size: 512 MiB. */
const WINDOW_BYTES_MAX = 536_870_912;
/** What trusted subsystems remember of each counter. */
const REISSUED_MAX = 512;
/** Items of evidence that fit into one proposal. */
const ENTRIES_MAX = 1024;
const WINDOW_MIN = 16;
const WINDOW_MAX = 256;
const BATCH_BYTES = 524_288;

/** Defaults for a cluster of `n` on a local network; `overrides` win. */
export function defaultParameters(n: number, overrides: Partial<Parameters> = {}): Parameters {
  const affordable = Math.floor(WINDOW_BYTES_MAX / (n * BATCH_BYTES));
  const parameters: Parameters = {
    disseminationWindow: Math.max(WINDOW_MIN, Math.min(WINDOW_MAX, affordable)),
    orderWindow: WINDOW_MAX,
    checkpointPeriod: 64,
    orderEntriesMax: 64,
    referencesPerInstanceMax: 8,
    assignmentsMax: 16,
    optimisticMax: 16,
    ordering: "optimistic",
    orderBatchDelay: 5_000,
    batchDelay: 10_000,
    batchBytes: BATCH_BYTES,
    pullDelay: 200_000,
    statusPeriod: 1_000_000,
    suspicionDelay: 2_000_000,
    viewChangeDelay: 2_000_000,
    graceDelay: 500_000,
    probationSlots: 16,
    probationCap: 10,
    reinstatementDelay: 5_000_000,
    pipeline: 16,
    intakeBytesMax: 67_108_864,
    clientsMax: 100_000,
    slowReplicas: 0,
    ...overrides,
  };
  checkParameters(parameters);
  return parameters;
}

/** The constraints of dqbft.md 5 and 11. */
export function checkParameters(parameters: Parameters): void {
  const { disseminationWindow, orderWindow, checkpointPeriod, orderEntriesMax, referencesPerInstanceMax } =
    parameters;
  invariant(
    referencesPerInstanceMax >= 1 && referencesPerInstanceMax <= disseminationWindow / 2 + 1,
    "1 <= b <= W_D/2 + 1 (dqbft.md H21)",
  );
  invariant(
    Math.max(orderWindow, disseminationWindow) <= REISSUED_MAX,
    "windows of at most 512 slots: a trusted subsystem issues no older certificate again after a restart",
  );
  invariant(orderEntriesMax <= ENTRIES_MAX, "B_O of at most 1024: a proposal carries no more evidence");
  invariant(checkpointPeriod >= 1 && checkpointPeriod <= orderWindow / 2, "1 <= K <= W_O/2 (dqbft.md 5)");
}
