import type { ReplicaId, SequenceNumber, TimerId } from "../../../kernel/ids.ts";
import type { Evidence, Message, Proposal } from "../../../wire/messages.ts";
import type { CatchUpRules } from "../catch-up.ts";
import type { Change, ChangeRules } from "./changes.ts";
import type { Instance } from "./instance.ts";
import type { Decided, UntrustedSlot } from "./slot.ts";

/**
 * From an accepted proposal to its decision, and what must be shown of it when a view ends: all in which protocols differ that
 * rely on no trusted subsystem.
 */
export interface Phase<Slot extends UntrustedSlot, C extends Change> extends CatchUpRules<Slot> {
  readonly changes: ChangeRules<C>;
  /** Its votes are records of the log themselves: what is proposed to us need not be durable before we vote, only before that. */
  readonly votesAreLogged?: boolean;
  /** Whether we may stand by a proposal. */
  mayAccept(slot: Slot, proposal: Proposal): boolean;
  /** We stand by the slot's proposal, which is durable: votes for it. A draft of our own is not signed yet. */
  onAccepted(slot: Slot, proposal: Proposal): void;
  /** Our own proposal is signed, and on its way to all. */
  onCertified(slot: Slot): void;
  /** A view was entered: votes of it that were here already may count. */
  onEntered(slot: Slot): void;
  /** We have left our view. */
  onLeft?(): void;
  /** A message that only this protocol knows. False if it is none of its own. */
  receive(from: ReplicaId, message: Message): boolean;
  /** Proof that a slot is decided. */
  certificate(seq: SequenceNumber): Evidence | null;
  /** Before {@link restore}: what our view change said when we left the view before. */
  restoreViews(change: C): void;
  /** From the log: the slot's proposal, which we may have stood by. */
  restoreProposal(slot: Slot, proposal: Proposal): void;
  /** From the log: a record that only this protocol knows. */
  restore(slot: Slot, message: Message): void;
  /** After a restart: says again what we said in the present view. */
  repeat(slot: Slot): void;
  /** A timer has run out, perhaps one of this protocol alone. */
  expire?(timer: TimerId): void;
}

/** What a phase knows of the instance around it. */
export interface Around<Slot extends UntrustedSlot> {
  readonly instance: Instance<Slot>;
  /** A slot exists: it is proposed, or enough vote for it. */
  see(seq: SequenceNumber): void;
  /** A peer speaks of slots up to `seq`: get them. */
  pursue(seq: SequenceNumber): void;
  /** A peer is in a higher view than we. */
  ahead(from: ReplicaId, view: number): void;
  /** Something is decided; the record says so, to the log. */
  decide(slot: Slot, decided: Decided, record: Message): void;
  /** Hands a decided value up, if it is here, once. */
  deliver(slot: Slot): void;
}
