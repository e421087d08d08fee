import type { JobResult } from "../../effects/effects.ts";
import type { ReplicaId, SequenceNumber, Ticket, TimerId, View } from "../../kernel/ids.ts";
import { present } from "../../kernel/invariant.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import type { Anchor } from "../../wire/anchor.ts";
import type { Certificate, Proposal } from "../../wire/messages.ts";
import type { Value } from "../../wire/value.ts";
import {
  Body,
  CHAIN_MAX,
  type FetchBodies,
  type FetchNewView,
  FIRST_VIEW_DIGEST,
  type Link,
  type NewView,
  NewViewAck,
  ViewChange,
  ViewState,
} from "../../wire/view-change.ts";
import type { AgreementContext } from "../agreement.ts";
import { ackClaim, departureClaim, openingClaim, slotClaim } from "./claims.ts";
import { Departures } from "./departures.ts";
import { Lineage } from "./lineage.ts";
import { Opening } from "./opening.ts";
import type { Ordering } from "./ordering.ts";
import type { Place } from "./place.ts";
import { type Base, lowIn, outcomeOf } from "./validity.ts";
import { Wants } from "./wants.ts";

const RESEND_TIMER: TimerId = 2;
const VIEW_CHANGE_TIMER: TimerId = 3;
const VIEW_TICKET: Ticket = 0;
const ACK_TICKET: Ticket = 1;
/** Where the log keeps the state of views. */
const STATE_SEQ: SequenceNumber = 0;
/** Resending slows down to 2^this pull delays. */
const BACKOFF_MAX = 4;
/** The time for a view change doubles so often, and once more for every round of primaries that failed. */
const DOUBLINGS_MAX = 6;
/** Bytes of values that one answer holds at most, plus the value that crosses it: 1 MiB. */
const ANSWER_BYTES_MAX = 1_048_576;
const NOTHING: Uint8Array = new Uint8Array(0);
const NOWHERE = { view: 0, seq: 0 } as const;

/** Changes views (hybster.md 6, linear-hybster.md 6). */
export class ViewChanger {
  readonly #context: AgreementContext;
  readonly #place: Place;
  readonly #ordering: Ordering;
  readonly #lineage: Lineage;
  readonly #departures: Departures;
  readonly #wants: Wants;
  /** Our last ViewChange; a draft until our subsystem has certified it. */
  #own: ViewChange | null = null;
  /** Steps of our counter since the base. */
  #chain: Link[] = [];
  /** Our own ViewChange must be made anew, whatever it says. */
  #stale = false;
  /** The view for which our subsystem refused to certify one. */
  #refused: View = 0;
  #opening: Opening | null = null;
  /** A ViewChange or NewView of ours is being certified. */
  #certifying: "departure" | "opening" | null = null;
  /** A view that we leave for once we have opened ours. */
  #postponed: View = 0;
  /** The base whose ack is being certified. */
  #acking: NewView | null = null;
  #ack: NewViewAck | null = null;
  /** Doublings of the time that a view change may take. */
  #failures = 0;
  /** The view was entered and nothing was decided in it yet. */
  #fresh = false;
  #timing = false;
  #resending = false;
  #resends = 0;
  /** After a restart: values that the base proposes are missing, so it is no base yet, and nothing may be signed. */
  #incomplete = false;
  /** The checkpoint that the layer above was last told to get. */
  #outrunAt: SequenceNumber = -1;

  constructor(context: AgreementContext, place: Place, ordering: Ordering) {
    const { faults, port, self } = context;
    this.#context = context;
    this.#place = place;
    this.#ordering = ordering;
    this.#lineage = new Lineage(place.law, faults.oneCorrect);
    this.#departures = new Departures(faults.oneCorrect);
    this.#wants = new Wants(port, self, faults.n);
  }

