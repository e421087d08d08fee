import { FaultModel } from "@destiny/core/kernel/fault-model";

/** What a formula of Figure 2 is evaluated for. */
export interface Setting {
  /** Replicas, N. */
  readonly n: number;
  /** Bandwidth of one replica, sent and received together, in bits per second: B. */
  readonly bitsPerSecond: number;
  /** A message with a batch, in bytes: pm. */
  readonly payloadBytes: number;
  /** Any other message, in bytes: sm. */
  readonly stateBytes: number;
}

/** What Figure 3 of the paper assumes, but for the size of a proposal. */
export const FIGURE_3: Omit<Setting, "n" | "payloadBytes"> = { bitsPerSecond: 1e9, stateBytes: 250 };

/** Figure 3's two sizes of a proposal, by their names in its caption. */
export const PROPOSAL_SIZES: readonly { readonly name: string; readonly bytes: number }[] = [
  { name: "5 KiB", bytes: 5 * 1024 },
  { name: "100 KiB", bytes: 100 * 1024 },
];

/** A command of the paper's workload, in bytes. */
export const COMMAND_BYTES = 512;

/** References in one proposal of the O-instance in the paper's published configuration. */
export const ORDER_BATCH = 24;

/** Who proposes: NF replicas of n under this fault model, or all of n in a run without faults. */
export type Proposers = "byzantine" | "hybrid" | "all";

/** How many replicas propose. */
export function proposersOf(proposers: Proposers, n: number): number {
  return proposers === "all" ? n : FaultModel[proposers](n).available;
}
