import type { InstanceId, Micros, ReplicaId, SequenceNumber, Ticket, TimerId } from "../kernel/ids.ts";
import type { Misbehaviour } from "../kernel/misbehaviour.ts";
import type { Claim } from "../wire/claim.ts";
import type { Message } from "../wire/messages.ts";
import type { Reply } from "../wire/reply.ts";
import type { Roster } from "../wire/roster.ts";
import type { Piece } from "../wire/state-transfer.ts";
import type { CounterValue } from "../wire/statement.ts";

/**
 * All that the core can ask of the world. Effects of one step keep their order, and nothing that follows a `Persist`,
 * in this step or a later one, leaves before that record is durable.
 */
export type Effect =
  | {
      readonly type: "send";
      readonly instance: InstanceId;
      readonly to: ReplicaId;
      readonly message: Message;
    }
  | { readonly type: "broadcast"; readonly instance: InstanceId; readonly message: Message }
  | {
      readonly type: "set-timer";
      readonly instance: InstanceId;
      readonly timer: TimerId;
      readonly delay: Micros;
    }
  | { readonly type: "cancel-timer"; readonly instance: InstanceId; readonly timer: TimerId }
  | { readonly type: "persist"; readonly record: LogRecord }
  | { readonly type: "note"; readonly record: LogRecord }
  | { readonly type: "certify"; readonly job: Job; readonly claim: Claim }
  | { readonly type: "combine"; readonly job: Job; readonly claim: Claim; readonly shares: readonly Share[] }
  | { readonly type: "reply"; readonly reply: Reply }
  | { readonly type: "serve-history"; readonly request: HistoryRequest }
  | { readonly type: "serve-state"; readonly request: StateRequest }
  | { readonly type: "save-checkpoint"; readonly checkpoint: SavedCheckpoint }
  | { readonly type: "retire"; readonly watermarks: readonly Watermark[] }
  /** From now on these key tables are known: what names one of their configurations can be checked. */
  | { readonly type: "configure"; readonly roster: Roster }
  | { readonly type: "report"; readonly peer: ReplicaId; readonly reason: Misbehaviour };

/** Where a job's result goes. */
export interface Job {
  readonly instance: InstanceId;
  readonly ticket: Ticket;
}

/** One replica's share, as it came: unverified. */
export interface Share {
  readonly signer: ReplicaId;
  readonly share: Uint8Array;
}

/** What a job came to. */
export type JobResult =
  /** Our own share, and for a trusted claim the individual certificate; for a succession the counter's old value. */
  | {
      readonly type: "certified";
      readonly share: Uint8Array;
      readonly certificate: Uint8Array;
      readonly old?: CounterValue;
    }
  /** Our trusted subsystem refused: its counter is ahead of our log (hybster.md 10.2). */
  | { readonly type: "refused" }
  /** The aggregate, if enough shares were good, and who sent bad ones. */
  | {
      readonly type: "combined";
      readonly aggregate: Uint8Array | null;
      readonly culprits: readonly ReplicaId[];
    };

/** A message to remember, under its place in the log. */
export interface LogRecord {
  readonly instance: InstanceId;
  readonly seq: SequenceNumber;
  readonly message: Message;
}

/** Decided slots that a peer asks for and that are no longer in memory. */
export interface HistoryRequest {
  readonly instance: InstanceId;
  readonly to: ReplicaId;
  readonly first: SequenceNumber;
  readonly last: SequenceNumber;
}

/** Pieces of a saved checkpoint that a peer asks for. It is sent nothing if that checkpoint is not on the disk. */
export interface StateRequest {
  readonly to: ReplicaId;
  readonly seq: SequenceNumber;
  /** Goes back with the answer. */
  readonly ticket: number;
  readonly pieces: readonly Piece[];
}

/** A low watermark: slots up to it may leave memory, and the disk once history is too large. */
export interface Watermark {
  readonly instance: InstanceId;
  readonly seq: SequenceNumber;
}

/** The replicated state after `seq`: the pages that changed since the last one saved. */
export interface SavedCheckpoint {
  readonly seq: SequenceNumber;
  readonly pages: readonly { readonly index: number; readonly bytes: Uint8Array }[];
  readonly pageCount: number;
  /** Checkpoints saved before that must stay readable beside it, for peers that fetch them; the others may go. */
  readonly kept: readonly SequenceNumber[];
}
