import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";

/** A span of the run. */
export interface Span {
  readonly from: Micros;
  readonly until: Micros;
}

/** One thing that happens in a run and that could be left out. Times count from the start of the run. */
export type Decision =
  | CommandDecision
  | NetworkDecision
  | CrashDecision
  | PauseDecision
  | DiskDecision
  | SkewDecision
  | RogueDecision
  | LossDecision
  | FaultyDecision;

export type KeyedOperation =
  | { readonly type: "put"; readonly key: number; readonly value: number }
  | { readonly type: "get" | "delete"; readonly key: number };

/** A client submits a request. */
export interface CommandDecision {
  readonly kind: "command";
  readonly at: Micros;
  readonly client: number;
  readonly operations: readonly KeyedOperation[];
}

/** Parcels are meddled with. `seed` is that of its own stream of randomness: no decision shifts another's. */
export type NetworkDecision = ChanceDecision | SlowLinkDecision | ThinLinkDecision | PartitionDecision;

/** Happens to parcels with a probability. */
export type ChanceDecision = Span & { readonly rate: number; readonly seed: number } & (
    | { readonly kind: "loss" | "duplication" | "replay" }
    | { readonly kind: "reorder" | "spikes"; readonly maxMicros: Micros }
  );

export type SlowLinkDecision = Span & {
  readonly kind: "slow-link";
  readonly link: Link;
  readonly micros: Micros;
};

/** Links that share one pipe, which lets so many bytes pass in a second: one link, or all that leave a replica. */
export type ThinLinkDecision = Span & {
  readonly kind: "thin-link";
  readonly links: readonly Link[];
  readonly bytesPerSecond: number;
};

export type PartitionDecision = Span & {
  readonly kind: "partition";
  readonly shape: "split" | "one-way" | "bridged" | "isolated";
  /** Links that carry nothing. */
  readonly blocked: readonly Link[];
  /** Comes and goes with this period, if above 0. */
  readonly flapMicros: Micros;
};

/** From a replica to another. */
export type Link = readonly [ReplicaId, ReplicaId];

/** Kinds of effect between which a crash can come. */
export const BOUNDARIES = [
  "persist",
  "certify",
  "send",
  "broadcast",
  "reply",
  "note",
  "save-checkpoint",
] as const;
export type Boundary = (typeof BOUNDARIES)[number];

/** A replica crashes and comes back. */
export interface CrashDecision {
  readonly kind: "crash";
  readonly replica: ReplicaId;
  readonly at: Micros;
  readonly downMicros: Micros;
  /** At the `count`-th effect of this kind from `at` on: before it is performed, or right after. At once if null. */
  readonly boundary: {
    readonly effect: Boundary;
    readonly count: number;
    readonly side: "before" | "after";
  } | null;
  /** Writes that had become durable although nobody was told. */
  readonly kept: number;
}

export interface PauseDecision {
  readonly kind: "pause";
  readonly replica: ReplicaId;
  readonly at: Micros;
  readonly forMicros: Micros;
}

/** Nothing becomes durable for a while; or the disk is full, and the replica stops at its next write until there is room. */
export interface DiskDecision {
  readonly kind: "stall" | "full";
  readonly replica: ReplicaId;
  readonly at: Micros;
  readonly forMicros: Micros;
}

/** A replica's timers run at another speed: early below 1, late above. */
export interface SkewDecision {
  readonly kind: "skew";
  readonly replica: ReplicaId;
  readonly factor: number;
}

/** A client that does as it likes, beside the others. Any number of them may be there. */
export interface RogueDecision {
  readonly kind: "rogue";
  readonly home: ReplicaId;
  readonly behaviour: string;
  readonly from: Micros;
  readonly seed: number;
}

/**
 * A trusted subsystem loses its memory, and another one takes its place. From then on its replica is one of the f until it votes
 * again: where there is no room among them, it happens later, or not at all. All the same it does nothing wrong.
 */
export interface LossDecision {
  readonly kind: "subsystem-lost";
  readonly replica: ReplicaId;
  readonly at: Micros;
  readonly downMicros: Micros;
  /** Whether the disk is lost too. */
  readonly wiped: boolean;
  /** Whether its host, if it is Byzantine, has in truth kept it, and runs a second replica with it for some of the others. */
  readonly kept: boolean;
  readonly seed: number;
}

/** What makes a replica one of the f. */
export type FaultyDecision =
  /** It stops for good. */
  | { readonly kind: "dead"; readonly replica: ReplicaId; readonly at: Micros }
  /** It loses its disk: a corrupt record was found, say, and the operator wiped it. */
  | {
      readonly kind: "wipe";
      readonly replica: ReplicaId;
      readonly at: Micros;
      readonly downMicros: Micros;
    }
  /** It falls back to what it was at `from`: its disk, its trusted subsystem, or both. */
  | {
      readonly kind: "rollback";
      readonly replica: ReplicaId;
      readonly what: "disk" | "subsystem" | "both";
      readonly from: Micros;
      readonly at: Micros;
    }
  /** Its host has a copy of its trusted subsystem, as it is at `at`, and may ask either. */
  | { readonly kind: "clone"; readonly replica: ReplicaId; readonly at: Micros }
  /** It restarts, and some of its log comes back with another content, unnoticed; of its saved pages too, if `pages`. */
  | {
      readonly kind: "rot";
      readonly replica: ReplicaId;
      readonly at: Micros;
      readonly downMicros: Micros;
      readonly rate: number;
      readonly pages: boolean;
      readonly seed: number;
    }
  | {
      readonly kind: "byzantine";
      readonly replica: ReplicaId;
      readonly behaviour: string;
      readonly from: Micros;
      readonly seed: number;
    };

const FAULTY: readonly Decision["kind"][] = ["dead", "wipe", "rollback", "clone", "rot", "byzantine"];

/** What makes replicas faulty in a run of these decisions. */
function faultsIn(decisions: readonly Decision[]): readonly FaultyDecision[] {
  return decisions.filter((decision): decision is FaultyDecision => FAULTY.includes(decision.kind));
}

/** Replicas that are not correct in a run of these decisions. */
export function faultyIn(decisions: readonly Decision[]): ReadonlySet<ReplicaId> {
  return new Set(faultsIn(decisions).map(({ replica }) => replica));
}

/**
 * Replicas whose trusted subsystem may say two things at one value of a counter. Hybrid protocols promise nothing from then
 * on: such a run may only be caught at it.
 */
export function untrustedIn(decisions: readonly Decision[]): ReadonlySet<ReplicaId> {
  const broken = faultsIn(decisions).filter(
    (fault) => fault.kind === "clone" || (fault.kind === "rollback" && fault.what !== "disk"),
  );
  return new Set(broken.map(({ replica }) => replica));
}

/** Replicas that are faulty for nothing but records of their log that have rotted. */
export function rottenIn(decisions: readonly Decision[]): ReadonlySet<ReplicaId> {
  const faults = faultsIn(decisions);
  const others = faults.filter((fault) => fault.kind !== "rot" || fault.pages);
  const spoilt = new Set(others.map(({ replica }) => replica));
  return new Set(faults.map(({ replica }) => replica).filter((replica) => !spoilt.has(replica)));
}
