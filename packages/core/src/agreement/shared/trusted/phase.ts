import type { JobResult } from "../../../effects/effects.ts";
import type { ReplicaId, SequenceNumber, View } from "../../../kernel/ids.ts";
import type { SlotRing } from "../../../kernel/slot-ring.ts";
import type { SlotClaim, UniqueClaim } from "../../../wire/claim.ts";
import type { Certificate, Proposal, Vote } from "../../../wire/messages.ts";
import type { AgreementContext } from "../../agreement.ts";
import type { CatchUpRules } from "../catch-up.ts";
import type { Place } from "./place.ts";
import type { TrustedSlot } from "./slot.ts";

/** What our trusted subsystem has certified. */
export type Certified = JobResult & { readonly type: "certified" };

/** What votes came to when they were combined. */
export type Combined = JobResult & { readonly type: "combined" };

/**
 * From a proposal of the base to the commit certificate that decides it: all in which protocols differ whose proposals and
 * view changes are certified by trusted counters. It runs no view change, keeps no log and delivers nothing.
 */
export interface Phase<Slot extends TrustedSlot> extends CatchUpRules<Slot> {
  /** An empty slot, with room for the votes of this protocol. */
  slot(seq: SequenceNumber): Slot;
  /** What our subsystem certifies at the slot's value of the counter, as primary or in support: a function of the proposal. */
  claim(proposal: Proposal): SlotClaim | UniqueClaim;
  /** Our own draft with what our subsystem answered: what all get, and what the log holds. */
  certified(draft: Proposal, result: Pick<Certified, "share" | "certificate">): Proposal;
  /** The slot's proposal came, for the first time or again: it may be its primary's vote. */
  onProposal(from: ReplicaId, slot: Slot, proposal: Proposal): void;
  /** Our subsystem has certified the slot's proposal: that is our vote, not sent yet. */
  onSigned(slot: Slot, result: Pick<Certified, "share" | "certificate">): void;
  /** Our vote, as a backup, is to be sent; the slot may be decided meanwhile. */
  sendVote(slot: Slot): void;
  /** Makes the slot's commit certificate if all that it takes is here. */
  conclude(slot: Slot): void;
  /** An authentic vote, of any view and slot. */
  onVote(from: ReplicaId, vote: Vote): void;
  /** The answer to a `combine` of ours, in protocols that ask for one. */
  onCombined?(slot: Slot, result: Combined): void;
  /** A commit certificate came from a peer, the first of its slot or not. */
  onServed(from: ReplicaId, commit: Certificate, first: boolean): void;
  /** The base has moved; its slots have been rebased. */
  rebase(): void;
}

/** What a phase knows of the instance around it. */
export interface Around<Slot extends TrustedSlot> {
  readonly context: AgreementContext;
  readonly place: Place;
  readonly slots: SlotRing<Slot>;
  /** A peer speaks of slots up to `seq`: get them. */
  pursue(seq: SequenceNumber): void;
  /** A peer is in a view above our base. */
  ahead(view: View, from: ReplicaId): void;
  /** A commit certificate was made here. */
  commit(certificate: Certificate): void;
}
