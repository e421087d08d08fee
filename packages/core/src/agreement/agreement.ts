import type { JobResult, LogRecord } from "../effects/effects.ts";
import type { Port } from "../effects/port.ts";
import type { Configuration } from "../kernel/configurations.ts";
import type { FaultModel } from "../kernel/fault-model.ts";
import type {
  Digest,
  InstanceId,
  Micros,
  ReplicaId,
  SequenceNumber,
  Ticket,
  TimerId,
  View,
} from "../kernel/ids.ts";
import type { Anchor } from "../wire/anchor.ts";
import type { Check } from "../wire/check.ts";
import type { Evidence, Message, Proposal } from "../wire/messages.ts";
import type { Hash, Value } from "../wire/value.ts";

/** What the layer above says about a fresh proposal. */
export const Verdict = { Accept: 1, Hold: 2, Fault: 3 } as const;
export type Verdict = (typeof Verdict)[keyof typeof Verdict];

/** A view that this replica has entered: its NewView is accepted. The same at every correct replica of the hybrid family. */
export interface Standing {
  readonly view: View;
  /** Highest slot that its NewView covers or re-proposes: fresh proposals lie above (C4). 0 for view 0. */
  readonly maximum: SequenceNumber;
  /** Established view changes, faded by good work: what probation grows with (dqbft.md 4.2, `nvCount`). 0 for view 0. */
  readonly count: number;
  /** `x` of every proposal of the view: the last slot of its probation, `maximum + probation(count)`. 0 for view 0. */
  readonly extension: number;
}

/** The standing in which every instance starts. */
export const FIRST_STANDING: Standing = { view: 0, maximum: 0, count: 0, extension: 0 };

/** Agreement on a log of values: contract C1 to C10 of dqbft.md 1, and nothing about who asks. */
export interface Agreement {
  /** The view that this replica is in, or on its way to. */
  readonly view: View;
  /** Whether it is in it: else it is changing views, and votes for nothing. */
  readonly active: boolean;
  /** Of {@link view}. */
  readonly primary: ReplicaId;
  /** The last view that it entered. */
  readonly standing: Standing;
  /** Whether this replica may propose now: it is the primary, in its view, and the next slot is in the window. */
  readonly mayPropose: boolean;
  /** The slot that {@link propose} would use. */
  readonly nextSlot: SequenceNumber;
  /** Every slot up to this one is decided here and its value known, or covered by the state that we have. */
  readonly decided: SequenceNumber;
  /** The highest slot for which this replica has seen a proposal, a vote or a certificate, or which a NewView covers. */
  readonly known: SequenceNumber;
  /** Whether this slot is decided here and its value known. */
  hasDecided(seq: SequenceNumber): boolean;
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
  /** Shows a peer that this replica is in its view; the peer may ask for what proves it. Nothing in view 0. */
  show(to: ReplicaId): void;
  /** Leaves for a higher view (C6); nothing if it is not higher. Views between are skipped. */
  suspect(view: View): void;
  /** {@link Members.executed} has grown: leaves for a view of it. Nothing in a protocol that relies on no trusted subsystem. */
  reconfigure(): void;
  /**
   * Sets the low watermark from outside (C5): slots up to `low` are covered by a stable checkpoint, which the anchor
   * proves to others, and executed here or part of a state that was transferred.
   */
  advance(low: SequenceNumber, anchor: Anchor): void;
  /** The low watermark. */
  readonly low: SequenceNumber;
  /** Transferable proof that a slot is decided, or can be, if it is here (dqbft.md 2, Committed). */
  certificate(seq: SequenceNumber): Evidence | null;
  /** Before {@link recover}: slots up to `low` are covered by the anchor, null if low is 0; all up to `executed` executed. */
  startFrom(low: SequenceNumber, anchor: Anchor | null, executed: SequenceNumber): void;
  /** Before {@link resume}: takes back one record of the log, in any order. */
  recover(record: LogRecord): void;
  /** After a start or restart, once all records are back: completes what was under way. */
  resume(): void;
}

/** The layer above an instance. It must not call the instance back from a notice: it queues them. */
export interface Superior {
  /** Pure; fresh proposals only, never re-proposals of a new view. */
  judge(proposal: Proposal): Verdict;
  /** A certified proposal of the present view was accepted into the log, re-proposals too; its header is transferable. */
  proposed(proposal: Proposal): void;
  /** A slot is decided. Slots may be decided out of order. */
  committed(seq: SequenceNumber, value: Value): void;
  /** A view was entered, the first one after a restart too. Proposals of earlier views that it does not re-propose are gone. */
  entered(standing: Standing): void;
  /** It left its view for {@link Agreement.view}, and changes views. */
  left(): void;
  /** The instance has moved to a stable checkpoint above what is executed here: the state must be transferred. */
  outrun(anchor: Anchor): void;
}

export interface AgreementParameters {
  /** Slots between the watermarks. */
  readonly window: number;
  /** How long to wait before asking again for what is missing. */
  readonly pullDelay: Micros;
  /** How long a view change may take before the next view is tried, doubling (hybster.md 6.6, pbft.md 11). */
  readonly viewChangeDelay: Micros;
}

/**
 * Which trusted subsystems speak for the replicas (hybster.md 10.1). A view names its configuration (`kernel/configurations.ts`);
 * each admission makes a new one, in which one replica has another identity.
 */
export interface Members {
  /** The newest configuration whose key table is known. */
  readonly configuration: Configuration;
  /** The newest one whose admission is executed here. */
  readonly executed: Configuration;
  /** The configuration that first has our own identity; infinite if none has. */
  readonly ownSince: Configuration;
  /** The configuration that first has the identity which a replica has in this one. */
  since(replica: ReplicaId, configuration: Configuration): Configuration;
  /** Digest of its key table; null of that of the genesis, which the preamble names, and of one that is not known yet. */
  table(configuration: Configuration): Digest | null;
}

/** Nobody is ever admitted again. */
export const GENESIS_MEMBERS: Members = {
  configuration: 0,
  executed: 0,
  ownSince: 0,
  since: () => 0,
  table: () => null,
};

/** What the edge must know of an instance to authenticate its messages. */
export interface InstanceAddress {
  readonly instance: InstanceId;
  /** Primary of view 0; that of view v is `(home + v) mod n`. */
  readonly home: ReplicaId;
  readonly faults: FaultModel;
  readonly members: Members;
  /** How far this instance is in an anchor's part of the state; null if the anchor does not open. Its certificate is not looked at. */
  readonly lowOf: (anchor: Anchor) => SequenceNumber | null;
  /** Slots of probation after so many view changes (dqbft.md 4.2): 0 where there is none. */
  readonly probation: (count: number) => number;
  readonly hash: Hash;
}

export interface AgreementContext extends InstanceAddress {
  readonly self: ReplicaId;
  readonly port: Port;
  readonly superior: Superior;
  readonly parameters: AgreementParameters;
  /**
   * Replicas that have left an instance waiting for their part lately: one set for all instances of this replica, so that it waits for
   * a dead one once, and not once in each. Only a hint: who is in it wrongly costs messages, and nothing else.
   */
  readonly silent: Set<ReplicaId>;
}

/** A protocol that can serve as an instance. */
export interface AgreementProtocol {
  readonly name: string;
  create(context: AgreementContext): Agreement;
  /** What must hold for the message to be authentic, or null if it is none of this protocol's. */
  checks(address: InstanceAddress, message: Message): readonly Check[] | null;
}
