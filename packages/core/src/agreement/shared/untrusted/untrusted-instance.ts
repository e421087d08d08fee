import type { JobResult, LogRecord } from "../../../effects/effects.ts";
import type { ReplicaId, SequenceNumber, Ticket, TimerId, View } from "../../../kernel/ids.ts";
import { invariant } from "../../../kernel/invariant.ts";
import { Misbehaviour } from "../../../kernel/misbehaviour.ts";
import type { Anchor } from "../../../wire/anchor.ts";
import { type Evidence, type Message, MessageKind, type Proposal, Pull } from "../../../wire/messages.ts";
import type { PbftNewView, PbftStatus, PbftViewChangeAck } from "../../../wire/pbft.ts";
import type { Value } from "../../../wire/value.ts";
import type { Body, FetchBodies, FetchNewView } from "../../../wire/view-change.ts";
import type { Agreement, AgreementContext, Standing } from "../../agreement.ts";
import { Bodies } from "../bodies.ts";
import { CatchUp } from "../catch-up.ts";
import type { Change, Forward } from "./changes.ts";
import { Instance } from "./instance.ts";
import type { Opening } from "./opening.ts";
import type { Around, Phase } from "./phase.ts";
import { Proposals } from "./proposals.ts";
import { Restart } from "./restart.ts";
import type { UntrustedSlot } from "./slot.ts";
import { ViewChanger } from "./view-changer.ts";

export interface UntrustedOptions<Slot extends UntrustedSlot, C extends Change> {
  readonly context: AgreementContext;
  readonly makeSlot: (seq: SequenceNumber) => Slot;
  /** Peers that must speak of a decision for it to be believed. */
  readonly witnesses: number;
  readonly phaseOf: (around: Around<Slot>) => Phase<Slot, C>;
}

/** One instance of a protocol that relies on no trusted subsystem: its proposals, its views, and how it catches up (pbft.md). */
export class UntrustedInstance<Slot extends UntrustedSlot, C extends Change> implements Agreement {
  readonly #instance: Instance<Slot>;
  readonly #proposals: Proposals<Slot>;
  readonly #phase: Phase<Slot, C>;
  readonly #bodies: Bodies;
  readonly #catchUp: CatchUp<Slot>;
  /** Made when first needed: one process may hold tens of thousands of instances that never leave their first view. */
  #changer: ViewChanger<C> | null = null;
  /** Until all records are back. */
  #restart: Restart<Slot, C> | null;

