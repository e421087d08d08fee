import type { JobResult } from "../../../effects/effects.ts";
import type { ReplicaId, SequenceNumber, Ticket, View } from "../../../kernel/ids.ts";
import { invariant } from "../../../kernel/invariant.ts";
import { Misbehaviour } from "../../../kernel/misbehaviour.ts";
import { SlotRing } from "../../../kernel/slot-ring.ts";
import type { SlotClaim, UniqueClaim } from "../../../wire/claim.ts";
import { type Certificate, type Evidence, MessageKind, Proposal } from "../../../wire/messages.ts";
import type { Value } from "../../../wire/value.ts";
import { FetchBodies } from "../../../wire/view-change.ts";
import { type AgreementContext, Verdict } from "../../agreement.ts";
import { CatchUp, type CatchUpRules } from "../catch-up.ts";
import { Holdings } from "./holdings.ts";
import type { OrderingEvents } from "./ordering-events.ts";
import type { Around, Certified, Phase } from "./phase.ts";
import type { Place } from "./place.ts";
import type { TrustedSlot } from "./slot.ts";
import { noteDecision, persistProposal } from "./slot-log.ts";
import { slotOf } from "./tickets.ts";
import { Voting, type VotingEvents } from "./voting.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Agreement on slots within the base view, and on what other views decided (hybster.md 4; linear-hybster.md 2 to 4). What its parts ask
 * and tell is its own methods, no closures: there are tens of thousands of instances.
 */
