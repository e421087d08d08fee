import type { JobResult } from "../../../effects/effects.ts";
import type { ReplicaId, SequenceNumber, Ticket, TimerId, View } from "../../../kernel/ids.ts";
import { present } from "../../../kernel/invariant.ts";
import { Misbehaviour } from "../../../kernel/misbehaviour.ts";
import type { Certificate, Proposal } from "../../../wire/messages.ts";
import type { Value } from "../../../wire/value.ts";
import {
  type FetchNewView,
  type NewView,
  type NewViewAck,
  type ViewChange,
  ViewState,
} from "../../../wire/view-change.ts";
import type { AgreementContext } from "../../agreement.ts";
import { isOfLaterConfiguration, successorOf } from "../configurations.ts";
import { ViewChangeTimer } from "../view-change-timer.ts";
import { Departing } from "./departing.ts";
import type { Ordering } from "./ordering.ts";
import type { Place } from "./place.ts";
import { Presiding } from "./presiding.ts";
import { Resends } from "./resends.ts";
import type { TrustedSlot } from "./slot.ts";
import { ACK_TICKET, VIEW_TICKET } from "./tickets.ts";
import type { Base } from "./validity.ts";
import { Views } from "./views.ts";
import { Vouching } from "./vouching.ts";

const VIEW_CHANGE_TIMER: TimerId = 3;

/** Where the log keeps the state of views. */
const STATE_SEQ: SequenceNumber = 0;

/** Changes views (hybster.md 6). */
export class ViewChanger {
  readonly #context: AgreementContext;
  readonly #place: Place;
  readonly #ordering: Ordering<TrustedSlot>;
  readonly #views: Views;
  readonly #departing: Departing;
  readonly #presiding: Presiding;
  readonly #vouching: Vouching;
  readonly #timer: ViewChangeTimer;
  readonly #resends: Resends;
  /** A view that we leave for once we have opened ours. */
  #postponed: View = 0;
  /** After a restart: values that the base proposes are missing, so it is no base yet, and nothing may be signed. */
  #incomplete = false;

  constructor(context: AgreementContext, place: Place, ordering: Ordering<TrustedSlot>) {
    this.#context = context;
    this.#place = place;
    this.#ordering = ordering;
    this.#views = new Views(context, place, ordering, () => context.port.persist(STATE_SEQ, this.#state()));
    this.#departing = new Departing(this.#views);
    this.#presiding = new Presiding(this.#views, this.#departing);
    this.#vouching = new Vouching(this.#views);
    this.#timer = new ViewChangeTimer(context, VIEW_CHANGE_TIMER);
    this.#resends = new Resends(context);
  }

