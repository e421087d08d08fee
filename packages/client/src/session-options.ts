import type { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";

/** What a session must know. Times in microseconds. */
export interface SessionOptions {
  readonly faults: FaultModel;
  /** Whether replies come without certificates, from every replica: then it takes links to all from the start. */
  readonly plainReplies: boolean;
  /** Whom to ask first who our coordinator is. */
  readonly firstReplica: ReplicaId;
  /** Requests under way at once, counted from the oldest unanswered one. Not above what replicas keep replies for. */
  readonly pipeline: number;
  /** Submissions that may wait for their turn, at least one. */
  readonly queueMax: number;
  /** `Tc` of dqbft.md 4.1: how long to wait for a reply before the first re-send. */
  readonly retryMicros: Micros;
  /** Longest wait between two rungs of the ladder. */
  readonly retryMaxMicros: Micros;
}