export class Ordering<Slot extends TrustedSlot>
  implements Around<Slot>, VotingEvents<Slot>, CatchUpRules<Slot>
{
  readonly slots: SlotRing<Slot>;
  readonly catchUp: CatchUp<Slot>;
  readonly holdings: Holdings;
  readonly voting: Voting<Slot>;
  readonly phase: Phase<Slot>;
  readonly context: AgreementContext;
  readonly place: Place;
  readonly #events: OrderingEvents;
  /** Last slot that we proposed as primary. */
  #proposed: SequenceNumber = 0;
  #decided: SequenceNumber = 0;
  #known: SequenceNumber = 0;

  constructor(
    context: AgreementContext,
    place: Place,
    events: OrderingEvents,
    phaseOf: (around: Around<Slot>) => Phase<Slot>,
  ) {
    this.context = context;
    this.place = place;
    this.#events = events;
    this.slots = new SlotRing(context.parameters.window, (seq) => this.phase.slot(seq));
    this.phase = phaseOf(this);
    this.catchUp = new CatchUp(context, this, 1, this);
    this.holdings = new Holdings(this.slots, place, context.hash);
    this.voting = new Voting(context, place, this.slots, this);
  }

  pursue(seq: SequenceNumber): void {
    this.catchUp.pursue(seq);
  }

  ahead(view: View, from: ReplicaId): void {
    this.#events.ahead(view, from);
  }

  commit(certificate: Certificate): void {
    this.onCommit(this.context.self, certificate);
  }

  answer(to: ReplicaId, slot: Slot, values: boolean): number {
    return this.phase.answer(to, slot, values);
  }

  claim(proposal: Proposal): SlotClaim | UniqueClaim {
    return this.phase.claim(proposal);
  }

  signing({ seq }: Slot): void {
    this.#see(seq);
  }

  idle(): void {
    this.#events.idle();
  }

  /** The view whose primary matters for what is under way: the base. */
  get view(): View {
    return this.place.baseView;
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

  /** Nothing that a checkpoint covers: a primary that was away may learn of one above what it proposed. */
  get nextSlot(): SequenceNumber {
    return Math.max(this.#proposed, this.place.stable) + 1;
  }

  get mayPropose(): boolean {
    if (!this.#isPrimary || !this.place.active || this.place.silent) return false;
    return this.slots.mayPropose(this.nextSlot) && this.voting.next === this.nextSlot;
  }

  get #isPrimary(): boolean {
    return this.#primary === this.context.self;
  }

  get #primary(): ReplicaId {
    return this.place.primary(this.view);
  }

  hasDecided(seq: SequenceNumber): boolean {
    return seq <= this.#decided || this.slots.find(seq)?.delivered === true;
  }

  propose(value: Value, evidence: readonly Evidence[]): SequenceNumber {
    invariant(this.mayPropose, "only the primary proposes, inside its window");
    const seq = this.nextSlot;
    this.#proposed = seq;
    const slot = this.slots.claim(seq);
    const { extension } = this.place.base.standing;
    const draft = { kind: MessageKind.Prepare, view: this.view, seq, digest: value.digest, extension };
    slot.proposal = new Proposal({ ...draft, certificate: NOTHING, share: NOTHING, value, evidence });
    this.voting.sign(slot, slot.proposal);
    return seq;
  }

  /** The result of one of our jobs: two a slot, its certify and its combine. */
  complete(ticket: Ticket, result: JobResult): void {
    const slot = this.slots.find(slotOf(ticket));
    if (result.type !== "combined") this.voting.complete(slot, result);
    else if (slot !== undefined) this.phase.onCombined?.(slot, result);
  }

  /** Slots up to `low` are executed here, or part of a state that we have. */
  advanceTo(low: SequenceNumber): void {
    if (low <= this.slots.low) return;
    for (let seq = this.slots.low + 1; seq <= Math.min(low, this.slots.high); seq += 1) {
      noteDecision(this.context.port, this.slots.find(seq));
    }
    this.slots.advance(low);
    this.#decided = Math.max(this.#decided, low);
    this.#known = Math.max(this.#known, low);
    this.#proposed = Math.max(this.#proposed, low);
    this.#extend();
    this.catchUp.progress();
    this.voting.advance();
  }

  /** The operator has to know: until this replica is healed, it counts among the f. */
  refused(): void {
    if (this.place.silent) return;
    this.context.port.report(this.context.self, Misbehaviour.CounterAhead);
    this.place.mute = true;
  }

  // linear-hybster.md 4, onPrepare. Anybody may relay a Prepare: its certificate speaks for it.
  onPrepare(from: ReplicaId, proposal: Proposal): void {
    const { value, seq, view } = proposal;
    if (seq <= this.low) return;
    // A header says that there is something to get. A correct primary may be ahead of us by as much as our stable checkpoint is old.
    if (value === null || !this.slots.contains(seq)) return this.catchUp.pursue(seq);
    this.#events.value(value);
    const slot = this.slots.claim(seq);
    if (view > this.view) this.#onLater(from, slot, proposal);
    else if (view < this.view || seq <= this.place.base.low) this.#onElder(from, slot, proposal);
    else if (slot.proposal !== null) this.#onKnownProposal(from, slot, slot.proposal, proposal);
    else this.#onProposal(from, slot, proposal);
  }

  /** The first of the base view for its slot. */
  #onProposal(from: ReplicaId, slot: Slot, proposal: Proposal): void {
    if (proposal.extension !== this.place.base.standing.extension) {
      return this.context.port.report(this.#primary, Misbehaviour.BadValue);
    }
    // Ours, and our log does not hold it: we have lost memory, and must not go on.
    if (this.#isPrimary) this.refused();
    // No certificate covers the evidence: a relay may have damaged it, so only the primary's own fault counts (dqbft.md H29).
    const relayed = from !== this.#primary && slot.commit === null && !this.#isPrimary;
    if (relayed && this.context.superior.judge(proposal) === Verdict.Fault) return;
    this.#see(proposal.seq);
    slot.proposal = proposal;
    slot.age = 0;
    this.phase.onProposal(from, slot, proposal);
    if (this.place.active) this.context.superior.proposed(proposal);
    this.voting.advance();
    this.#deliver(slot);
    this.phase.conclude(slot);
  }

  /** Of a view that we have not entered: our vote waits for its NewView, its value may be decided. */
  #onLater(from: ReplicaId, slot: Slot, proposal: Proposal): void {
    this.#events.ahead(proposal.view, from);
    if (this.place.primary(proposal.view) === this.context.self) return this.refused();
    const wanted = slot.commit !== null && slot.commit.digest === proposal.digest;
    // Once its view is entered it passes for the primary's own: damaged evidence is left to the relay here too (dqbft.md H29).
    const relayed = from !== this.place.primary(proposal.view) && !wanted;
    if (relayed && this.context.superior.judge(proposal) === Verdict.Fault) return;
    if (wanted || proposal.view >= (slot.later?.view ?? 0)) slot.later = proposal;
    this.#deliver(slot);
    this.phase.conclude(slot);
  }

  /** Of an earlier view: nothing but its value matters, and that only if it was decided. */
  #onElder(from: ReplicaId, slot: Slot, proposal: Proposal): void {
    if (from === this.place.primary(proposal.view) && slot.commit === null) this.#events.behind(from);
    const needless = slot.commit !== null && slot.commit.digest !== proposal.digest;
    if (slot.delivered || needless) return;
    slot.elder = proposal;
    this.#deliver(slot);
    this.phase.conclude(slot);
  }

  #onKnownProposal(from: ReplicaId, slot: Slot, known: Proposal, proposal: Proposal): void {
    // A trusted counter certifies one digest at one value, so a second one means a broken subsystem.
    if (known.digest !== proposal.digest) return this.context.port.report(from, Misbehaviour.Equivocation);
    if (known.value === null) slot.proposal = proposal;
    this.phase.onProposal(from, slot, proposal);
    this.#deliver(slot);
    this.phase.conclude(slot);
  }

  signed(slot: Slot, result: Certified): void {
    const { proposal } = slot;
    invariant(proposal !== null, "a certificate that we asked for");
    this.phase.onSigned(slot, result);
    if (this.#isPrimary) this.#publish(slot, proposal, result);
    else this.phase.sendVote(slot);
    this.phase.conclude(slot);
  }

  #publish(slot: Slot, draft: Proposal, result: Certified): void {
    const fresh = draft.certificate.length === 0;
    const proposal = this.phase.certified(draft, result);
    slot.proposal = proposal;
    this.context.port.note(slot.seq, proposal);
    if (!slot.decided) this.context.port.broadcast(proposal);
    if (fresh && this.place.active) this.context.superior.proposed(proposal);
    this.#deliver(slot);
  }

  // linear-hybster.md 4, onCommit: q subsystems assigned this value, whatever the view.
  onCommit(from: ReplicaId, commit: Certificate): void {
    this.#events.established(commit);
    if (commit.view > this.view) this.#events.ahead(commit.view, from);
    if (commit.seq <= this.low) return;
    if (!this.slots.contains(commit.seq)) return this.catchUp.pursue(commit.seq);
    const slot = this.slots.claim(commit.seq);
    this.phase.onServed(from, commit, slot.commit === null);
    if (slot.commit !== null) return;
    const ours = commit.view >= this.view && this.place.primary(commit.view) === this.context.self;
    if (ours && slot.proposal?.view !== commit.view) this.refused();
    this.#see(commit.seq);
    slot.commit = commit;
    slot.age = 0;
    this.context.port.note(slot.seq, commit);
    this.#deliver(slot);
    this.voting.advance();
  }

  /** Keeps a value that a ViewChange or NewView speaks of. */
  hold(header: Proposal, value: Value): void {
    if (!this.slots.contains(header.seq)) return;
    const slot = this.slots.claim(header.seq);
    slot.bodies.set(header.digest, new Proposal({ ...header, value }));
    this.#deliver(slot);
  }

  /** What peers show of it may be certified in a configuration that is not known here; the value speaks for itself. */
  help(slot: Slot, age: number): void {
    this.phase.help(slot, age);
    const { self, faults, port } = this.context;
    const peer = (self + age) % faults.n;
    if (slot.commit !== null && age > 1 && peer !== self)
      port.send(peer, new FetchBodies([slot.commit.digest]));
  }

  /** A value without a header: what a peer can give that shows no header which can be checked here. */
  onValue(value: Value): void {
    for (let seq = this.#decided + 1; seq <= Math.min(this.#known, this.slots.high); seq += 1) {
      const slot = this.slots.find(seq);
      if (slot === undefined || slot.delivered || slot.commit?.digest !== value.digest) continue;
      slot.keepValue(slot.commit, value);
      this.#deliver(slot);
    }
  }

  /** Hands a decided value up, once. */
  #deliver(slot: Slot): void {
    if (slot.delivered || slot.commit === null) return;
    const { value } = slot.body(slot.commit.digest) ?? {};
    if (value === undefined || value === null) return;
    slot.delivered = true;
    // A value that we never signed is logged too: peers may pull it from us.
    if (slot.proposal === null || slot.proposal.digest === slot.commit.digest) {
      noteDecision(this.context.port, slot);
    }
    this.context.superior.committed(slot.seq, value);
    this.#extend();
    this.catchUp.progress();
  }

  #extend(): void {
    while (this.slots.find(this.#decided + 1)?.delivered === true) this.#decided += 1;
  }

  #see(seq: SequenceNumber): void {
    this.#known = Math.max(this.#known, seq);
    this.catchUp.arm();
  }

  /**
   * The base has moved: what its NewView proposes takes the place of what was under way. `own` are its Prepares with our
   * votes, if we are its primary. The state that says so is durable before these records are, and they before we sign.
   */
  rebase(own: readonly Proposal[]): void {
    const { base, stable } = this.place;
    const headers = base.newView?.prepares ?? [];
    this.voting.rebase(own.at(-1)?.seq ?? 0);
    this.#proposed = Math.max(base.standing.maximum, this.low, stable);
    this.#known = Math.max(this.#decided, Math.min(base.standing.maximum, this.slots.high));
    for (let seq = this.low + 1; seq <= this.slots.high; seq += 1) {
      const index = seq - base.low - 1;
      const header = headers[index];
      const slot = header === undefined ? this.slots.find(seq) : this.slots.claim(seq);
      if (slot === undefined) continue;
      this.#rebaseSlot(slot, own[index] ?? (header === undefined ? null : this.holdings.filled(header)));
      if (own[index] !== undefined) this.phase.onSigned(slot, own[index]);
    }
    this.voting.advance();
    this.phase.rebase();
    this.catchUp.progress();
  }

  #rebaseSlot(slot: Slot, again: Proposal | null): void {
    const proposal = again ?? this.holdings.promoted(slot);
    slot.rebase(proposal, !this.place.active);
    if (slot.later !== null && slot.later.view <= this.view) slot.later = null;
    if (again !== null && again.value !== null) persistProposal(this.context.port, slot, again);
    if (proposal === null) noteDecision(this.context.port, slot);
    if (proposal !== null || slot.commit !== null) this.#known = Math.max(this.#known, slot.seq);
    this.#deliver(slot);
  }

  /** Tells the layer above what the view that was entered proposes. */
  announce(): void {
    for (let seq = this.low + 1; seq <= this.#known; seq += 1) {
      const { proposal = null } = this.slots.find(seq) ?? {};
      if (proposal === null || proposal.value === null || proposal.certificate.length === 0) continue;
      this.context.superior.proposed(proposal);
    }
  }

  startFrom(low: SequenceNumber, executed: SequenceNumber): void {
    this.slots.advance(low);
    this.#proposed = low;
    this.#decided = executed;
    this.#known = executed;
  }

  /** One record of the log, once the base is known. */
  recover(seq: SequenceNumber, record: Proposal | Certificate): void {
    if (!this.slots.contains(seq)) return;
    const slot = this.slots.claim(seq);
    if (!(record instanceof Proposal)) slot.commit = record;
    else {
      slot.logged = record.header();
      if (record.view === this.view) slot.proposal = record;
      else slot.bodies.set(record.digest, record);
    }
    if (slot.commit !== null || slot.proposal !== null) this.#known = Math.max(this.#known, seq);
  }

  /** Last of a restart. A primary may go on in its view: it has its full write-ahead log (dqbft.md 6). */
  resume(): void {
    const { stable, base } = this.place;
    this.#proposed = Math.max(this.#proposed, base.standing.maximum, stable, this.low);
    for (let seq = this.low + 1; seq <= this.#known; seq += 1) {
      const slot = this.slots.find(seq);
      if (slot === undefined) continue;
      if (slot.proposal !== null) this.#proposed = Math.max(this.#proposed, seq);
      this.#deliver(slot);
    }
    this.voting.resume();
    this.catchUp.arm();
  }
}
