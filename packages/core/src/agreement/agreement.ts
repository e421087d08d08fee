import type { JobResult, LogRecord } from "../effects/effects.ts";
import type { Port } from "../effects/port.ts";
import type { FaultModel } from "../kernel/fault-model.ts";
import type { InstanceId, Micros, ReplicaId, SequenceNumber, Ticket, TimerId, View } from "../kernel/ids.ts";
import type { Check } from "../wire/check.ts";
import type { Evidence, Message, Proposal } from "../wire/messages.ts";
import type { Hash, Value } from "../wire/value.ts";

/** What the layer above says about a fresh proposal. */
export const Verdict = { Accept: 1, Hold: 2, Fault: 3 } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** Agreement on a log of values: contract C1 to C10 of dqbft.md 1, and nothing about who asks. */
export interface Agreement {
  readonly view: View;
  readonly primary: ReplicaId;
  /** Whether this replica may propose now: it is the primary, and the next slot is in the window. */
  readonly mayPropose: boolean;
  /** Every slot up to this one is decided here and its value known. */
  readonly decided: SequenceNumber;
  /** The highest slot for which this replica has seen a proposal or a certificate. */
  readonly known: SequenceNumber;
  /** Proposes at the next slot, which it returns. Only when {@link mayPropose}. */
  propose(value: Value, evidence: readonly Evidence[]): SequenceNumber;
  /** A message that the edge found authentic: {@link AgreementProtocol.checks} passed. */
  receive(from: ReplicaId, message: Message): void;
  expire(timer: TimerId): void;
  complete(ticket: Ticket, result: JobResult): void;
  /** A proposal on hold may be acceptable now. */
  reconsider(): void;
  /** A peer says that slots up to `seq` are decided: get them. */
  pursue(seq: SequenceNumber): void;
  /** Sets the low watermark from outside (C5): slots up to `low` are executed here and covered by a stable checkpoint. */
  advance(low: SequenceNumber): void;
  /** The low watermark. */
  readonly low: SequenceNumber;
  /** A commit certificate of a decided slot that is still in memory: transferable evidence (dqbft.md 2). */
  certificate(seq: SequenceNumber): Evidence | null;
  /** Before {@link recover}: everything up to `low` is executed and in the state that the replica restarts from. */
  startFrom(low: SequenceNumber): void;
  /** Before {@link resume}: takes back one record of the log, in any order. */
  recover(record: LogRecord): void;
  /** After a start or restart, once all records are back: completes what was under way. */
  resume(): void;
}

/** The layer above an instance. It must not call the instance back from a notice: it queues them. */
export interface Superior {
  /** Pure; fresh proposals only, never re-proposals of a new view. */
  judge(seq: SequenceNumber, value: Value, evidence: readonly Evidence[]): Verdict;
  /** A certified proposal of the present view was accepted into the log; its header is transferable. */
  proposed(proposal: Proposal): void;
  /** A slot is decided. Slots may be decided out of order. */
  committed(seq: SequenceNumber, value: Value): void;
}

export interface AgreementParameters {
  /** Slots between the watermarks. */
  readonly window: number;
  /** How long to wait before asking again for what is missing. */
  readonly pullDelay: Micros;
}

export interface AgreementContext {
  readonly self: ReplicaId;
  readonly faults: FaultModel;
  readonly instance: InstanceId;
  /** Primary of view 0; that of view v is `(home + v) mod n`. */
  readonly home: ReplicaId;
  readonly port: Port;
  readonly superior: Superior;
  readonly hash: Hash;
  readonly parameters: AgreementParameters;
}

/** What the edge must know of an instance to authenticate its messages. */
export interface InstanceAddress {
  readonly instance: InstanceId;
  readonly home: ReplicaId;
  readonly faults: FaultModel;
}

/** A protocol that can serve as an instance. */
export interface AgreementProtocol {
  readonly name: string;
  create(context: AgreementContext): Agreement;
  /** What must hold for the message to be authentic, or null if it is none of this protocol's. */
  checks(address: InstanceAddress, message: Message): readonly Check[] | null;
}