  /** Leaves for a higher view. A NewView of ours that was begun is finished first (hybster.md 6.4). */
  leave(to: View): void {
    if (to <= this.#place.view) return;
    if (this.#opening !== null) {
      this.#postponed = Math.max(this.#postponed, to);
      return;
    }
    this.#place.view = to;
    this.#place.active = false;
    this.#departures.target(to);
    this.#stopTiming();
    this.#context.superior.left();
    this.pump();
  }

  /** A newer stable checkpoint. */
  adopt(anchor: Anchor | null): void {
    this.#place.adopt(anchor);
  }

  onViewChange(from: ReplicaId, viewChange: ViewChange): void {
    if (viewChange.to <= this.#place.baseView) return this.#tellBase(from);
    this.#departures.add(viewChange);
    if (viewChange.base > this.#place.baseView) this.#miss(viewChange.base, from);
    this.pump();
  }

  onNewView(from: ReplicaId, newView: NewView): void {
    const { view } = newView;
    if (view <= this.#place.baseView && !this.#wants.wantsView(view)) return;
    this.#wants.gotView(view);
    this.#lineage.offer(newView, from);
    this.pump();
  }

  onAck(from: ReplicaId, ack: NewViewAck): void {
    const before = this.#lineage.isEstablished(this.#place.baseView);
    this.#lineage.onAck(ack);
    if (ack.view > this.#place.baseView) this.#miss(ack.view, from);
    this.#noteEstablished(before);
    this.pump();
  }

  onFetchNewView(from: ReplicaId, { view }: FetchNewView): void {
    const kept = this.#lineage.kept(view);
    if (kept === null) return;
    const { newView, acks, commit } = kept;
    for (const proof of [newView, ...acks]) this.#context.port.send(from, proof);
    if (commit !== null) this.#context.port.send(from, commit);
  }

  onFetchBodies(from: ReplicaId, { digests }: FetchBodies): void {
    let bytes = 0;
    for (const digest of digests) {
      const value = this.#ordering.find(digest);
      if (value === null) continue;
      this.#context.port.send(from, new Body(value));
      bytes += value.bytes.length;
      if (bytes > ANSWER_BYTES_MAX) return;
    }
  }

  /** A value came, perhaps one that we miss. */
  onValue(value: Value): void {
    const headers = this.#wants.gotBody(value.digest);
    for (const header of headers) this.#ordering.hold(header, value);
    if (headers.length > 0) this.pump();
  }

  /** A slot was decided in some view. */
  onDecided(commit: Certificate): void {
    const before = this.#lineage.isEstablished(this.#place.baseView);
    this.#lineage.onCommit(commit);
    if (commit.view === this.#place.baseView && this.#place.active && this.#fresh) {
      this.#fresh = false;
      this.#failures = Math.max(0, this.#failures - 1);
    }
    this.#noteEstablished(before);
    if (commit.view > this.#place.baseView) this.pump();
  }

  /** A peer's message is of a view above our base: its NewView has passed us by, if it does not come soon. */
  onAhead(view: View, from: ReplicaId): void {
    this.#miss(view, from);
  }

  /** A peer is in a view below our base. */
  onBehind(from: ReplicaId): void {
    this.#tellBase(from);
  }

  expire(timer: TimerId): void {
    if (timer === RESEND_TIMER) this.#onResend();
    else if (timer === VIEW_CHANGE_TIMER) this.#onOverdue();
  }

  /** Whether the result is of one of our jobs, and not of the ordering. */
  takes(ticket: Ticket, result: JobResult): boolean {
    if (ticket === VIEW_TICKET || ticket === ACK_TICKET) return true;
    return this.#opening !== null && result.type !== "combined";
  }

  complete(ticket: Ticket, result: JobResult): void {
    if (result.type === "combined") return;
    if (ticket === ACK_TICKET) this.#onAckCertified(result);
    else if (ticket !== VIEW_TICKET) this.#onProposalCertified(result);
    else if (this.#certifying === "opening") this.#onOpened(result);
    else this.#onDeparted(result);
    this.pump();
  }

  /** Goes on as far as it can. To be called after whatever may have made it possible. */
  pump(): void {
    this.#judge();
    if (!this.#ordering.busy && this.#certifying === null && this.#opening === null) {
      if (this.#incomplete) this.#complete();
      else {
        this.#install();
        this.#join();
        this.#depart();
        this.#open();
      }
      this.#wants.settleBodies();
    }
    this.#time();
  }

  /** Judges the NewViews that came, those first that others rest on. */
  #judge(): void {
    for (const view of this.#lineage.candidates) {
      const source = this.#lineage.sourceOf(view);
      const judgement = this.#lineage.judge(view);
      if ("missing" in judgement) {
        if (source !== null && !this.#lineage.has(judgement.missing)) {
          this.#wants.viewNow(judgement.missing, source);
        }
      } else if (!judgement.valid) {
        this.#context.port.report(this.#place.primary(view), Misbehaviour.BadEvidence);
      }
    }
  }

  /** Moves the base to the newest valid NewView whose values are here. */
  #install(): void {
    for (const view of this.#lineage.above(this.#place.baseView)) {
      const base = this.#lineage.base(view);
      if (base !== null && this.#isWithinReach(base)) return this.#enter(base, []);
    }
  }

  /**
   * Whether all that the base proposes is here. Until it is, the base stays what it is and nothing is signed in the new view:
   * one share there would break the chain (linear-hybster.md 6).
   */
  #isWithinReach(base: Base): boolean {
    const { view, maximum } = base.standing;
    const { slots } = this.#ordering;
    if (maximum > slots.high) {
      this.#outrun(base.newView?.anchor ?? null);
      return false;
    }
    const covered = Math.max(base.low, this.#place.stable, slots.low);
    const source = this.#lineage.sourceOf(view) ?? this.#place.primary(view);
    let complete = true;
    for (const header of base.newView?.prepares ?? []) {
      if (header.seq <= covered || this.#ordering.valueOf(header) !== null) continue;
      complete = false;
      this.#wants.body(header, source);
    }
    return complete;
  }

  /** Accepts a NewView (hybster.md 6.4): enters its view, or, on the way to a higher one, only takes it as base (6.5). */
  #enter(base: Base, own: readonly Proposal[]): void {
    const { view } = base.standing;
    const place = this.#place;
    place.base = base;
    place.mute = false;
    this.#adopt(base.newView?.anchor ?? null);
    const entering = view >= place.view;
    this.#chain = entering ? [] : this.#chain.filter(({ to }) => to > view);
    if (entering) {
      place.view = view;
      place.active = true;
      place.entered = base.standing;
      this.#own = null;
      this.#fresh = true;
      this.#departures.target(view);
      this.#stopTiming();
    }
    this.#lineage.forget(view);
    this.#saveState();
    if (entering) this.#context.superior.entered(base.standing);
    this.#ordering.rebase(own);
    if (entering) this.#ordering.announce();
    this.#acknowledge();
  }

  #acknowledge(): void {
    const newView = this.#place.base.newView;
    if (this.#acking !== null || newView === null || this.#ack?.view === newView.view) return;
    this.#acking = newView;
    this.#context.port.certify(ACK_TICKET, ackClaim(this.#context.instance, newView));
  }

  #onAckCertified(result: JobResult): void {
    const newView = present(this.#acking, "an ack that we asked for");
    this.#acking = null;
    if (result.type === "certified") {
      const { view, digest } = newView;
      const { certificate } = result;
      this.#ack = new NewViewAck({ view, digest, sender: this.#context.self, certificate });
      this.#lineage.onAck(this.#ack);
      this.#context.port.broadcast(this.#ack);
    }
    this.#acknowledge();
  }

  /** Once f + 1 hold the base valid, what it rests on is needed no more. */
  #noteEstablished(before: boolean): void {
    const { baseView } = this.#place;
    if (before || !this.#lineage.isEstablished(baseView)) return;
    this.#lineage.forget(baseView);
    this.#context.port.note(STATE_SEQ, this.#state());
  }

  #join(): void {
    const to = this.#departures.toJoin(this.#place.view);
    if (to === null) return;
    this.#place.view = to;
    this.#place.active = false;
    this.#departures.target(to);
    this.#stopTiming();
    this.#context.superior.left();
    this.#join();
  }

  /** Makes our ViewChange for the view that we are on our way to, if there is none on our present base (hybster.md 6.1). */
  #depart(): void {
    const { view, baseView, active } = this.#place;
    if (active || this.#ordering.busy || this.#refused === view) return;
    const current = this.#own?.to === view && this.#own.base === baseView && !this.#stale;
    if ((current && this.#own?.certificate.length !== 0) || this.#chain.length >= CHAIN_MAX) return;
    if (!current) {
      this.#own = this.#describe();
      this.#stale = false;
      this.#saveState();
    }
    this.#certifyOwn(present(this.#own, "a ViewChange to certify"));
  }

  #certifyOwn({ to, digest }: ViewChange): void {
    this.#certifying = "departure";
    const claim = departureClaim(this.#context.instance, { to, digest, old: null });
    this.#context.port.certify(VIEW_TICKET, claim);
  }

  /** All that we certified in our base and no checkpoint covers. */
  #describe(): ViewChange {
    const { base, anchor, stable, view } = this.#place;
    const oLast = this.#lastInBase();
    const last = Math.max(oLast, base.standing.maximum);
    const content = {
      sender: this.#context.self,
      to: view,
      base: base.standing.view,
      baseDigest: base.newView?.digest ?? FIRST_VIEW_DIGEST,
      oLast,
      anchor,
      prepares: this.#ordering.headers(stable + 1, last),
    };
    const draft = { chain: [...this.#chain], old: NOWHERE, certificate: NOTHING };
    return ViewChange.of({ ...content, ...draft }, this.#context.hash);
  }

  /** The first step out of the base says it for sure; before there is one, the ordering knows. */
  #lastInBase(): SequenceNumber {
    const [first] = this.#chain;
    if (first === undefined) return this.#ordering.lastCertified;
    return first.old.view === this.#place.baseView ? first.old.seq : 0;
  }

  #onDeparted(result: JobResult): void {
    this.#certifying = null;
    const draft = present(this.#own, "a ViewChange that we asked for");
    if (result.type !== "certified") {
      // The counter is past this view already: we have lost memory.
      this.#ordering.fallSilent();
      this.#refused = draft.to;
      this.#own = null;
      return;
    }
    const own = draft.certified(present(result.old, "the value before"), result.certificate);
    this.#own = own;
    this.#chain.push(own.link);
    this.#context.port.note(STATE_SEQ, this.#state());
    this.#departures.add(own);
    // The counter was further in the base than we knew: now we know (hybster.md 10.2).
    this.#stale = own.base === this.#place.baseView && own.oLast !== this.#lastInBase();
    if (own.to === this.#place.view) this.#context.port.broadcast(own);
  }

  /** As primary of the view that we are on our way to: opens it, once f + 1 have left for it (hybster.md 6.4). */
  #open(): void {
    const { view, active, baseView } = this.#place;
    const own = this.#own;
    if (active || this.#place.primary(view) !== this.#context.self || this.#certifying !== null) return;
    if (own === null || own.to !== view || own.base !== baseView || own.certificate.length === 0) return;
    if (lowIn(this.#place.law, own.anchor) < this.#ordering.low) {
      // What it lists is gone here: say anew that a checkpoint covers it.
      this.#stale = true;
      return this.#depart();
    }
    const { self, faults } = this.#context;
    const usable = this.#departures.current.filter((each) => each.sender !== self && this.#isUsable(each));
    const chosen = [own, ...usable].slice(0, faults.oneCorrect);
    if (chosen.length === faults.oneCorrect && this.#isUsable(own)) this.#begin(chosen);
  }

  /** Valid, on no newer base than ours, and all values here: a faulty sender may list what nobody has (linear-hybster.md 6). */
  #isUsable(viewChange: ViewChange): boolean {
    const { sender, base, prepares, anchor } = viewChange;
    const judgement = this.#lineage.judgeViewChange(viewChange);
    if ("missing" in judgement) {
      if (!this.#lineage.has(judgement.missing)) this.#wants.viewNow(judgement.missing, sender);
      return false;
    }
    if (!judgement.valid || base > this.#place.baseView) return false;
    const { slots } = this.#ordering;
    if ((prepares.at(-1)?.seq ?? 0) > slots.high) {
      this.#outrun(anchor);
      return false;
    }
    const missing = prepares.filter(
      (header) => header.seq > slots.low && this.#ordering.valueOf(header) === null,
    );
    for (const header of missing) this.#wants.body(header, sender);
    return missing.length === 0;
  }

  /** The choice is durable before the first slot is certified, and so are all values. */
  #begin(chosen: readonly ViewChange[]): void {
    const opening = this.#openingWith(chosen);
    this.#opening = opening;
    this.#adopt(opening.outcome.anchor);
    this.#saveState();
    for (const draft of opening.proposals) {
      if (draft.value !== null) this.#context.port.persist(draft.seq, draft);
    }
    this.#certifyOpening(opening);
  }

  #openingWith(chosen: readonly ViewChange[]): Opening {
    const { law, view } = this.#place;
    const outcome = outcomeOf(law, view, chosen, this.#lineage.basesOf(chosen));
    return new Opening(chosen, outcome, (seq, digest) => this.#ordering.lookUp(seq, digest));
  }

  #certifyOpening(opening: Opening): void {
    for (const draft of opening.proposals) {
      this.#context.port.certify(draft.seq * 2, slotClaim(this.#context.instance, draft));
    }
    this.#certifyNewView(opening);
  }

  #certifyNewView(opening: Opening): void {
    if (!opening.ready) return;
    this.#certifying = "opening";
    const claim = openingClaim(this.#context.instance, opening.draft(this.#context.hash));
    this.#context.port.certify(VIEW_TICKET, claim);
  }

  #onProposalCertified(result: JobResult): void {
    const opening = present(this.#opening, "a view that we open");
    opening.onAnswer(result);
    if (result.type !== "certified") this.#ordering.fallSilent();
    if (opening.failed) this.#opening = null;
    else this.#certifyNewView(opening);
  }

  #onOpened(result: JobResult): void {
    this.#certifying = null;
    const opening = present(this.#opening, "a view that we open");
    this.#opening = null;
    if (result.type !== "certified") return this.#ordering.fallSilent();
    const newView = opening.draft(this.#context.hash).certified(result.certificate);
    this.#lineage.restore({ newView, acks: [], commit: null });
    const base = present(this.#lineage.base(newView.view), "our own NewView");
    this.#enter(base, opening.proposals);
    this.#context.port.broadcast(newView);
    const postponed = this.#postponed;
    this.#postponed = 0;
    this.leave(postponed);
  }

  /** Takes over a newer stable checkpoint, whether its state is here or not (hybster.md 6.4). */
  #adopt(anchor: Anchor | null): void {
    this.#place.adopt(anchor);
    if (this.#place.stable > this.#ordering.decided) this.#outrun(this.#place.anchor);
  }

  #outrun(anchor: Anchor | null): void {
    if (anchor === null || anchor.seq <= this.#outrunAt) return;
    if (lowIn(this.#place.law, anchor) <= this.#ordering.decided) return;
    this.#outrunAt = anchor.seq;
    this.#context.superior.outrun(anchor);
  }

  #miss(view: View, from: ReplicaId): void {
    if (view <= this.#place.baseView || this.#lineage.has(view)) return;
    this.#wants.view(view, from);
    this.#time();
  }

  /** Says which view we are in, and proves that it is no invention: the peer may ask for its NewView. */
  #tellBase(to: ReplicaId): void {
    if (this.#ack !== null && this.#ack.view === this.#place.baseView) this.#context.port.send(to, this.#ack);
  }

  // hybster.md 6.6. The time for a view change begins when f + 1 have left.
  #time(): void {
    const { active, view } = this.#place;
    if (!(active || this.#timing) && this.#departures.supports(view)) {
      this.#timing = true;
      const doublings = DOUBLINGS_MAX + Math.floor(this.#failures / this.#context.faults.n);
      const delay = this.#context.parameters.viewChangeDelay * 2 ** Math.min(this.#failures, doublings);
      this.#context.port.setTimer(VIEW_CHANGE_TIMER, delay);
    }
    const waiting = !active || this.#incomplete || this.#wants.any;
    if (waiting && !this.#resending) {
      this.#resending = true;
      const delay = this.#context.parameters.pullDelay * 2 ** Math.min(this.#resends, BACKOFF_MAX);
      this.#context.port.setTimer(RESEND_TIMER, delay);
    } else if (!waiting && this.#resending) {
      this.#resending = false;
      this.#context.port.cancelTimer(RESEND_TIMER);
    }
    if (!waiting) this.#resends = 0;
  }

  #stopTiming(): void {
    if (this.#timing) this.#context.port.cancelTimer(VIEW_CHANGE_TIMER);
    this.#timing = false;
    this.#resends = 0;
  }

  #onResend(): void {
    this.#resending = false;
    this.#resends += 1;
    const own = this.#own;
    const { active, view } = this.#place;
    if (!active && own !== null && own.to === view && own.certificate.length > 0) {
      this.#context.port.broadcast(own);
    }
    this.#wants.tick();
    this.pump();
  }

  /** The view was not opened in time. Those that led us here are relayed: one alone cannot be walked far ahead (hybster.md 6.6). */
  #onOverdue(): void {
    this.#timing = false;
    const { view, active } = this.#place;
    if (active) return;
    const justifying = this.#departures.atLeast(view).slice(0, this.#context.faults.oneCorrect);
    for (const each of justifying) if (each.sender !== this.#context.self) this.#context.port.broadcast(each);
    this.#failures += 1;
    this.leave(view + 1);
  }

  #state(): ViewState {
    return new ViewState({
      view: this.#place.view,
      base: this.#place.baseView,
      kept: this.#lineage.neededFor(this.#place.baseView),
      chain: [...this.#chain],
      own: this.#own,
      opening: this.#opening?.viewChanges ?? [],
    });
  }

  /** Durable before anything that follows. */
  #saveState(): void {
    this.#context.port.persist(STATE_SEQ, this.#state());
  }

  /** From the log, before the slots: the base and the way from it. */
  recover(state: ViewState): void {
    const place = this.#place;
    for (const kept of state.kept) this.#lineage.restore(kept);
    place.base = present(this.#lineage.base(state.base), "the base that the log names");
    place.view = state.view;
    place.active = state.view === state.base;
    place.entered = place.base.standing;
    place.adopt(place.base.newView?.anchor ?? null);
    place.adopt(state.own?.anchor ?? null);
    this.#chain = [...state.chain];
    this.#own = state.own;
    this.#departures.target(state.view);
    if (state.own !== null && state.own.certificate.length > 0) this.#departures.add(state.own);
    this.#resumable = state.opening;
  }

  #resumable: readonly ViewChange[] = [];

  /** Last of a restart, once the slots are back: completes what was under way. */
  resume(): void {
    const place = this.#place;
    this.#incomplete = !this.#isWithinReach(place.base);
    if (this.#incomplete) place.active = false;
    if (place.baseView > 0) this.#acknowledge();
    if (!place.active) this.#context.superior.left();
    else if (place.baseView > 0) this.#context.superior.entered(place.entered);
    if (place.active) this.#ordering.announce();
    this.#ordering.resume();
    this.#resumeOpening();
    this.pump();
  }

  /** Values that the base proposes were not durable yet when we crashed. Once they are here again, it is a base. */
  #complete(): void {
    const place = this.#place;
    if (!this.#isWithinReach(place.base)) return;
    this.#incomplete = false;
    place.active = place.view === place.baseView;
    if (place.active) this.#context.superior.entered(place.entered);
    this.#ordering.rebase([]);
    if (place.active) this.#ordering.announce();
  }

  /** All drafts are in the log, or none was certified: then the choice is free again. */
  #resumeOpening(): void {
    const chosen = this.#resumable;
    this.#resumable = [];
    if (chosen.length === 0) return;
    const opening = this.#openingWith(chosen);
    const { slots } = this.#ordering;
    if (opening.proposals.some(({ seq, value }) => seq > slots.low && value === null)) return;
    this.#opening = opening;
    this.#certifyOpening(opening);
  }
}
