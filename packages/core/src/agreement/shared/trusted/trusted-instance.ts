import type { JobResult, LogRecord } from "../../../effects/effects.ts";
import { configurationOf, firstViewOf } from "../../../kernel/configurations.ts";
import type { ReplicaId, SequenceNumber, Ticket, TimerId, View } from "../../../kernel/ids.ts";
import { Misbehaviour } from "../../../kernel/misbehaviour.ts";
import type { Anchor } from "../../../wire/anchor.ts";
import { noop } from "../../../wire/batch.ts";
import {
  Certificate,
  type Evidence,
  type Message,
  MessageKind,
  Proposal,
  Pull,
  Vote,
} from "../../../wire/messages.ts";
import type { Value } from "../../../wire/value.ts";
import {
  type Body,
  type FetchBodies,
  type FetchNewView,
  type NewView,
  type NewViewAck,
  type ViewChange,
  ViewState,
} from "../../../wire/view-change.ts";
import type { Agreement, AgreementContext, Standing } from "../../agreement.ts";
import { Bodies } from "../bodies.ts";
import { successorOf } from "../configurations.ts";
import { Ordering } from "./ordering.ts";
import type { OrderingEvents } from "./ordering-events.ts";
import type { Around, Phase } from "./phase.ts";
import { Place } from "./place.ts";
import type { TrustedSlot } from "./slot.ts";
import { ViewChanger } from "./view-changer.ts";

/** One instance whose proposals and view changes are certified by trusted counters: its slots and its views (hybster.md). */
export class TrustedInstance<Slot extends TrustedSlot> implements Agreement, OrderingEvents {
  readonly #context: AgreementContext;
  readonly #place: Place;
  readonly #ordering: Ordering<Slot>;
  /** Made when another view than the first is spoken of: most instances never hear of one, and there are tens of thousands. */
  #changer: ViewChanger | null = null;
  readonly #bodies: Bodies;
  /** What the log gave back, until the base is known. */
  readonly #recovered: LogRecord[] = [];

  constructor(context: AgreementContext, phaseOf: (around: Around<Slot>) => Phase<Slot>) {
    const { lowOf, probation, hash, parameters, members, faults } = context;
    this.#context = context;
    const oldestBase = (sender: ReplicaId, to: View): View =>
      firstViewOf(members.since(sender, configurationOf(to, faults.n)), faults.n);
    const law = { lowOf, probation, oldestBase, window: parameters.window, noop: noop(hash).digest };
    this.#place = new Place(context, law);
    this.#ordering = new Ordering(context, this.#place, this, phaseOf);
    this.#bodies = new Bodies(context.port, this.#ordering.slots);
  }

  get #views(): ViewChanger {
    this.#changer ??= new ViewChanger(this.#context, this.#place, this.#ordering);
    return this.#changer;
  }

  get view(): View {
    return this.#place.view;
  }

  get active(): boolean {
    return this.#place.active;
  }

  get standing(): Standing {
    return this.#place.entered;
  }

  get primary(): ReplicaId {
    return this.#place.primary(this.view);
  }

  get mayPropose(): boolean {
    return this.#ordering.mayPropose;
  }

  get decided(): SequenceNumber {
    return this.#ordering.decided;
  }

  get known(): SequenceNumber {
    return this.#ordering.known;
  }

  get low(): SequenceNumber {
    return this.#ordering.low;
  }

  get nextSlot(): SequenceNumber {
    return this.#ordering.nextSlot;
  }

  hasDecided(seq: SequenceNumber): boolean {
    return this.#ordering.hasDecided(seq);
  }

  propose(value: Value, evidence: readonly Evidence[]): SequenceNumber {
    return this.#ordering.propose(value, evidence);
  }

  receive(from: ReplicaId, message: Message): void {
    if (message instanceof Proposal) this.#ordering.onPrepare(from, message);
    else if (message instanceof Vote) this.#ordering.phase.onVote(from, message);
    else if (message instanceof Certificate) this.#ordering.onCommit(from, message);
    else if (message instanceof Pull) this.#ordering.catchUp.onPull(from, message);
    else this.#receiveOfViews(from, message);
  }

  #receiveOfViews(from: ReplicaId, message: Message): void {
    switch (message.kind) {
      case MessageKind.ViewChange:
        return this.#views.onViewChange(from, message as ViewChange);
      case MessageKind.NewView:
        return this.#views.onNewView(from, message as NewView);
      case MessageKind.NewViewAck:
        return this.#views.onAck(from, message as NewViewAck);
      case MessageKind.FetchNewView:
        return this.#changer?.onFetchNewView(from, message as FetchNewView);
      case MessageKind.FetchBodies:
        return this.#bodies.onFetch(from, message as FetchBodies);
      case MessageKind.Body:
        this.value((message as Body).value);
        return this.#ordering.onValue((message as Body).value);
      default:
        return this.#context.port.report(from, Misbehaviour.NotForUs);
    }
  }

  ahead(view: View, from: ReplicaId): void {
    this.#views.onAhead(view, from);
  }

  behind(from: ReplicaId): void {
    this.#changer?.onBehind(from);
  }

  /** The first view needs nothing to establish it. */
  established(commit: Certificate): void {
    if (commit.view > 0) this.#views.onDecided(commit);
    else this.#changer?.onDecided(commit);
  }

  value(value: Value): void {
    this.#changer?.onValue(value);
  }

  idle(): void {
    this.#changer?.pump();
  }

  expire(timer: TimerId): void {
    this.#ordering.catchUp.expire(timer);
    this.#changer?.expire(timer);
  }

  complete(ticket: Ticket, result: JobResult): void {
    if (this.#changer?.takes(ticket, result) === true) this.#changer.complete(ticket, result);
    else this.#ordering.complete(ticket, result);
  }

  reconsider(): void {
    this.#ordering.voting.advance();
  }

  pursue(seq: SequenceNumber): void {
    this.#ordering.catchUp.pursue(seq);
  }

  show(to: ReplicaId): void {
    this.#changer?.onBehind(to);
  }

  suspect(view: View): void {
    this.#views.leave(view);
  }

  reconfigure(): void {
    if (successorOf(this.#context, this.view) !== null) this.#views.reconfigure();
  }

  advance(low: SequenceNumber, anchor: Anchor): void {
    this.#place.adopt(anchor);
    this.#ordering.advanceTo(low);
    this.#changer?.pump();
  }

  certificate(seq: SequenceNumber): Evidence | null {
    const commit = this.#ordering.slots.find(seq)?.commit ?? null;
    return commit === null ? null : { instance: this.#context.instance, message: commit };
  }

  startFrom(low: SequenceNumber, anchor: Anchor | null, executed: SequenceNumber): void {
    this.#place.adopt(anchor);
    this.#ordering.startFrom(low, executed);
  }

  recover(record: LogRecord): void {
    if (record.message instanceof ViewState) this.#views.recover(record.message);
    else this.#recovered.push(record);
  }

  resume(): void {
    for (const { seq, message } of this.#recovered.splice(0)) {
      if (message instanceof Proposal || message instanceof Certificate) this.#ordering.recover(seq, message);
    }
    if (this.#changer !== null) return this.#changer.resume();
    this.#ordering.announce();
    this.#ordering.resume();
    this.reconfigure();
  }
}
