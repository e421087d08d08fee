import type { ReplicaId, SequenceNumber } from "../../kernel/ids.ts";
import { present } from "../../kernel/invariant.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import type { SlotClaim } from "../../wire/claim.ts";
import { type Certificate, Proposal, type Vote } from "../../wire/messages.ts";
import type { Around, Certified, Combined, Phase } from "../shared/trusted/phase.ts";
import { claimOf } from "./claims.ts";
import { Collecting } from "./collecting.ts";
import { Ladder } from "./ladder.ts";
import { Slot } from "./slot.ts";

/** Votes are shares over the same bytes; collectors make a certificate of them (linear-hybster.md 2 to 4; paper 4.2 and 4.3.1). */
export class SharePhase implements Phase<Slot> {
  readonly #around: Around<Slot>;
  readonly #ladder: Ladder;
  readonly #collecting: Collecting;

  constructor(around: Around<Slot>) {
    const { context, place } = around;
    this.#around = around;
    this.#ladder = new Ladder(context, place);
    this.#collecting = new Collecting(context, place, (commit) => around.commit(commit));
  }

  slot(seq: SequenceNumber): Slot {
    return new Slot(seq);
  }

  claim(proposal: Proposal): SlotClaim {
    return claimOf(this.#around.context.instance, proposal);
  }

  certified(draft: Proposal, { share, certificate }: Pick<Certified, "share" | "certificate">): Proposal {
    return new Proposal({ ...draft, share, certificate });
  }

  /** The share is not covered by the certificate: only from the primary itself is it the primary's word. */
  onProposal(from: ReplicaId, slot: Slot, proposal: Proposal): void {
    if (from === this.#primary) slot.addShare(from, proposal.digest, proposal.share);
  }

  onSigned(slot: Slot, { share }: Pick<Certified, "share">): void {
    const { digest } = present(slot.proposal, "a proposal that we signed");
    slot.share = share;
    slot.addShare(this.#around.context.self, digest, share);
  }

  sendVote(slot: Slot): void {
    if (!slot.decided) this.#ladder.sendShare(slot);
  }

  conclude(slot: Slot): void {
    this.#collecting.combine(slot);
  }

  /** A share of the base view: those of others are of no use here. */
  onVote(from: ReplicaId, vote: Vote): void {
    const { context, place, slots } = this.#around;
    const { view, seq } = vote;
    if (view > place.baseView) return this.#around.ahead(view, from);
    if (view < place.baseView || seq <= slots.low) return;
    if (!slots.contains(seq)) return context.port.report(from, Misbehaviour.OutsideWatermarks);
    const slot = slots.claim(seq);
    if (slot.commit !== null) return;
    // Whoever signed has the Prepare. We do not: the one that was for us is lost, and nothing else would tell us.
    if (slot.proposal === null && this.#primary !== context.self) this.#around.pursue(seq);
    this.#collecting.onCommitSig(from, slot, vote);
  }

  onCombined(slot: Slot, result: Combined): void {
    this.#collecting.onCombined(slot, result);
  }

  onServed(from: ReplicaId, commit: Certificate, first: boolean): void {
    this.#ladder.onServed(from, commit, first);
  }

  rebase(): void {
    this.#ladder.rebase();
  }

  answer(to: ReplicaId, slot: Slot, values: boolean): number {
    return this.#ladder.answer(to, slot, values);
  }

  help(slot: Slot, age: number): void {
    this.#ladder.help(slot, age);
  }

  get #primary(): ReplicaId {
    const { place } = this.#around;
    return place.primary(place.baseView);
  }
}
