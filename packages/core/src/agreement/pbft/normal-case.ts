import type { ReplicaId, SequenceNumber } from "../../kernel/ids.ts";
import { invariant } from "../../kernel/invariant.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import { type Evidence, MessageKind, Proposal, Pull, type Vote } from "../../wire/messages.ts";
import { DIGESTS_PER_SLOT_MAX, PreparedCertificate, type Selection } from "../../wire/pbft.ts";
import type { Value } from "../../wire/value.ts";
import { Body } from "../../wire/view-change.ts";
import { Verdict } from "../agreement.ts";
import { claimOf } from "./answers.ts";
import { cast } from "./cast.ts";
import { headerClaim, type Subject } from "./claims.ts";
import type { Instance } from "./instance.ts";
import { openShare } from "./signed-share.ts";
import type { Slot } from "./slot.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** What the normal case tells the other parts of its instance. */
export interface Listener {
  /** The slot is known to exist. */
  see(seq: SequenceNumber): void;
  /** A peer speaks of a slot that may exist. */
  pursue(seq: SequenceNumber): void;
  /** A value was handed up. */
  delivered(): void;
  commitSent(slot: Slot, commit: Vote): void;
  signedCommit(slot: Slot, commit: Vote): void;
  /** A peer is in a higher view than we. */
  ahead(from: ReplicaId, view: number): void;
}

/** Three phases, and what decides without them (pbft.md 4 and 12.5). */
export class NormalCase {
  readonly #instance: Instance;
  readonly #listener: Listener;

  constructor(instance: Instance, listener: Listener) {
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
      this.#checkPrepared(slot);
      this.#deliver(slot);
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
      this.#deliver(slot);
    }
    if (proposal.view > view) this.#listener.ahead(from, proposal.view);
    if (proposal.view === view && active) return this.#onCurrent(from, slot, proposal);
    // Once its view is entered it passes for the primary's own.
    if (proposal.view >= view && this.#isSpoilt(from, slot, proposal)) return;
    if (slot.spare === null || slot.spare.view <= proposal.view) slot.spare = proposal;
    this.#deliver(slot);
  }

  /** Everything that buffered messages allow in a view that was just entered. */
  enter(): void {
    for (const slot of this.#instance.live()) {
      const { spare } = slot;
      if (spare?.view === this.#instance.view) this.#onCurrent(this.#instance.primary, slot, spare);
      this.#checkPrepared(slot);
      this.#checkCommitted(slot);
    }
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
    invariant(slot.decision === null || slot.decision === digest, "a new view keeps what was decided");
    const header = { kind: MessageKind.PrePrepare, view, seq, digest, extension: standing.extension };
    const rest = { certificate, share: NOTHING, evidence: [] };
    this.#take(slot, new Proposal({ ...header, ...rest, value }));
  }

  // With signatures a vote is its signer's, whoever passed it on.
  onVote(from: ReplicaId, vote: Vote): void {
    const { slots, low, view, active, authentication } = this.#instance;
    if (vote.seq <= low) return;
    // No fault: the stable checkpoint of whoever sends it may be newer than ours.
    if (!slots.contains(vote.seq)) return this.#listener.pursue(vote.seq);
    const sender = authentication === "mac" ? from : (openShare(vote.share)?.signer ?? from);
    if (vote.view > view || (vote.view === view && !active)) this.#listener.ahead(from, vote.view);
    // A quorum's Commits decide, of whatever view they are: a replica that has left alone learns what the others decide.
    if (vote.kind === MessageKind.PbftCommit) return this.#onCommit(sender, slots.claim(vote.seq), vote);
    if (vote.view < view) return;
    const slot = slots.claim(vote.seq);
    this.#onPrepare(sender, slot, vote);
  }

  #onPrepare(sender: ReplicaId, slot: Slot, vote: Vote): void {
    const { port } = this.#instance.context;
    // The pre-prepare is the primary's Prepare (pbft.md 12.4).
    if (sender === this.#instance.primaryOf(vote.view)) return port.report(sender, Misbehaviour.NotForUs);
    const counted = slot.prepares.add(sender, vote);
    if (counted === "conflict") return port.report(sender, Misbehaviour.Equivocation);
    if (counted === "known") return;
    this.#noticeExistence(slot);
    this.#checkPrepared(slot);
  }

  #onCommit(sender: ReplicaId, slot: Slot, vote: Vote): void {
    const counted = slot.commits.add(sender, vote);
    if (counted === "conflict") return this.#instance.context.port.report(sender, Misbehaviour.Equivocation);
    if (counted === "known") return;
    if (vote.view >= this.#instance.view) this.#noticeExistence(slot);
    if (this.#instance.authentication === "signature") this.#listener.signedCommit(slot, vote);
    this.#checkCommitted(slot);
  }

  /** `f + 1` replicas that say so include a correct one (pbft.md 12.5). */
  onDecided(from: ReplicaId, claim: Vote): void {
    const { slots, low, context } = this.#instance;
    if (claim.view !== 0 || claim.seq <= low) return;
    if (!slots.contains(claim.seq)) return this.#listener.pursue(claim.seq);
    const slot = slots.claim(claim.seq);
    if (slot.decision !== null || slot.claims.add(from, claim) !== "counted") return;
    const agreed = slot.claims.reached(context.faults.oneCorrect);
    if (agreed !== null) this.decide(slot, agreed.digest);
    else this.#listener.pursue(claim.seq);
  }

  decide(slot: Slot, digest: string): void {
    invariant(slot.decision === null || slot.decision === digest, "one decision per slot");
    if (slot.decision !== null) return;
    slot.decision = digest;
    slot.age = 0;
    this.#instance.context.port.note(slot.seq, claimOf(slot.seq, digest));
    this.#listener.see(slot.seq);
    this.#deliver(slot);
  }

  /** After a restart: says again what we said in the present view. */
  repeat(slot: Slot): void {
    const { proposal, prepared, decision } = slot;
    const { view } = this.#instance;
    if (proposal?.view === view && slot.accepted && slot.seq > this.#instance.standing.maximum) {
      const said = decision === null || (prepared?.view === view && prepared.digest === proposal.digest);
      if (said && !this.#instance.isPrimary) this.#sendPrepare(slot, proposal);
    }
    if (prepared !== null && prepared.view === view) this.#sendCommit(slot, prepared);
    this.#deliver(slot);
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
        if (!slot.preprepared.has(digest) && digest !== slot.decision) slot.bodies.delete(digest);
      }
      slot.bodies.set(proposal.digest, proposal);
      this.#instance.context.superior.proposed(proposal);
    }
    this.#listener.see(slot.seq);
    this.#consider(slot);
    this.#deliver(slot);
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

  /** Durable, and entered into `Q`, before the Prepare leaves (pbft.md 3). */
  #support(slot: Slot, proposal: Proposal): void {
    const { preprepared } = slot;
    // A trade of liveness only (pbft.md 7): A2 gets harder.
    if (preprepared.size >= DIGESTS_PER_SLOT_MAX && !preprepared.has(proposal.digest)) return;
    this.#record(slot, proposal);
    preprepared.set(proposal.digest, proposal.view);
    slot.bodies.set(proposal.digest, proposal);
    slot.accepted = true;
    if (!this.#instance.isPrimary) this.#sendPrepare(slot, proposal);
    this.#checkPrepared(slot);
  }

  /** What a NewView re-proposes is durable with it, and needs no record if the log holds the value. */
  #record(slot: Slot, proposal: Proposal): void {
    const fresh = slot.seq > this.#instance.standing.maximum;
    if (!fresh && slot.logged === proposal.digest) return;
    this.#keepPrepared(slot, proposal.digest);
    this.#instance.context.port.persist(slot.seq, proposal);
    slot.logged = proposal.digest;
  }

  /** The log is about to hold another value at this slot: what was prepared is kept beside it, for views to come. */
  #keepPrepared(slot: Slot, next: string): void {
    const { prepared, logged } = slot;
    if (prepared === null || prepared.digest === next || logged !== prepared.digest) return;
    const value = slot.body(prepared.digest)?.value ?? null;
    if (value !== null) this.#instance.context.port.persist(slot.seq, new Body(value));
  }

