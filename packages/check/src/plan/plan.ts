import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import type { Parameters } from "@destiny/core/parameters";
import type { Delays } from "@destiny/simulator/machine/fixed-delays";
import type { Decision } from "./decisions.ts";

/**
 * One run, as data: what it does follows from the plan alone, on whatever machine. Everything that can be left out to find
 * out whether it matters is a decision; the rest is the stage on which they play.
 */
export interface Plan {
  /** Name of the protocol, for people: the runner is given the protocol itself. */
  readonly protocol: string;
  readonly n: number;
  readonly seed: number;
  readonly parameters: Partial<Parameters>;
  readonly delays: Delays;
  /** What a message takes between any two parties: from `min` up to, but not including, `max`. */
  readonly latency: { readonly min: Micros; readonly max: Micros };
  /** Slots of each instance below the watermark that disks keep for peers who come late: others must transfer the state. */
  readonly historySlots: number;
  /** Whether every receiver gets its own copy of a message, made of bytes, instead of the sender's object. */
  readonly overTheWire: boolean;
  /** How long clients wait before they do more; doubles. */
  readonly retryMicros: Micros;
  /** By client: whose it is at first. */
  readonly homes: readonly ReplicaId[];
  /** When the trouble ends: from here on every fault is over but those of faulty replicas. */
  readonly troubleMicros: Micros;
  readonly decisions: readonly Decision[];
}