  /** Leaves for a higher view. A NewView of ours that was begun is finished first (hybster.md 6.4). */
  leave(to: View): void {
    if (isOfLaterConfiguration(this.#context, to)) return; // Whoever knows it has executed what we will.
    if (this.#presiding.opening !== null) this.#postponed = Math.max(this.#postponed, to);
    else if (to > this.#place.view) {
      this.#depart(to);
      this.pump();
    }
  }

  /** An admission is executed: seals what we signed in the configuration before, by leaving for the new one. */
  reconfigure(): void {
    const to = successorOf(this.#context, this.#place.view);
    if (to !== null) this.leave(to);
  }

  #depart(to: View): void {
    this.#place.view = to;
    this.#place.active = false;
    this.#views.departures.target(to);
    this.#timer.stop();
    this.#resends.restart();
    this.#context.superior.left();
  }

  onViewChange(from: ReplicaId, viewChange: ViewChange): void {
    if (viewChange.to <= this.#place.baseView) return this.#vouching.tellBase(from);
    this.#views.departures.add(viewChange);
    if (viewChange.base < this.#place.baseView) this.#vouching.tellBase(from);
    this.onAhead(viewChange.base, from);
    this.pump();
  }

  onNewView(from: ReplicaId, newView: NewView): void {
    const { view } = newView;
    if (view <= this.#place.baseView && !this.#views.wants.wantsView(view)) return;
    this.#views.wants.gotView(view);
    this.#views.lineage.offer(newView, from);
    this.pump();
  }

  onAck(from: ReplicaId, ack: NewViewAck): void {
    this.#learn(() => this.#views.lineage.onAck(ack));
    this.onAhead(ack.view, from);
    this.pump();
  }

  onFetchNewView(from: ReplicaId, { view }: FetchNewView): void {
    const kept = this.#views.lineage.kept(view);
    if (kept === null) return;
    const { newView, acks, commit } = kept;
    for (const proof of [newView, ...acks]) this.#context.port.send(from, proof);
    if (commit !== null) this.#context.port.send(from, commit);
  }

  /** A value came, perhaps one that we miss. */
  onValue(value: Value): void {
    const headers = this.#views.wants.gotBody(value.digest);
    for (const header of headers) this.#ordering.hold(header, value);
    if (headers.length > 0) this.pump();
  }

  /** A slot was decided in some view. */
  onDecided(commit: Certificate): void {
    // The first view needs nothing to establish it.
    if (commit.view > 0) this.#learn(() => this.#views.lineage.onCommit(commit));
    const { baseView, active } = this.#place;
    if (commit.view === baseView && active) this.#timer.decided();
    if (commit.view > baseView) this.pump();
  }

  /** A peer's message is of a view above our base: its NewView has passed us by, if it does not come soon. */
  onAhead(view: View, from: ReplicaId): void {
    const { lineage, wants } = this.#views;
    if (view <= this.#place.baseView || lineage.has(view) || wants.wantsView(view)) return;
    if (isOfLaterConfiguration(this.#context, view)) return;
    wants.view(view, from);
    this.#resends.hurry();
  }

  /** A peer is in a view below our base. */
  onBehind(from: ReplicaId): void {
    this.#vouching.tellBase(from);
  }

  expire(timer: TimerId): void {
    if (this.#resends.expire(timer)) this.#resend();
    else if (this.#timer.expire(timer)) this.#onOverdue();
  }

  /** Whether the result is of one of our jobs, and not of the ordering: while we open a view, that has none. */
  takes(ticket: Ticket, result: JobResult): boolean {
    if (ticket === VIEW_TICKET || ticket === ACK_TICKET) return true;
    return this.#presiding.opening !== null && result.type !== "combined";
  }

  complete(ticket: Ticket, result: JobResult): void {
    if (ticket === ACK_TICKET) this.#onAckCertified(result);
    else if (ticket !== VIEW_TICKET) this.#presiding.onProposalCertified(result);
    else if (this.#departing.busy) this.#onDeparted(result);
    else this.#onOpened(result);
    this.pump();
  }

  /** Goes on as far as it can. To be called after whatever may have made it possible. */
  pump(): void {
    this.reconfigure();
    this.#judge();
    const busy = this.#ordering.voting.busy || this.#departing.busy || this.#presiding.opening !== null;
    if (!busy) {
      if (this.#incomplete) this.#fillBase();
      else {
        this.#install();
        this.#join();
        this.#departing.proceed();
        if (!this.#departing.busy) this.#presiding.proceed();
      }
      this.#views.wants.settleBodies();
    }
    const { active, view } = this.#place;
    if (!active && this.#views.departures.supports(view)) this.#timer.start();
    this.#wait();
  }

  #wait(): void {
    this.#resends.await(!this.#place.active || this.#incomplete || this.#views.wants.any);
  }

  /** Judges the NewViews that came, those first that others rest on. */
  #judge(): void {
    const { lineage, wants } = this.#views;
    let heavy: NewView | null = null;
    for (const view of lineage.candidates) {
      const source = lineage.sourceOf(view);
      const judgement = lineage.judge(view);
      if ("missing" in judgement) {
        const { missing } = judgement;
        if (source !== null && !lineage.has(missing)) wants.viewNow(missing, source);
      } else if (!judgement.valid) {
        this.#context.port.report(this.#place.primary(view), Misbehaviour.BadEvidence);
      } else heavy = judgement.heavy ?? heavy;
    }
    if (heavy !== null) this.#vouching.proceed(heavy);
    lineage.trim(this.#place.baseView);
  }

  /** Moves the base to the newest valid NewView whose values are here. */
  #install(): void {
    const { lineage } = this.#views;
    for (const view of lineage.above(this.#place.baseView)) {
      const base = lineage.base(view);
      if (base !== null && this.#isWithinReach(base)) return this.#enter(base, []);
    }
  }

  /**
   * Whether all that the base proposes is here. Until it is, the base stays what it is and nothing is signed in the new view:
   * one share there would break the chain (linear-hybster.md 6).
   */
  #isWithinReach(base: Base): boolean {
    const { view, maximum } = base.standing;
    const { slots, holdings, low } = this.#ordering;
    if (maximum > slots.high) {
      this.#views.outrun(base.newView?.anchor ?? null);
      return false;
    }
    const covered = Math.max(base.low, this.#place.stable, low);
    const missing = (base.newView?.prepares ?? []).filter(
      (header) => header.seq > covered && holdings.valueOf(header) === null,
    );
    for (const header of missing) this.#views.wants.body(header, this.#place.primary(view));
    return missing.length === 0;
  }

  /**
   * Accepts a NewView (hybster.md 6.4): enters its view, or, on the way to a higher one, only takes it as base (6.5). Then
   * what we lost the memory of lies before the base, and matters no more (10.2).
   */
  #enter(base: Base, own: readonly Proposal[]): void {
    const { view } = base.standing;
    const place = this.#place;
    const entering = view >= place.view;
    place.base = base;
    place.mute = false;
    this.#incomplete = false;
    this.#departing.rebase(view, entering);
    this.#views.adopt(base.newView?.anchor ?? null);
    if (entering) {
      place.view = view;
      place.active = true;
      place.entered = base.standing;
      this.#views.departures.target(view);
      this.#timer.entered();
      this.#resends.restart();
    }
    this.#views.lineage.forget(view);
    this.#views.wants.forgetViews(view);
    this.#views.save();
    if (entering) this.#context.superior.entered(base.standing);
    this.#ordering.rebase(own);
    if (entering) this.#ordering.announce();
    this.#vouching.proceed();
  }

  #onAckCertified(result: JobResult): void {
    const ack = this.#vouching.complete(result);
    if (ack === null) return;
    this.#learn(() => this.#views.lineage.onAck(ack));
    this.#context.port.broadcast(ack);
    this.#vouching.proceed();
  }

  /** Once the base is established, what it rests on is needed no more. */
  #learn(lesson: () => void): void {
    const { lineage } = this.#views;
    const { baseView } = this.#place;
    const before = lineage.isEstablished(baseView);
    lesson();
    if (before || !lineage.isEstablished(baseView)) return;
    // A view that is being opened may rest on older ones.
    if (this.#presiding.opening === null) lineage.forget(baseView);
    this.#context.port.note(STATE_SEQ, this.#state());
  }

  /** Joins, when a correct replica must be among those who want a higher view. */
  #join(): void {
    const to = this.#views.departures.toJoin(this.#place.view);
    if (to === null) return;
    this.#depart(to);
    this.#join();
  }

  #onDeparted(result: JobResult): void {
    if (this.#departing.complete(result)) this.#context.port.note(STATE_SEQ, this.#state());
    else this.#ordering.refused();
  }

  #onOpened(result: JobResult): void {
    const opened = this.#presiding.complete(result);
    if (opened === null) return this.#ordering.refused();
    const { newView, opening } = opened;
    this.#enter(present(this.#views.lineage.base(newView.view), "our own NewView"), opening.proposals);
    this.#context.port.broadcast(newView);
    const postponed = this.#postponed;
    this.#postponed = 0;
    this.leave(postponed);
  }

  #resend(): void {
    const { current } = this.#departing;
    if (!this.#place.active && current !== null) this.#context.port.broadcast(current);
    this.#vouching.repeat();
    this.#views.wants.tick();
    this.pump();
  }

  /** The view was not opened in time. Those that led us here are relayed: one alone cannot be walked far ahead (hybster.md 6.6). */
  #onOverdue(): void {
    const { view, active, counts } = this.#place;
    if (active || !counts) return; // Who has no voice follows the others.
    const { self, faults, port } = this.#context;
    for (const each of this.#views.departures.atLeast(view).slice(0, faults.oneCorrect)) {
      if (each.sender !== self) port.broadcast(each);
    }
    this.#timer.failed();
    this.leave(view + 1);
  }

  #state(): ViewState {
    const { baseView } = this.#place;
    const opening = this.#presiding.opening?.viewChanges ?? [];
    return new ViewState({
      view: this.#place.view,
      base: baseView,
      kept: this.#views.lineage.neededFor([baseView, ...opening.map(({ base }) => base)]),
      chain: this.#departing.chain,
      own: this.#departing.own,
      opening,
    });
  }

  /** From the log, before the slots: the base, and the way from it. */
  recover(state: ViewState): void {
    const place = this.#place;
    for (const kept of state.kept) this.#views.lineage.restore(kept);
    place.base = present(this.#views.lineage.base(state.base), "the base that the log names");
    place.view = state.view;
    place.active = state.view === state.base;
    place.entered = place.base.standing;
    place.adopt(place.base.newView?.anchor ?? null);
    place.adopt(state.own?.anchor ?? null);
    this.#views.departures.target(state.view);
    // What an identity before ours signed is of no use to ours.
    if (!place.counts) return;
    this.#departing.recover(state);
    this.#presiding.recover(state.opening);
  }

  /** Last of a restart, once the slots are back: completes what was under way. */
  resume(): void {
    const place = this.#place;
    this.#incomplete = !this.#isWithinReach(place.base);
    if (this.#incomplete) place.active = false;
    this.#vouching.proceed();
    if (!place.active) this.#context.superior.left();
    else if (place.baseView > 0) this.#context.superior.entered(place.entered);
    if (place.active) this.#ordering.announce();
    this.#ordering.resume();
    this.#presiding.resume();
    this.pump();
  }

  /** Values that the base proposes were not durable yet when we crashed. Once they are here again, it is a base. */
  #fillBase(): void {
    const place = this.#place;
    if (!this.#isWithinReach(place.base)) return;
    this.#incomplete = false;
    place.active = place.view === place.baseView;
    if (place.active) this.#context.superior.entered(place.entered);
    this.#ordering.rebase([]);
    if (place.active) this.#ordering.announce();
  }
}