  constructor({ context, makeSlot, witnesses, phaseOf }: UntrustedOptions<Slot, C>) {
    const instance = new Instance(context, makeSlot);
    this.#instance = instance;
    this.#bodies = new Bodies(context.port, instance.slots);
    const see = (seq: SequenceNumber): void => this.#see(seq);
    const pursue = (seq: SequenceNumber): void => this.#catchUp.pursue(seq);
    const ahead = (from: ReplicaId, view: View): void => this.#views.ahead(from, view);
    this.#proposals = new Proposals(instance, {
      see,
      pursue,
      ahead,
      mayAccept: (slot, proposal) => this.#phase.mayAccept(slot, proposal),
      accepted: (slot, proposal) => this.#phase.onAccepted(slot, proposal),
      certified: (slot) => this.#phase.onCertified(slot),
      votesAreLogged: () => this.#phase.votesAreLogged === true,
      delivered: () => {
        this.#changer?.delivered();
        this.#catchUp.progress();
      },
    });
    const decide: Around<Slot>["decide"] = (slot, digest, record) =>
      this.#proposals.decide(slot, digest, record);
    const deliver = (slot: Slot): void => this.#proposals.deliver(slot);
    const phase = phaseOf({ instance, see, pursue, ahead, decide, deliver });
    this.#phase = phase;
    this.#restart = new Restart(instance, phase);
    this.#catchUp = new CatchUp(context, instance, witnesses, {
      answer: (to, slot, values) => phase.answer(to, slot, values),
      help: (slot, age) => phase.help(slot, age),
      tick: () => {
        phase.tick?.();
        this.#changer?.tick();
      },
      get waiting() {
        return phase.waiting === true;
      },
    });
  }

  get view(): View {
    return this.#instance.view;
  }

  get active(): boolean {
    return this.#instance.active;
  }

  get primary(): ReplicaId {
    return this.#instance.primary;
  }

  get standing(): Standing {
    return this.#instance.standing;
  }

  get mayPropose(): boolean {
    const { isPrimary, votes, slots } = this.#instance;
    return isPrimary && votes && slots.contains(this.nextSlot);
  }

  get nextSlot(): SequenceNumber {
    return this.#instance.proposed + 1;
  }

  get decided(): SequenceNumber {
    return this.#instance.decided;
  }

  get known(): SequenceNumber {
    return this.#instance.known;
  }

  get low(): SequenceNumber {
    return this.#instance.low;
  }

  hasDecided(seq: SequenceNumber): boolean {
    return seq <= this.decided || this.#instance.slots.find(seq)?.delivered === true;
  }

  propose(value: Value, evidence: readonly Evidence[]): SequenceNumber {
    invariant(this.mayPropose, "only the primary proposes, inside its window");
    return this.#proposals.propose(value, evidence);
  }

  receive(from: ReplicaId, message: Message): void {
    const { kinds } = this.#phase.changes;
    switch (message.kind) {
      case MessageKind.PrePrepare:
        return this.#proposals.onProposal(from, message as Proposal);
      case MessageKind.Pull:
        return this.#catchUp.onPull(from, message as Pull);
      case MessageKind.FetchBodies:
        return this.#bodies.onFetch(from, message as FetchBodies);
      case kinds.change:
        return this.#views.onViewChange(from, message as unknown as C);
      case kinds.forward:
        return this.#views.onForward(from, message as Forward<C>);
      default:
        return this.#receiveOfViews(from, message);
    }
  }

  #receiveOfViews(from: ReplicaId, message: Message): void {
    switch (message.kind) {
      case MessageKind.PbftViewChangeAck:
        return this.#views.onAck(from, message as PbftViewChangeAck);
      case MessageKind.PbftNewView:
        return this.#views.onNewView(from, message as PbftNewView);
      case MessageKind.PbftStatus:
        return this.#views.onStatus(from, message as PbftStatus);
      case MessageKind.FetchNewView:
        return this.#views.onFetchNewView(from, message as FetchNewView);
      case MessageKind.Body:
        return this.#views.onBody((message as Body).value);
      default:
        if (!this.#phase.receive(from, message)) {
          this.#instance.context.port.report(from, Misbehaviour.NotForUs);
        }
    }
  }

  expire(timer: TimerId): void {
    if (this.#catchUp.expire(timer)) return;
    this.#phase.expire?.(timer);
    this.#changer?.expire(timer);
  }

  complete(ticket: Ticket, result: JobResult): void {
    this.#instance.jobs.complete(ticket, result);
  }

  reconsider(): void {
    this.#proposals.reconsider();
  }

  pursue(seq: SequenceNumber): void {
    this.#catchUp.pursue(seq);
  }

  show(to: ReplicaId): void {
    this.#changer?.show(to);
  }

  /** Nothing that it relies on is forgotten with a trusted subsystem. */
  reconfigure(): void {}

  suspect(view: View): void {
    this.#views.start(view);
  }

  advance(low: SequenceNumber, anchor: Anchor): void {
    this.#instance.adopt(anchor);
    if (low <= this.low) return;
    const { high } = this.#instance.slots;
    this.#instance.slots.advance(low);
    this.#instance.decided = Math.max(this.#instance.decided, low);
    this.#instance.known = Math.max(this.#instance.known, low);
    this.#instance.proposed = Math.max(this.#instance.proposed, low);
    const present = this.#changer?.present ?? null;
    if (present !== null) this.#installFrom(high + 1, present.newView, present.opening);
    this.#catchUp.progress();
    this.#proposals.reconsider();
  }

  certificate(seq: SequenceNumber): Evidence | null {
    const evidence = this.#phase.certificate(seq);
    if (this.#phase.waiting === true) this.#catchUp.start();
    return evidence;
  }

  startFrom(low: SequenceNumber, anchor: Anchor | null, executed: SequenceNumber): void {
    if (anchor !== null) this.#instance.adopt(anchor);
    this.#instance.slots.advance(low);
    this.#instance.proposed = low;
    this.#instance.decided = executed;
    this.#instance.known = executed;
  }

  recover(record: LogRecord): void {
    this.#restart?.recover(record);
  }

  resume(): void {
    const viewState = this.#restart?.viewState ?? null;
    if (viewState !== null) this.#views.restore(viewState);
    this.#restart?.restoreSlots();
    this.#restart = null;
    this.#changer?.resume();
    for (const slot of this.#instance.live()) this.#resumeSlot(slot);
    this.#catchUp.arm();
  }

  get #views(): ViewChanger<C> {
    this.#changer ??= new ViewChanger(this.#instance, this.#phase.changes, {
      install: (newView, opening) => this.#install(newView, opening),
      left: () => this.#phase.onLeft?.(),
    });
    return this.#changer;
  }

  /** A slot exists: it is proposed, or enough vote for it. */
  #see(seq: SequenceNumber): void {
    this.#instance.known = Math.max(this.#instance.known, seq);
    this.#catchUp.arm();
  }

  #resumeSlot(slot: Slot): void {
    const { isPrimary, context, standing, view } = this.#instance;
    const { proposal, seq } = slot;
    if (proposal !== null && proposal.view === view && seq > standing.maximum) {
      if (isPrimary) this.#instance.proposed = Math.max(this.#instance.proposed, seq);
      if (proposal.certificate.length === 0) this.#proposals.certifyDraft(slot);
      else context.superior.proposed(proposal);
    }
    this.#phase.repeat(slot);
    this.#proposals.deliver(slot);
  }

  /** What is not of the view that was entered does not exist any more (C4). */
  #install(newView: PbftNewView, opening: Opening<C>): void {
    const { slots, standing, decided, low } = this.#instance;
    let known = Math.max(decided, low, standing.maximum);
    for (let seq = known + 1; seq <= slots.high; seq += 1) {
      if (slots.find(seq)?.decision != null) known = seq;
    }
    this.#instance.known = known;
    this.#installFrom(low + 1, newView, opening);
    for (const slot of this.#instance.live()) {
      this.#proposals.enter(slot);
      this.#phase.onEntered(slot);
    }
    this.#catchUp.arm();
  }

  #installFrom(first: SequenceNumber, { selections }: PbftNewView, opening: Opening<C>): void {
    const { slots, isPrimary, primary, context } = this.#instance;
    const missing: SequenceNumber[] = [];
    for (const selection of selections) {
      const { seq, digest } = selection;
      if (seq < first || !slots.contains(seq)) continue;
      const value = opening.value(seq, digest);
      if (value === null) missing.push(seq);
      this.#proposals.install(selection, value);
    }
    const [lowest] = missing;
    if (lowest === undefined || isPrimary) return;
    context.port.send(primary, new Pull(lowest, missing.at(-1) ?? lowest, true));
  }
}
