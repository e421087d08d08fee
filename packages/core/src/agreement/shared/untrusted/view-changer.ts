import type { ReplicaId, SequenceNumber, TimerId, View } from "../../../kernel/ids.ts";
import { invariant } from "../../../kernel/invariant.ts";
import { Misbehaviour } from "../../../kernel/misbehaviour.ts";
import { type PbftNewView, PbftStatus, PbftViewChangeAck } from "../../../wire/pbft.ts";
import type { Value } from "../../../wire/value.ts";
import type { FetchNewView } from "../../../wire/view-change.ts";
import { pullPause } from "../pull-pause.ts";
import { ViewChangeTimer } from "../view-change-timer.ts";
import { ChangeStore, type Held } from "./change-store.ts";
import type { Change, ChangeRules, Forward, ViewState } from "./changes.ts";
import { follows } from "./decision.ts";
import type { Instance } from "./instance.ts";
import { NewViews } from "./new-views.ts";
import { Opening } from "./opening.ts";
import type { UntrustedSlot } from "./slot.ts";
import { ViewHelp } from "./view-help.ts";

const VIEW_CHANGE_TIMER: TimerId = 2;
const RESEND_TIMER: TimerId = 3;

/** What a view change does to the rest of the instance. */
export interface Installer<C extends Change> {
  /** A view was entered, and the instance's standing says which: its slots follow. */
  install(newView: PbftNewView, opening: Opening<C>): void;
  /** A view was left. */
  left(): void;
}

/** Leaves views and enters them (pbft.md 7, 8 and 11). */
export class ViewChanger<C extends Change> {
  readonly #instance: Instance<UntrustedSlot>;
  readonly #installer: Installer<C>;
  readonly #rules: ChangeRules<C>;
  readonly #store: ChangeStore<C>;
  readonly #newViews: NewViews;
  readonly #opening: Opening<C>;
  /** Our own view change for the view that we are in or on our way to; null in view 0. */
  #own: C | null = null;
  readonly #help: ViewHelp<C>;
  readonly #timer: ViewChangeTimer;
  #resends = 0;

