import type { Digest, ReplicaId, SequenceNumber, View } from "../../../kernel/ids.ts";
import { invariant } from "../../../kernel/invariant.ts";
import { Misbehaviour } from "../../../kernel/misbehaviour.ts";
import { type Evidence, type Message, MessageKind, Proposal, Pull } from "../../../wire/messages.ts";
import type { Selection } from "../../../wire/pbft.ts";
import type { Value } from "../../../wire/value.ts";
import { Body } from "../../../wire/view-change.ts";
import { Verdict } from "../../agreement.ts";
import { headerClaim } from "./claims.ts";
import type { Instance } from "./instance.ts";
import type { Decided, UntrustedSlot } from "./slot.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** What proposals tell the other parts of their instance. */
export interface ProposalListener<Slot extends UntrustedSlot> {
  /** The slot is known to exist. */
  see(seq: SequenceNumber): void;
  /** A peer speaks of a slot that may exist. */
  pursue(seq: SequenceNumber): void;
  /** A peer is in a higher view than we. */
  ahead(from: ReplicaId, view: number): void;
  /** Whether we may stand by a proposal. */
  mayAccept(slot: Slot, proposal: Proposal): boolean;
  /** We stand by the slot's proposal, which is durable. */
  accepted(slot: Slot, proposal: Proposal): void;
  /** Our own proposal is signed. */
  certified(slot: Slot): void;
  /** A value was handed up. */
  delivered(): void;
  /** Votes are records of the log themselves, durable before they leave. */
  readonly votesAreLogged: boolean;
}

/** What is proposed, whether we stand by it, and how a decided value reaches the layer above (pbft.md 4). */
export class Proposals<Slot extends UntrustedSlot> {
  readonly #instance: Instance<Slot>;
  readonly #listener: ProposalListener<Slot>;

  constructor(instance: Instance<Slot>, listener: ProposalListener<Slot>) {
    this.#instance = instance;
    this.#listener = listener;
  }

  propose(value: Value, evidence: readonly Evidence[]): SequenceNumber {
    const { slots, view, standing } = this.#instance;
    const seq = this.#instance.proposed + 1;
    this.#instance.proposed = seq;
    const place = { kind: MessageKind.PrePrepare, view, seq, digest: value.digest };
    const rest = { extension: standing.extension, certificate: NOTHING, share: NOTHING, value, evidence };
    const slot = slots.claim(seq);
    slot.proposal = new Proposal({ ...place, ...rest });
    slot.accepted = false;
    this.#listener.see(seq);
    this.#support(slot, slot.proposal);
    this.certifyDraft(slot);
    return seq;
  }

