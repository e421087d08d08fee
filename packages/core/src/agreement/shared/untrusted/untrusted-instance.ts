import type { JobResult, LogRecord } from "../../../effects/effects.ts";
import type { ReplicaId, SequenceNumber, Ticket, TimerId, View } from "../../../kernel/ids.ts";
import { invariant } from "../../../kernel/invariant.ts";
import { Misbehaviour } from "../../../kernel/misbehaviour.ts";
import type { Anchor } from "../../../wire/anchor.ts";
import {
  type Evidence,
  type Message,
  MessageKind,
  type Proposal,
  type Pull,
  Vote,
} from "../../../wire/messages.ts";
import type { PbftNewView, PbftStatus, PbftViewChangeAck } from "../../../wire/pbft.ts";
import type { Value } from "../../../wire/value.ts";
import type { Body, FetchBodies, FetchNewView } from "../../../wire/view-change.ts";
import type { Agreement, Standing } from "../../agreement.ts";
import { Bodies } from "../bodies.ts";
import type { Change, Forward } from "./changes.ts";
import { Hub, type UntrustedOptions } from "./hub.ts";
import type { Instance } from "./instance.ts";
import { Restart } from "./restart.ts";
import type { UntrustedSlot } from "./slot.ts";

/** One instance of a protocol that relies on no trusted subsystem: its proposals, its views, and how it catches up (pbft.md). */
export class UntrustedInstance<Slot extends UntrustedSlot, C extends Change> implements Agreement {
  readonly #hub: Hub<Slot, C>;
  readonly #instance: Instance<Slot>;
  readonly #bodies: Bodies;
  /** Until all records are back. */
  #restart: Restart<Slot, C> | null;

  constructor(options: UntrustedOptions<Slot, C>) {
    this.#hub = new Hub(options);
    this.#instance = this.#hub.instance;
    this.#bodies = new Bodies(options.context.port, this.#instance.slots);
    this.#restart = new Restart(this.#instance, this.#hub.phase);
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
    const { slots } = this.#instance;
    return this.#instance.isPrimary && this.#instance.votes && slots.mayPropose(this.nextSlot);
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
    return this.#hub.proposals.propose(value, evidence);
  }

  receive(from: ReplicaId, message: Message): void {
    // Votes first: in a large cluster hardly anything else comes.
    if (message instanceof Vote && this.#hub.phase.receive(from, message)) return;
    const { kinds } = this.#hub.phase.changes;
    switch (message.kind) {
      case MessageKind.PrePrepare:
        return this.#hub.proposals.onProposal(from, message as Proposal);
      case MessageKind.Pull:
        return this.#hub.catchUp.onPull(from, message as Pull);
      case MessageKind.FetchBodies:
        return this.#bodies.onFetch(from, message as FetchBodies);
      case kinds.change:
        return this.#hub.views.onViewChange(from, message as unknown as C);
      case kinds.forward:
        return this.#hub.views.onForward(from, message as Forward<C>);
      default:
        return this.#receiveOfViews(from, message);
    }
  }

  #receiveOfViews(from: ReplicaId, message: Message): void {
    switch (message.kind) {
      case MessageKind.PbftViewChangeAck:
        return this.#hub.views.onAck(from, message as PbftViewChangeAck);
      case MessageKind.PbftNewView:
        return this.#hub.views.onNewView(from, message as PbftNewView);
      case MessageKind.PbftStatus:
        return this.#hub.views.onStatus(from, message as PbftStatus);
      case MessageKind.FetchNewView:
        return this.#hub.views.onFetchNewView(from, message as FetchNewView);
      case MessageKind.Body:
        return this.#hub.views.onBody((message as Body).value);
      default:
        if (!this.#hub.phase.receive(from, message)) {
          this.#instance.context.port.report(from, Misbehaviour.NotForUs);
        }
    }
  }

  expire(timer: TimerId): void {
    if (this.#hub.catchUp.expire(timer)) return;
    this.#hub.phase.expire?.(timer);
    this.#hub.changer?.expire(timer);
  }

  complete(ticket: Ticket, result: JobResult): void {
    this.#instance.jobs.complete(ticket, result);
  }

  reconsider(): void {
    this.#hub.proposals.reconsider();
  }

  pursue(seq: SequenceNumber): void {
    this.#hub.catchUp.pursue(seq);
  }

  show(to: ReplicaId): void {
    this.#hub.changer?.show(to);
  }

  /** Nothing that it relies on is forgotten with a trusted subsystem. */
  reconfigure(): void {}

  suspect(view: View): void {
    this.#hub.views.start(view);
  }

  advance(low: SequenceNumber, anchor: Anchor): void {
    this.#instance.adopt(anchor);
    if (low <= this.low) return;
    const { high } = this.#instance.slots;
    this.#instance.slots.advance(low);
    this.#instance.decided = Math.max(this.#instance.decided, low);
    this.#instance.known = Math.max(this.#instance.known, low);
    this.#instance.proposed = Math.max(this.#instance.proposed, low);
    const present = this.#hub.changer?.present ?? null;
    if (present !== null) this.#hub.installFrom(high + 1, present.newView, present.opening);
    this.#hub.catchUp.progress();
    this.#hub.proposals.reconsider();
  }

  certificate(seq: SequenceNumber): Evidence | null {
    const evidence = this.#hub.phase.certificate(seq);
    if (this.#hub.phase.waiting === true) this.#hub.catchUp.start();
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
    if (viewState !== null) this.#hub.views.restore(viewState);
    this.#restart?.restoreSlots();
    this.#restart = null;
    this.#hub.changer?.resume();
    for (const slot of this.#instance.live()) this.#resumeSlot(slot);
    this.#hub.catchUp.arm();
  }

  #resumeSlot(slot: Slot): void {
    const { isPrimary, context, standing, view } = this.#instance;
    const { proposal, seq } = slot;
    if (proposal !== null && proposal.view === view && seq > standing.maximum) {
      if (isPrimary) this.#instance.proposed = Math.max(this.#instance.proposed, seq);
      if (proposal.certificate.length === 0) this.#hub.proposals.certifyDraft(slot);
      else context.superior.proposed(proposal);
    }
    this.#hub.phase.repeat(slot);
    this.#hub.proposals.deliver(slot);
  }
}