  constructor(instance: Instance<UntrustedSlot>, rules: ChangeRules<C>, installer: Installer<C>) {
    const { context } = instance;
    this.#instance = instance;
    this.#installer = installer;
    this.#rules = rules;
    this.#store = new ChangeStore(rules.signed ? 1 : context.faults.oneCorrect);
    this.#newViews = new NewViews(context, rules);
    this.#help = new ViewHelp(instance, rules.asksAll);
    this.#timer = new ViewChangeTimer(context, VIEW_CHANGE_TIMER);
    this.#opening = new Opening(instance, rules.decide.bind(rules), (newView, changes) => {
      context.port.broadcast(newView);
      this.#enter(newView, changes);
    });
  }

  /** Leaves for a higher view; nothing if it is not higher. */
  start(view: View): void {
    if (view <= this.#instance.view) return;
    this.#leave(view);
    this.#announce();
    this.#advance();
  }

  /** Where this replica was when it stopped: its view is set, and its slots are not restored yet. */
  restore({ viewChange, newView }: ViewState<C>): void {
    this.#own = viewChange;
    this.#instance.view = viewChange.view;
    this.#instance.active = newView?.view === viewChange.view;
    this.#store.moveTo(viewChange.view);
    if (newView === null) return;
    this.#help.entered(newView, new Map());
    this.#stand(newView);
  }

  /** After a restart, with all slots restored. */
  resume(): void {
    const { active, standing, context } = this.#instance;
    if (active) {
      const { newView } = this.#help;
      if (newView === null) return;
      context.superior.entered(standing);
      return this.#installer.install(newView, this.#opening);
    }
    context.superior.left();
    this.#announce();
  }

  /** The window has moved, and the present view may propose something in it. */
  get present(): { readonly newView: PbftNewView; readonly opening: Opening<C> } | null {
    const { newView } = this.#help;
    return newView === null || !this.#instance.active ? null : { newView, opening: this.#opening };
  }

  /** A value was decided: half of the patience goes that failed view changes brought (pbft.md 11, C10). */
  delivered(): void {
    this.#timer.decided();
  }

  expire(timer: TimerId): void {
    const { active, view } = this.#instance;
    if (active) return;
    if (this.#timer.expire(timer)) {
      this.#timer.failed();
      this.start(view + 1);
    } else if (timer === RESEND_TIMER) this.#resend();
  }

  onViewChange(from: ReplicaId, message: C): void {
    const { context } = this.#instance;
    if (message.sender !== from || !this.#rules.isValid(message)) {
      return context.port.report(from, Misbehaviour.BadCertificate);
    }
    if (this.#instance.isLate(message.view)) return this.#answerLate(from, message.view);
    const held = this.#hold(message);
    const kept = this.#store.add(held);
    if (kept === null) return;
    if (kept.digest !== held.digest) return context.port.report(from, Misbehaviour.Equivocation);
    if (message.view === this.#instance.view) this.#acknowledge(kept);
    this.#advance();
  }

  /**
   * Who is still on its way here gets our view change too: if nobody is left to vouch for what the NewView rests on, it can only
   * go on to the next view, and its timer runs when it has heard of a quorum.
   */
  #answerLate(from: ReplicaId, view: View): void {
    this.#help.answerLate(from, view);
    if (this.#own?.view !== view || this.#isDraft) return;
    // Not as a view change: who has entered the view meanwhile would answer it with its own, and so on for ever.
    this.#instance.context.port.send(from, this.#rules.forward(this.#own));
  }

  onAck(from: ReplicaId, ack: PbftViewChangeAck): void {
    const { faults } = this.#instance.context;
    if (ack.sender >= faults.n || this.#instance.isLate(ack.view)) return;
    this.#store.acknowledge(from, ack);
    this.#advance();
  }

  onNewView(from: ReplicaId, newView: PbftNewView): void {
    if (this.#instance.isLate(newView.view)) return;
    if (!this.#newViews.offer(from, newView)) {
      return this.#instance.context.port.report(from, Misbehaviour.BadCertificate);
    }
    this.#advance();
    if (!this.#instance.isLate(newView.view)) this.#askMissing();
  }

  /** A peer lacks view changes that a NewView rests on: those that we found authentic, it gets. */
  onStatus(from: ReplicaId, { view, wanted }: PbftStatus): void {
    for (const name of wanted) {
      const entered = this.#help.change(view, name.digest);
      const own = this.#ownHeld()?.digest === name.digest ? this.#own : undefined;
      const found = own ?? entered ?? this.#store.find(name, view)?.message;
      if (found?.view === view) this.#instance.context.port.send(from, this.#rules.forward(found));
    }
  }

  onForward(from: ReplicaId, { viewChange }: Forward<C>): void {
    const { context, view, active } = this.#instance;
    if (active || viewChange.view !== view) return;
    // Its own, said again: no other voucher is needed, and after a crash there may be none.
    if (viewChange.sender === from) return this.onViewChange(from, viewChange);
    const held = this.#hold(viewChange);
    if (!this.#newViews.names(viewChange.sender, held.digest, view)) return;
    if (!this.#rules.isValid(viewChange)) return context.port.report(from, Misbehaviour.BadCertificate);
    this.#store.vouch(from, held);
    this.#advance();
  }

  /** The NewView of our view, for a peer that it may have passed by. */
  show(to: ReplicaId): void {
    this.#help.show(to);
  }

  onFetchNewView(from: ReplicaId, { view }: FetchNewView): void {
    this.#help.answer(from, view);
  }

  onBody(value: Value): void {
    this.#opening.onBody(value);
    this.#advance();
  }

  /** A peer is in a view that we are not in. */
  ahead(from: ReplicaId, view: View): void {
    this.#help.ahead(from, view);
  }

  /** Asks again those that are ahead. */
  tick(): void {
    this.#help.tick();
  }

  /** Whatever has become possible: to join a higher view, to open ours, to enter one. */
  #advance(): void {
    const { context, active, view } = this.#instance;
    const joined = this.#store.joinable(context.faults.oneCorrect);
    if (joined !== null && joined > view) return this.start(joined);
    if (!active) {
      this.#startTimer();
      this.#tryOpen();
    }
    this.#tryEnter();
  }

  #leave(view: View): void {
    const { context } = this.#instance;
    this.#own = this.#rules.make(view);
    this.#instance.view = view;
    this.#instance.active = false;
    this.#opening.abandon();
    this.#store.moveTo(view);
    this.#timer.stop();
    this.#resends = 0;
    context.port.persist(0, this.#rules.state(this.#own, this.#help.newView));
    this.#installer.left();
    context.superior.left();
  }

  /** Our view change goes to all, once it is signed where this variant signs. */
  #announce(): void {
    const own = this.#own;
    invariant(own !== null, "a view change of our own");
    this.#setResendTimer();
    if (!this.#isDraft) return this.#broadcastOwn();
    this.#instance.jobs.certify(this.#rules.claim(own), (result) => {
      if (result.type !== "certified" || this.#own !== own) return;
      this.#own = this.#rules.withSignature(own, result.certificate);
      if (this.#instance.active) return;
      this.#broadcastOwn();
      this.#advance();
    });
  }

  #broadcastOwn(): void {
    if (this.#own === null) return;
    this.#instance.context.port.broadcast(this.#own);
    for (const held of this.#store.current.values()) this.#acknowledge(held);
  }

  /** To the new primary, which believes a view change that enough others have found authentic too (pbft.md 7). */
  #acknowledge({ message, digest }: Held<C>): void {
    const { active, primary, isPrimary, context } = this.#instance;
    const { view, sender } = message;
    if (this.#rules.signed || active || isPrimary || sender === primary) return;
    context.port.send(primary, new PbftViewChangeAck({ view, sender, digest }));
  }

  #setResendTimer(): void {
    const { context } = this.#instance;
    context.port.setTimer(RESEND_TIMER, pullPause(context, this.#resends));
  }

  #resend(): void {
    this.#resends += 1;
    this.#setResendTimer();
    if (!this.#isDraft) this.#broadcastOwn();
    this.#opening.askBodies();
    this.#askMissing();
    this.tick();
  }

  /** Only once a quorum is on its way: replicas that run ahead alone would never meet (pbft.md 11). */
  #startTimer(): void {
    if (this.#store.askers + 1 >= this.#rules.needed) this.#timer.start();
  }

  #tryOpen(): void {
    const { isPrimary, context, self } = this.#instance;
    const own = this.#ownHeld();
    if (!isPrimary || own === null) return;
    const acksNeeded = this.#rules.signed ? 0 : context.faults.quorumBeside(2);
    const believed = [...this.#store.current.values()].filter(
      (held) => this.#store.acknowledgements(held, self) >= acksNeeded,
    );
    const all = [own, ...believed].sort((a, b) => a.message.sender - b.message.sender);
    this.#opening.consider(all.slice(0, this.#rules.allowed));
  }

  /** Recomputed from the view changes that it names (pbft.md 12.9); or `f + 1` replicas, so a correct one, have entered it. */
  #tryEnter(): void {
    for (const { newView, copies } of this.#newViews.offers()) {
      if (this.#instance.isLate(newView.view)) continue;
      const changes = this.#changesOf(newView);
      const known = changes.filter((held) => held !== null);
      if (copies < this.#instance.context.faults.oneCorrect) {
        if (known.length < changes.length) continue;
        const decision = this.#rules.decide(known.map(({ message }) => message));
        if (decision === null || !follows(newView, decision)) continue;
      }
      return this.#enter(newView, known);
    }
  }

  #changesOf({ view, changes }: PbftNewView): readonly (Held<C> | null)[] {
    const own = this.#ownHeld();
    return changes.map((name) => {
      if (name.sender === this.#instance.self) {
        return own !== null && own.message.view === view && own.digest === name.digest ? own : null;
      }
      return this.#store.find(name, view);
    });
  }

  /** Asks everybody for the view changes that an offered view of ours rests on and that are not here. */
  #askMissing(): void {
    const { view, active, context } = this.#instance;
    if (active) return;
    for (const { newView } of this.#newViews.offers()) {
      if (newView.view !== view) continue;
      const held = this.#changesOf(newView);
      const wanted = newView.changes.filter((_, i) => held[i] === null);
      if (wanted.length > 0) context.port.broadcast(new PbftStatus(view, wanted));
    }
  }

  #enter(newView: PbftNewView, changes: readonly Held<C>[]): void {
    const { context } = this.#instance;
    if (newView.view > this.#instance.view) this.#leave(newView.view);
    invariant(this.#own !== null, "we have left the view before");
    this.#instance.active = true;
    this.#stand(newView);
    this.#help.entered(newView, new Map(changes.map(({ digest, message }) => [digest, message])));
    context.port.persist(0, this.#rules.state(this.#own, newView));
    this.#timer.entered();
    context.port.cancelTimer(RESEND_TIMER);
    this.#newViews.forget(newView.view);
    context.superior.entered(this.#instance.standing);
    const { anchor, covered, decided } = this.#instance;
    if (anchor !== null && covered > decided) context.superior.outrun(anchor);
    this.#installer.install(newView, this.#opening);
    this.#advance();
  }

  /** The standing that a NewView gives. */
  #stand({ view, anchor, selections, count, extension }: PbftNewView): void {
    if (anchor !== null) this.#instance.adopt(anchor);
    const low = anchor === null ? 0 : (this.#instance.context.lowOf(anchor) ?? 0);
    const maximum: SequenceNumber = low + selections.length;
    this.#instance.standing = { view, maximum, count, extension };
    this.#instance.proposed = Math.max(maximum, this.#instance.low);
  }

  /** Our own view change is not signed yet. */
  get #isDraft(): boolean {
    return this.#rules.signed && this.#own?.signature.length === 0;
  }

  #ownHeld(): Held<C> | null {
    const own = this.#own;
    return own === null || this.#isDraft ? null : this.#hold(own);
  }

  #hold(message: C): Held<C> {
    return { message, digest: this.#rules.digest(message) };
  }
}
