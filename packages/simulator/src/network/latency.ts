import type { Micros } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import type { Random } from "@destiny/core/kernel/random";

/** A party of the network: a replica by its id, and clients after them. */
export type Address = number;

/** How long one message takes from one party to another. */
export interface LatencyModel {
  /** At least 0, and whole. Asked once for every message. */
  micros(from: Address, to: Address): Micros;
}

/** Every message takes the same. */
export function constantLatency(delay: Micros): LatencyModel {
  return { micros: () => delay };
}

/** Every message takes anything from `min` up to, but not including, `max`. */
export function uniformLatency(min: Micros, max: Micros, random: Random): LatencyModel {
  invariant(min >= 0 && max > min, "a span of time");
  return { micros: () => min + random.below(max - min) };
}

/** One-way delays by sender and receiver. Parties beyond the matrix start again with its first row: client n sits at 0. */
export function matrixLatency(rows: readonly (readonly Micros[])[]): LatencyModel {
  return {
    micros(from, to) {
      const delay = rows[from % rows.length]?.[to % rows.length];
      invariant(delay !== undefined, "a square matrix");
      return delay;
    },
  };
}