  #sendPrepare(slot: Slot, proposal: Proposal): void {
    cast(this.#instance, MessageKind.PbftPrepare, proposal, (vote) => {
      slot.ownPrepare = vote;
      slot.prepares.add(this.#instance.self, vote);
      this.#checkPrepared(slot);
    });
  }

  #checkPrepared(slot: Slot): void {
    const { context, view, votes, authentication } = this.#instance;
    const { proposal } = slot;
    if (!votes || !slot.accepted || proposal === null || proposal.view !== view) return;
    if (proposal.certificate.length === 0 || (slot.prepared !== null && slot.prepared.view >= view)) return;
    if (slot.prepares.count(view, proposal.digest) < context.faults.quorumBeside(1)) return; // The primary's.
    slot.prepared = authentication === "mac" ? claimPrepared(proposal) : provePrepared(slot, proposal);
    context.port.persist(slot.seq, slot.prepared);
    this.#sendCommit(slot, slot.prepared);
  }

  #sendCommit(slot: Slot, subject: Subject): void {
    cast(this.#instance, MessageKind.PbftCommit, subject, (vote) => {
      slot.ownCommit = vote;
      slot.commits.add(this.#instance.self, vote);
      this.#listener.commitSent(slot, vote);
      this.#checkCommitted(slot);
    });
  }

  /** Commits of a quorum decide, whether we have prepared or not: `f + 1` correct replicas have (pbft.md 4). */
  #checkCommitted(slot: Slot): void {
    if (slot.decision !== null) return;
    const agreed = slot.commits.reached(this.#instance.context.faults.quorum);
    if (agreed !== null) this.decide(slot, agreed.digest);
  }

  /** Hands a decided value up, once. A value that we never voted for is logged too: peers may pull it from us. */
  #deliver(slot: Slot): void {
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

  /** One vote may be a lie; with `f + 1` a correct replica has the proposal (dqbft.md H22). */
  #noticeExistence(slot: Slot): void {
    if (slot.proposal?.view === this.#instance.view) return;
    const { oneCorrect } = this.#instance.context.faults;
    if (Math.max(slot.prepares.size, slot.commits.size) >= oneCorrect) this.#listener.see(slot.seq);
    else this.#listener.pursue(slot.seq);
  }
}

function claimPrepared({ view, seq, digest }: Proposal): PreparedCertificate {
  return new PreparedCertificate({ view, seq, digest, extension: 0, certificate: NOTHING, votes: [] });
}

function provePrepared(slot: Slot, proposal: Proposal): PreparedCertificate {
  const votes = slot.prepares.supporting(proposal.digest, proposal.view).map(([signer, vote]) => {
    const signature = openShare(vote.share)?.signature ?? NOTHING;
    return { signer, signature };
  });
  return new PreparedCertificate({ ...proposal, votes });
}