  /** Signs our own proposal, which is durable, and sends it. */
  certifyDraft(slot: Slot): void {
    const draft = slot.proposal;
    invariant(draft !== null && draft.value !== null, "a draft with its value");
    const { context, jobs } = this.#instance;
    jobs.certify(headerClaim(context.instance, draft), (result) => {
      if (result.type !== "certified") return this.#instance.mute();
      const proposal = new Proposal({ ...draft, certificate: result.certificate });
      slot.bodies.set(proposal.digest, proposal);
      if (slot.proposal !== draft) return;
      slot.proposal = proposal;
      context.port.note(slot.seq, proposal);
      if (draft.view === this.#instance.view) context.port.broadcast(proposal);
      context.superior.proposed(proposal);
      this.#listener.certified(slot);
      this.deliver(slot);
    });
  }

  // Its signature speaks for it, so anybody may pass it on; what the slot wants is its value, whoever's view it is of.
  onProposal(from: ReplicaId, proposal: Proposal): void {
    const { slots, low, view, active } = this.#instance;
    const { seq } = proposal;
    if (seq <= low) return;
    if (!slots.contains(seq)) return this.#listener.pursue(seq);
    const slot = slots.claim(seq);
    if (proposal.value === null) return this.#onHeader(from, slot, proposal);
    if (slot.decision === proposal.digest && !slot.delivered) {
      slot.bodies.set(proposal.digest, proposal);
      this.deliver(slot);
    }
    if (proposal.view > view) this.#listener.ahead(from, proposal.view);
    if (proposal.view === view && active) return this.#onCurrent(from, slot, proposal);
    // Once its view is entered it passes for the primary's own.
    if (proposal.view >= view && this.#isSpoilt(from, slot, proposal)) return;
    if (slot.spare === null || slot.spare.view <= proposal.view) slot.spare = proposal;
    this.deliver(slot);
  }

  /** A view was just entered: takes what came of it before. */
  enter(slot: Slot): void {
    const { spare } = slot;
    if (spare?.view === this.#instance.view) this.#onCurrent(this.#instance.primary, slot, spare);
  }

  /** A proposal on hold may be acceptable now. */
  reconsider(): void {
    for (const slot of this.#instance.live()) this.#consider(slot);
  }

  /** What a new view proposes at this slot; the value is null as long as it is missing. */
  install(selection: Selection, value: Value | null): void {
    const { slots, view, standing } = this.#instance;
    const slot = slots.claim(selection.seq);
    const { seq, digest, certificate } = selection;
    invariant(keeps(slot, digest, view), "a new view keeps what was decided");
    const header = { kind: MessageKind.PrePrepare, view, seq, digest, extension: standing.extension };
    const rest = { certificate, share: NOTHING, evidence: [] };
    this.#take(slot, new Proposal({ ...header, ...rest, value }));
  }

  /** Of whatever view. The record says so to the log. */
  decide(slot: Slot, { digest, view }: Decided, record: Message): void {
    invariant(slot.decision === null || slot.decision === digest, "one decision per slot");
    if (slot.decision !== null) return;
    slot.decision = digest;
    slot.decidedIn = view;
    slot.age = 0;
    this.#instance.context.port.note(slot.seq, record);
    this.#listener.see(slot.seq);
    this.deliver(slot);
  }

  #onHeader(from: ReplicaId, slot: Slot, header: Proposal): void {
    const { seq } = slot;
    if (header.view < this.#instance.view || slot.proposal?.view === header.view) return;
    if (header.view > this.#instance.view) return this.#listener.ahead(from, header.view);
    this.#instance.context.port.send(from, new Pull(seq, seq, true));
  }

  #onCurrent(from: ReplicaId, slot: Slot, proposal: Proposal): void {
    const { standing, isPrimary, primary, view, context } = this.#instance;
    const known = slot.proposal?.view === view ? slot.proposal : null;
    if (known !== null && known.digest !== proposal.digest) {
      return context.port.report(primary, Misbehaviour.Equivocation);
    }
    if (known !== null) return known.value === null ? this.#take(slot, proposal) : undefined;
    if (proposal.seq <= standing.maximum) return; // Its NewView proposes nothing there.
    if (proposal.extension !== standing.extension) return context.port.report(primary, Misbehaviour.BadValue);
    if (isPrimary) this.#instance.mute(); // Ours, and we do not remember it.
    if (!this.#isSpoilt(from, slot, proposal)) this.#take(slot, proposal);
  }

  /** No signature covers the evidence: a relay may have damaged it, so only the primary's own fault counts (dqbft.md H29). */
  #isSpoilt(from: ReplicaId, slot: Slot, proposal: Proposal): boolean {
    const { context } = this.#instance;
    const relayed = from !== this.#instance.primaryOf(proposal.view) && slot.decision !== proposal.digest;
    return relayed && context.superior.judge(proposal) === Verdict.Fault;
  }

  #take(slot: Slot, proposal: Proposal): void {
    slot.proposal = proposal;
    slot.accepted = false;
    slot.refused = false;
    if (slot.spare?.digest === proposal.digest) slot.spare = null;
    if (proposal.value !== null) {
      for (const digest of slot.bodies.keys()) {
        if (!slot.mayReport(digest) && digest !== slot.decision) slot.bodies.delete(digest);
      }
      slot.bodies.set(proposal.digest, proposal);
      this.#instance.context.superior.proposed(proposal);
    }
    this.#listener.see(slot.seq);
    this.#consider(slot);
    this.deliver(slot);
  }

  #consider(slot: Slot): void {
    const { votes, view, standing, context, primary } = this.#instance;
    const { proposal, decision } = slot;
    if (!votes || proposal === null || proposal.view !== view || proposal.value === null) return;
    if (slot.accepted || slot.refused || (decision !== null && decision !== proposal.digest)) return;
    if (slot.seq > standing.maximum && decision === null) {
      const verdict = context.superior.judge(proposal);
      if (verdict === Verdict.Fault) {
        slot.refused = true;
        context.port.report(primary, Misbehaviour.BadValue);
      }
      if (verdict !== Verdict.Accept) return;
    }
    this.#support(slot, proposal);
  }

  /** Durable before any vote leaves (pbft.md 3). */
  #support(slot: Slot, proposal: Proposal): void {
    if (!this.#listener.mayAccept(slot, proposal)) return;
    this.#record(slot, proposal);
    slot.bodies.set(proposal.digest, proposal);
    slot.accepted = true;
    this.#listener.accepted(slot, proposal);
  }

  /** What a NewView re-proposes is durable with it, and needs no record if the log holds the value. */
  #record(slot: Slot, proposal: Proposal): void {
    const fresh = slot.seq > this.#instance.standing.maximum;
    if (!fresh && slot.logged === proposal.digest) return;
    this.#keepPrepared(slot, proposal.digest);
    const { isPrimary, context } = this.#instance;
    if (this.#listener.votesAreLogged && !isPrimary) context.port.note(slot.seq, proposal);
    else context.port.persist(slot.seq, proposal);
    slot.logged = proposal.digest;
  }

  /** The log is about to hold another value at this slot: what was prepared is kept beside it, for views to come. */
  #keepPrepared(slot: Slot, next: string): void {
    const { prepared, logged } = slot;
    if (prepared === null || prepared.digest === next || logged !== prepared.digest) return;
    const value = slot.body(prepared.digest)?.value ?? null;
    if (value !== null) this.#instance.context.port.persist(slot.seq, new Body(value));
  }

  /** Hands a decided value up, once. A value that we never voted for is logged too: peers may pull it from us. */
  deliver(slot: Slot): void {
    if (slot.decision === null || slot.delivered) return;
    const body = slot.body(slot.decision);
    if (body === null || body.value === null || body.certificate.length === 0) return;
    slot.delivered = true;
    slot.bodies.set(body.digest, body);
    if (slot.logged !== body.digest) this.#instance.context.port.note(slot.seq, body);
    slot.logged = body.digest;
    this.#instance.context.superior.committed(slot.seq, body.value);
    while (this.#instance.slots.find(this.#instance.decided + 1)?.delivered === true) {
      this.#instance.decided += 1;
    }
    this.#listener.delivered();
  }
}

/**
 * Whether a view that proposes this digest keeps what the slot has decided. A view that was slow to open may propose what was not
 * decided before it, when another one after it has already decided something else.
 */
function keeps({ decision, decidedIn }: UntrustedSlot, digest: Digest, view: View): boolean {
  return decision === null || decision === digest || decidedIn === null || decidedIn > view;
}
