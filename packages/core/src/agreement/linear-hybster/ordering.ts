import type { JobResult } from "../../effects/effects.ts";
import type { Digest, ReplicaId, SequenceNumber, Ticket, View } from "../../kernel/ids.ts";
import { invariant, present } from "../../kernel/invariant.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import { SlotRing } from "../../kernel/slot-ring.ts";
import { noop } from "../../wire/batch.ts";
import { Certificate, type Evidence, MessageKind, Proposal, type Vote } from "../../wire/messages.ts";
import type { Value } from "../../wire/value.ts";
import { type AgreementContext, Verdict } from "../agreement.ts";
import { slotClaim } from "./claims.ts";
import type { Place } from "./place.ts";
import { Recovery } from "./recovery.ts";
import { Slot } from "./slot.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** Two jobs a slot: its certify and its combine. Slots begin at 1, so the first two tickets are free for others. */
const certifyTicket = (seq: SequenceNumber): Ticket => seq * 2;
const combineTicket = (seq: SequenceNumber): Ticket => seq * 2 + 1;

/** What the ordering of slots tells the part that changes views. */
export interface OrderingEvents {
  /** A peer's message is of a view above our base. */
  ahead(view: View, from: ReplicaId): void;
  /** The primary of an earlier view still proposes in it. */
  behind(from: ReplicaId): void;
  /** Somebody decided in this view, which establishes it. */
  decided(commit: Certificate): void;
  /** A value came. */
  value(value: Value): void;
  /** No signature of ours is under way any more. */
  idle(): void;
}

/** Agreement on slots within the base view, and on what other views decided (linear-hybster.md 2 to 4; paper 4.2 and 4.3.1). */
export class Ordering {
  readonly slots: SlotRing<Slot>;
  readonly recovery: Recovery;
  readonly #context: AgreementContext;
  readonly #place: Place;
  readonly #events: OrderingEvents;
  /** Last slot that we proposed as primary. */
  #proposed: SequenceNumber = 0;
  /** Last slot that we signed, or need not sign: signatures follow the counter, in order. */
  #signed: SequenceNumber = 0;
  /** Last slot that our subsystem was asked to certify in the base view. */
  #certified: SequenceNumber = 0;
  /** Signatures of ours that are under way. */
  #underWay = 0;
  #decided: SequenceNumber = 0;
  #known: SequenceNumber = 0;

  constructor(context: AgreementContext, place: Place, events: OrderingEvents) {
    this.#context = context;
    this.#place = place;
    this.#events = events;
    this.slots = new SlotRing(context.parameters.window, (seq) => new Slot(seq));
    this.recovery = new Recovery(context, this.slots, this);
  }

  /** The view whose primary and collectors matter for what is under way. */
  get view(): View {
    return this.#place.baseView;
  }

  get low(): SequenceNumber {
    return this.slots.low;
  }

  get decided(): SequenceNumber {
    return this.#decided;
  }

  get known(): SequenceNumber {
    return this.#known;
  }

  get nextSlot(): SequenceNumber {
    return this.#proposed + 1;
  }

  /** `oLast` of hybster.md 6.1. */
  get lastCertified(): SequenceNumber {
    return this.#certified;
  }

  /** Whether signatures of ours are under way: until they are here, nobody knows where the counter is. */
  get busy(): boolean {
    return this.#underWay > 0;
  }

  get mayPropose(): boolean {
    const { active, mute } = this.#place;
    return active && !mute && this.#isPrimary && this.slots.contains(this.#proposed + 1);
  }

