import type { JobResult } from "../../../effects/effects.ts";
import type { SequenceNumber } from "../../../kernel/ids.ts";
import { invariant } from "../../../kernel/invariant.ts";
import { Misbehaviour } from "../../../kernel/misbehaviour.ts";
import type { SlotRing } from "../../../kernel/slot-ring.ts";
import type { SlotClaim, UniqueClaim } from "../../../wire/claim.ts";
import type { Proposal } from "../../../wire/messages.ts";
import { type AgreementContext, Verdict } from "../../agreement.ts";
import type { Certified } from "./phase.ts";
import type { Place } from "./place.ts";
import type { TrustedSlot } from "./slot.ts";
import { noteProposal, persistProposal } from "./slot-log.ts";
import { certifyTicket } from "./tickets.ts";

/** What voting asks and tells the ordering that it is part of. */
export interface VotingEvents<Slot extends TrustedSlot> {
  /** What our subsystem is to certify. */
  claim(proposal: Proposal): SlotClaim | UniqueClaim;
  /** We sign this slot. */
  signing(slot: Slot): void;
  /** Our vote is here. */
  signed(slot: Slot, result: Certified): void;
  /** Our subsystem refused. */
  refused(): void;
  /** No signature of ours is under way any more. */
  idle(): void;
}

/** Signs slots in the base view, strictly in order: the counter forces it (hybster.md 4). */
export class Voting<Slot extends TrustedSlot> {
  readonly #context: AgreementContext;
  readonly #place: Place;
  readonly #slots: SlotRing<Slot>;
  readonly #events: VotingEvents<Slot>;
  /** Last slot that we signed, or need not sign. */
  #signed: SequenceNumber = 0;
  /** Last slot that our subsystem was asked to certify in the base view: `oLast` of hybster.md 6.1. */
  #lastCertified: SequenceNumber = 0;
  #underWay = 0;

  constructor(context: AgreementContext, place: Place, slots: SlotRing<Slot>, events: VotingEvents<Slot>) {
    this.#context = context;
    this.#place = place;
    this.#slots = slots;
    this.#events = events;
  }

  get lastCertified(): SequenceNumber {
    return this.#lastCertified;
  }

  /** Whether signatures of ours are under way: until they are here, nobody knows where the counter is. */
  get busy(): boolean {
    return this.#underWay > 0;
  }

  /** The next slot to sign. */
  get next(): SequenceNumber {
    return Math.max(this.#signed, this.#floor) + 1;
  }

  /** Another base, in which we have signed up to `lastCertified`: as its primary, or nothing. */
  rebase(lastCertified: SequenceNumber): void {
    this.#lastCertified = lastCertified;
    this.#signed = Math.max(lastCertified, this.#floor);
  }

  /** What need not be signed. Skipping it is harmless: the checkpoint that covers it is shown in its place. */
  get #floor(): SequenceNumber {
    return Math.max(this.#place.stable, this.#slots.low);
  }

  complete(slot: Slot | undefined, result: JobResult): void {
    this.#underWay -= 1;
    if (result.type === "refused") this.#events.refused();
    else if (result.type === "certified" && slot?.signing === true) {
      slot.signing = false;
      this.#events.signed(slot, result);
    }
    if (this.#underWay === 0) this.#events.idle();
  }

  /** Signs what can be signed. */
  advance(): void {
    if (!this.#place.active) return;
    this.#signed = Math.max(this.#signed, this.#floor);
    for (;;) {
      const slot = this.#slots.find(this.#signed + 1);
      const proposal = slot?.proposal ?? null;
      if (slot === undefined || proposal === null || proposal.value === null) return;
      if (isSpared(slot, proposal)) {
        noteProposal(this.#context.port, slot, proposal);
        this.#signed = slot.seq;
      } else if (this.#maySign(slot, proposal)) this.sign(slot, proposal);
      else return;
    }
  }

  #maySign(slot: Slot, proposal: Proposal): boolean {
    const { commit, signing, refused } = slot;
    if (this.#place.silent || signing || refused) return false;
    // A later view decided something else: this one is over, we only have not heard.
    if (commit !== null && commit.view > proposal.view) return false;
    if (proposal.seq <= this.#place.base.standing.maximum) return true; // What a NewView proposes again is never judged.
    const verdict = this.#context.superior.judge(proposal);
    if (verdict === Verdict.Fault) {
      slot.refused = true;
      this.#context.port.report(this.#place.primary(proposal.view), Misbehaviour.BadValue);
    }
    return verdict === Verdict.Accept;
  }

  /** The Prepare and its value are durable before the counter moves: a hole would be for good (hybster.md 10.2). */
  sign(slot: Slot, proposal: Proposal): void {
    invariant(slot.seq === this.next, "signatures follow the counter");
    persistProposal(this.#context.port, slot, proposal);
    this.#signed = slot.seq;
    this.#events.signing(slot);
    this.#certify(slot, proposal);
  }

  #certify(slot: Slot, proposal: Proposal): void {
    slot.signing = true;
    this.#underWay += 1;
    this.#lastCertified = Math.max(this.#lastCertified, slot.seq);
    this.#context.port.certify(certifyTicket(slot.seq), this.#events.claim(proposal));
  }

  /**
   * After a restart. The log holds every Prepare that we signed or were about to sign, so signing again is idempotent
   * (hybster.md 10.2). Slots that others decided may have been passed over; the last one is signed all the same, and then we
   * know where the counter is.
   */
  resume(): void {
    this.#signed = this.#floor;
    if (!this.#place.active || this.#place.silent) return;
    let last = this.#signed;
    while (this.#slots.find(last + 1)?.proposal?.value) last += 1;
    for (let seq = this.#signed + 1; seq <= last; seq += 1) {
      const slot = this.#slots.find(seq);
      const proposal = slot?.proposal ?? null;
      if (slot === undefined || proposal === null) return;
      this.#signed = seq;
      if (!slot.decided || !slot.certified || seq === last) this.#certify(slot, proposal);
    }
  }
}

/** Values of the counter only need to increase, and others have decided this one here or later. */
function isSpared({ commit }: TrustedSlot, { digest, view }: Proposal): boolean {
  return commit !== null && commit.view >= view && commit.digest === digest;
}