  get #isPrimary(): boolean {
    return this.#primary === this.#context.self;
  }

  get #primary(): ReplicaId {
    return this.#place.primary(this.view);
  }

  hasDecided(seq: SequenceNumber): boolean {
    return seq <= this.#decided || this.slots.find(seq)?.delivered === true;
  }

  propose(value: Value, evidence: readonly Evidence[]): SequenceNumber {
    invariant(this.mayPropose, "only the primary proposes, inside its window");
    const seq = this.#proposed + 1;
    this.#proposed = seq;
    const slot = this.slots.claim(seq);
    const { extension } = this.#place.base.standing;
    const draft = { kind: MessageKind.Prepare, view: this.view, seq, digest: value.digest, extension };
    slot.proposal = new Proposal({ ...draft, certificate: NOTHING, share: NOTHING, value, evidence });
    this.#sign(slot);
    return seq;
  }

  /** The result of one of our jobs. */
  complete(ticket: Ticket, result: JobResult): void {
    const slot = this.slots.find(Math.floor(ticket / 2));
    if (result.type === "combined") {
      if (slot !== undefined) this.#onCombined(slot, result);
      return;
    }
    this.#underWay -= 1;
    if (result.type === "refused") this.fallSilent();
    else if (slot?.signing === true) this.#onCertified(slot, result);
    if (this.#underWay === 0) this.#events.idle();
  }

  /** Slots up to `low` are executed here, or part of a state that we have. */
  advanceTo(low: SequenceNumber): void {
    if (low <= this.slots.low) return;
    for (let seq = this.slots.low + 1; seq <= low; seq += 1) this.#keepDecision(this.slots.find(seq));
    this.slots.advance(low);
    this.#decided = Math.max(this.#decided, low);
    this.#known = Math.max(this.#known, low);
    this.#proposed = Math.max(this.#proposed, low);
    this.#extend();
    this.recovery.progress();
    this.advance();
  }

  startFrom(low: SequenceNumber, executed: SequenceNumber): void {
    this.slots.advance(low);
    this.#signed = low;
    this.#proposed = low;
    this.#decided = executed;
    this.#known = executed;
  }

  /** The operator has to know: until this replica is healed, it counts among the f. */
  fallSilent(): void {
    if (!this.#place.mute) this.#context.port.report(this.#context.self, Misbehaviour.CounterAhead);
    this.#place.mute = true;
  }

  // linear-hybster.md 4, onPrepare. Anybody may relay a Prepare: its certificate speaks for it.
  onPrepare(from: ReplicaId, proposal: Proposal): void {
    if (proposal.value === null || proposal.seq <= this.low) return;
    // A correct primary may be ahead of us by as much as our stable checkpoint is old.
    if (!this.slots.contains(proposal.seq)) return this.recovery.pursue(proposal.seq);
    this.#events.value(proposal.value);
    const slot = this.slots.claim(proposal.seq);
    if (proposal.view > this.view) return this.#onLater(from, slot, proposal);
    if (proposal.view < this.view || proposal.seq <= this.#place.base.low) {
      return this.#onElder(from, slot, proposal);
    }
    if (slot.proposal !== null) return this.#onKnownProposal(from, slot, slot.proposal, proposal);
    if (proposal.extension !== this.#place.base.standing.extension) {
      return this.#context.port.report(this.#primary, Misbehaviour.BadValue);
    }
    if (this.#isPrimary) return this.#onForgottenProposal(proposal);
    // No certificate covers the evidence: a relay may have damaged it, so only the primary's own fault counts (dqbft.md H29).
    const relayed = from !== this.#primary && slot.commit === null;
    if (relayed && this.#judge(proposal) === Verdict.Fault) return;
    this.#see(proposal.seq);
    slot.proposal = proposal;
    slot.age = 0;
    this.#takePrimaryShare(from, slot, proposal);
    if (this.#place.active) this.#context.superior.proposed(proposal);
    this.advance();
    this.#deliver(slot);
    this.#combine(slot);
  }

  /** Of a view that we have not entered: our vote waits for its NewView, its value may be decided. */
  #onLater(from: ReplicaId, slot: Slot, proposal: Proposal): void {
    this.#events.ahead(proposal.view, from);
    if (this.#place.primary(proposal.view) === this.#context.self) return this.fallSilent();
    const wanted = slot.commit !== null && slot.commit.digest === proposal.digest;
    if (wanted || proposal.view >= (slot.later?.view ?? 0)) slot.later = proposal;
    this.#deliver(slot);
  }

  /** Of an earlier view: nothing but its value matters, and that only if it was decided. */
  #onElder(from: ReplicaId, slot: Slot, proposal: Proposal): void {
    if (from === this.#place.primary(proposal.view) && slot.commit === null) this.#events.behind(from);
    const needless = slot.commit !== null && slot.commit.digest !== proposal.digest;
    if (slot.delivered || needless) return;
    slot.elder = proposal;
    this.#deliver(slot);
  }

  #onKnownProposal(from: ReplicaId, slot: Slot, known: Proposal, proposal: Proposal): void {
    // A trusted counter certifies one digest at one value, so a second one means a broken subsystem.
    if (known.digest !== proposal.digest) return this.#context.port.report(from, Misbehaviour.Equivocation);
    if (known.value === null) {
      slot.proposal = proposal;
      this.#deliver(slot);
    }
    this.#takePrimaryShare(from, slot, proposal);
    this.#combine(slot);
  }

  /** The share is not covered by the certificate: only from the primary itself is it the primary's word. */
  #takePrimaryShare(from: ReplicaId, slot: Slot, proposal: Proposal): void {
    if (from === this.#primary) slot.addShare(from, proposal.digest, proposal.share);
  }

  /** A peer shows us a Prepare of ours that our log does not hold: we have lost memory, and must not go on. */
  #onForgottenProposal(proposal: Proposal): void {
    this.fallSilent();
    const slot = this.slots.claim(proposal.seq);
    this.#see(proposal.seq);
    slot.proposal = proposal;
    if (this.#place.active) this.#context.superior.proposed(proposal);
    this.#deliver(slot);
  }

  /** Signs what can be signed, strictly in order: the counter forces it (hybster.md 4). */
  advance(): void {
    if (!this.#place.active) return;
    this.#signed = Math.max(this.#signed, this.#place.stable, this.low);
    // A primary that was away may learn of a checkpoint above what it proposed.
    this.#proposed = Math.max(this.#proposed, this.#signed);
    for (;;) {
      const slot = this.slots.find(this.#signed + 1);
      const proposal = slot?.proposal ?? null;
      if (slot === undefined || proposal === null || proposal.value === null) return;
      if (this.#isSpared(slot, proposal)) {
        this.#log(slot, proposal, false);
        this.#signed = slot.seq;
        continue;
      }
      if (this.#place.mute || slot.signing || !this.#approves(slot, proposal)) return;
      this.#sign(slot);
    }
  }

  /** Values only need to increase, and others have decided this one here or later. What an earlier view decided is voted for anew. */
  #isSpared({ commit }: Slot, { digest, view }: Proposal): boolean {
    return commit !== null && commit.view >= view && commit.digest === digest;
  }

  #judge(proposal: Proposal): Verdict {
    invariant(proposal.value !== null, "a proposal in the log has its value");
    return this.#context.superior.judge(proposal);
  }

  #approves(slot: Slot, proposal: Proposal): boolean {
    if (slot.refused) return false;
    if (proposal.seq <= this.#place.base.standing.maximum) return true; // What a NewView proposes again is never judged.
    const verdict = this.#judge(proposal);
    if (verdict === Verdict.Fault) {
      slot.refused = true;
      this.#context.port.report(this.#primary, Misbehaviour.BadValue);
    }
    return verdict === Verdict.Accept;
  }

  /** The Prepare and its value are durable before the counter moves: a hole would be for good (hybster.md 10.2). */
  #sign(slot: Slot): void {
    const { proposal } = slot;
    invariant(proposal !== null && slot.seq === this.#signed + 1, "signatures follow the counter");
    this.#log(slot, proposal, true);
    this.#signed = slot.seq;
    this.#see(slot.seq);
    this.#certify(slot, proposal);
  }

  #certify(slot: Slot, proposal: Proposal): void {
    slot.signing = true;
    this.#underWay += 1;
    this.#certified = Math.max(this.#certified, slot.seq);
    this.#context.port.certify(certifyTicket(slot.seq), slotClaim(this.#context.instance, proposal));
  }

  /** Into the log, unless it is there; `first`: before anything that follows. */
  #log(slot: Slot, proposal: Proposal, first: boolean): void {
    const { logged } = slot;
    const { view, digest } = proposal;
    if (!first && logged?.view === view && logged.digest === digest) return;
    if (first) this.#context.port.persist(slot.seq, proposal);
    else this.#context.port.note(slot.seq, proposal);
    slot.logged = { view, digest };
  }

  #onCertified(slot: Slot, result: JobResult & { type: "certified" }): void {
    const { proposal } = slot;
    invariant(proposal !== null, "a certificate that we asked for");
    slot.signing = false;
    slot.share = result.share;
    slot.addShare(this.#context.self, proposal.digest, result.share);
    if (this.#isPrimary) this.#publish(slot, proposal, result);
    else if (!slot.decided) this.recovery.sendShare(slot);
    this.#combine(slot);
  }

  #publish(slot: Slot, draft: Proposal, result: JobResult & { type: "certified" }): void {
    const fresh = draft.certificate.length === 0;
    const proposal = new Proposal({ ...draft, share: result.share, certificate: result.certificate });
    slot.proposal = proposal;
    this.#context.port.note(slot.seq, proposal);
    if (!slot.decided) this.#context.port.broadcast(proposal);
    if (fresh && this.#place.active) this.#context.superior.proposed(proposal);
    this.#deliver(slot);
  }

  // linear-hybster.md 4, collector. Shares are kept unverified: the one result is verified (dependencies: 151 times cheaper).
  onCommitSig(from: ReplicaId, vote: Vote): void {
    if (vote.view > this.view) return this.#events.ahead(vote.view, from);
    if (vote.view < this.view || vote.seq <= this.low) return;
    if (!this.slots.contains(vote.seq))
      return this.#context.port.report(from, Misbehaviour.OutsideWatermarks);
    const slot = this.slots.claim(vote.seq);
    if (slot.commit !== null) return;
    slot.collecting = true;
    slot.addShare(from, vote.digest, vote.share);
    // Whoever signed has the Prepare. We do not: the one that was for us is lost, and nothing else would tell us.
    if (slot.proposal === null && !this.#isPrimary) this.recovery.pursue(vote.seq);
    this.#combine(slot);
  }

  /** Only who was sent shares collects: at n = 3 the primary's and our own are a quorum, and every backup would. */
  #combine(slot: Slot): void {
    if (!slot.collecting && !this.#isPrimary) return;
    if (slot.commit !== null || slot.combining !== null || slot.proposal === null || !slot.certified) return;
    const shares = slot.supporting(this.#context.faults.n);
    if (shares.length < this.#context.faults.quorum) return;
    slot.combining = slot.proposal;
    this.#context.port.combine(
      combineTicket(slot.seq),
      slotClaim(this.#context.instance, slot.proposal),
      shares,
    );
  }

  #onCombined(slot: Slot, result: JobResult & { type: "combined" }): void {
    const { view, seq, digest, extension } = present(slot.combining, "shares were combined over a proposal");
    slot.combining = null;
    for (const culprit of result.culprits) {
      if (view === this.view) slot.condemn(culprit);
      this.#context.port.report(culprit, Misbehaviour.BadShare);
    }
    if (slot.commit !== null) return;
    if (result.aggregate === null) return this.#combine(slot);
    const aggregate = { aggregate: result.aggregate };
    const commit = new Certificate({ kind: MessageKind.Commit, view, seq, digest, extension, ...aggregate });
    this.#context.port.broadcast(commit);
    this.onCommit(this.#context.self, commit);
  }

  // linear-hybster.md 4, onCommit: q subsystems assigned this value, whatever the view.
  onCommit(from: ReplicaId, commit: Certificate): void {
    this.#events.decided(commit);
    if (commit.view > this.view) this.#events.ahead(commit.view, from);
    if (commit.seq <= this.low) return;
    if (!this.slots.contains(commit.seq)) return this.recovery.pursue(commit.seq);
    const slot = this.slots.claim(commit.seq);
    this.recovery.onServed(from, commit, slot.commit === null);
    if (slot.commit !== null) return;
    const ours = commit.view >= this.view && this.#place.primary(commit.view) === this.#context.self;
    if (ours && slot.proposal?.view !== commit.view) this.fallSilent();
    this.#see(commit.seq);
    slot.commit = commit;
    slot.age = 0;
    this.#context.port.note(slot.seq, commit);
    this.#deliver(slot);
    this.advance();
  }

  /** Hands a decided value up, once. */
  #deliver(slot: Slot): void {
    if (slot.delivered || slot.commit === null) return;
    const { value } = slot.holding(slot.commit.digest) ?? {};
    if (value === undefined || value === null) return;
    slot.delivered = true;
    // A value that we never signed is logged too: peers may pull it from us.
    if (slot.proposal === null || slot.proposal.digest === slot.commit.digest) this.#keepDecision(slot);
    this.#context.superior.committed(slot.seq, value);
    this.#extend();
    this.recovery.progress();
  }

  /** The log of a decided slot holds its value. Else it holds what we signed in our base, as long as we may have to show that. */
  #keepDecision(slot: Slot | undefined): void {
    if (slot === undefined || slot.commit === null || slot.logged?.digest === slot.commit.digest) return;
    const decided = slot.holding(slot.commit.digest);
    if (decided !== null) this.#log(slot, decided, false);
  }

  #extend(): void {
    while (this.slots.find(this.#decided + 1)?.delivered === true) this.#decided += 1;
  }

  #see(seq: SequenceNumber): void {
    this.#known = Math.max(this.#known, seq);
    this.recovery.arm();
  }

  /**
   * The base has moved: what its NewView proposes takes the place of what was under way. `own` are its Prepares with our
   * shares, if we are its primary. The state that says so is durable before these records are, and they before we sign.
   */
  rebase(own: readonly Proposal[]): void {
    const { active, base, stable } = this.#place;
    const headers = base.newView?.prepares ?? [];
    this.#certified = own.at(-1)?.seq ?? 0;
    this.#signed = Math.max(stable, this.low, this.#certified);
    this.#proposed = Math.max(base.standing.maximum, this.low, stable);
    this.#known = Math.max(this.#decided, Math.min(base.standing.maximum, this.slots.high));
    for (let seq = this.low + 1; seq <= this.slots.high; seq += 1) {
      const header = headers[seq - base.low - 1];
      const slot = header === undefined ? this.slots.find(seq) : this.slots.claim(seq);
      if (slot !== undefined) this.#rebaseSlot(slot, header, own[seq - base.low - 1]);
    }
    if (active) this.advance();
    this.recovery.rebase();
  }

  #rebaseSlot(slot: Slot, header: Proposal | undefined, own: Proposal | undefined): void {
    const { active } = this.#place;
    const proposal = own ?? (header === undefined ? this.#promoted(slot) : this.#filled(header));
    slot.rebase(proposal, !active);
    if (slot.later !== null && slot.later.view <= this.view) slot.later = null;
    if (own !== undefined) {
      slot.share = own.share;
      slot.addShare(this.#context.self, own.digest, own.share);
    }
    if (header !== undefined && proposal !== null && proposal.value !== null) this.#log(slot, proposal, true);
    if (proposal !== null || slot.commit !== null) this.#known = Math.max(this.#known, slot.seq);
    if (proposal === null) this.#keepDecision(slot);
    this.#deliver(slot);
  }

  /** What came of the view before its NewView did. */
  #promoted({ seq, later }: Slot): Proposal | null {
    const { maximum, extension } = this.#place.base.standing;
    const fits = later?.view === this.view && later.extension === extension && seq > maximum;
    return fits ? later : null;
  }

  /** A header of a NewView with its value; without, if a checkpoint covers it and nobody needs it any more. */
  #filled(header: Proposal): Proposal {
    return new Proposal({ ...header, value: this.valueOf(header) });
  }

  /** The value of a header, if it is here. */
  valueOf({ seq, digest }: Proposal): Value | null {
    return this.lookUp(seq, digest);
  }

  /** The value with this digest of a slot, if it is here. */
  lookUp(seq: SequenceNumber, digest: Digest): Value | null {
    if (digest === this.#place.law.noop) return noop(this.#context.hash);
    return this.slots.find(seq)?.holding(digest)?.value ?? null;
  }

  /** The value with this digest of any slot. */
  find(digest: Digest): Value | null {
    for (let seq = this.low + 1; seq <= this.slots.high; seq += 1) {
      const value = this.slots.find(seq)?.holding(digest)?.value ?? null;
      if (value !== null) return value;
    }
    return null;
  }

  /** Keeps a value that a ViewChange or NewView speaks of. */
  hold(header: Proposal, value: Value): void {
    if (!this.slots.contains(header.seq)) return;
    const slot = this.slots.claim(header.seq);
    slot.bodies.set(header.digest, new Proposal({ ...header, value }));
    this.#deliver(slot);
  }

  /** Headers of the base, as far as they are here without a gap. */
  headers(first: SequenceNumber, last: SequenceNumber): Proposal[] {
    const { newView, low } = this.#place.base;
    const headers: Proposal[] = [];
    for (let seq = first; seq <= last; seq += 1) {
      const header = newView?.prepares[seq - low - 1] ?? this.slots.find(seq)?.proposal?.header();
      if (header === undefined || header.certificate.length === 0) return headers;
      headers.push(header);
    }
    return headers;
  }

  /** Tells the layer above what the view that was entered proposes. */
  announce(): void {
    for (let seq = this.low + 1; seq <= this.#known; seq += 1) {
      const slot = this.slots.find(seq);
      if (slot === undefined || slot.proposal === null || slot.proposal.value === null) continue;
      if (slot.certified) this.#context.superior.proposed(slot.proposal);
    }
  }

  /** From the log, once the base is known. */
  recover(proposal: Proposal | null, commit: Certificate | null, seq: SequenceNumber): void {
    if (!this.slots.contains(seq)) return;
    const slot = this.slots.claim(seq);
    if (commit !== null) slot.commit = commit;
    if (proposal !== null) {
      slot.logged = { view: proposal.view, digest: proposal.digest };
      if (proposal.view === this.view) slot.proposal = proposal;
      else if (proposal.view > this.view) slot.later = proposal;
      else slot.elder = proposal;
    }
    if (commit !== null || proposal?.view === this.view) this.#known = Math.max(this.#known, seq);
  }

  /**
   * The log holds every Prepare that we signed or were about to sign, so signing again is idempotent at the subsystem
   * (hybster.md 10.2), and a primary may go on in its view (dqbft.md 6: it has its full write-ahead log). Slots that others
   * decided may have been passed over: the last one is signed all the same, and then we know where the counter is.
   */
  resume(): void {
    const { stable, base } = this.#place;
    this.#signed = Math.max(stable, this.low);
    this.#proposed = Math.max(this.#signed, base.standing.maximum);
    let last = this.#signed;
    while (this.slots.find(last + 1)?.proposal?.value != null) last += 1;
    for (let seq = this.low + 1; seq <= this.#known; seq += 1) {
      const slot = this.slots.find(seq);
      if (slot === undefined) continue;
      if (slot.proposal !== null) this.#resumeSlot(slot, slot.proposal, last);
      this.#deliver(slot);
    }
    this.#extend();
    this.recovery.arm();
  }

  #resumeSlot(slot: Slot, proposal: Proposal, last: SequenceNumber): void {
    if (this.#place.active && this.#isPrimary) this.#proposed = Math.max(this.#proposed, slot.seq);
    if (!this.#place.active || slot.seq !== this.#signed + 1 || slot.seq > last) return;
    this.#signed = slot.seq;
    if (!slot.decided || !slot.certified || slot.seq === last) this.#certify(slot, proposal);
  }
}
