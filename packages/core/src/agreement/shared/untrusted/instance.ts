import { Jobs } from "../../../effects/jobs.ts";
import type { ReplicaId, SequenceNumber, View } from "../../../kernel/ids.ts";
import { Misbehaviour } from "../../../kernel/misbehaviour.ts";
import { SlotRing } from "../../../kernel/slot-ring.ts";
import type { Anchor } from "../../../wire/anchor.ts";
import { noop } from "../../../wire/batch.ts";
import type { Value } from "../../../wire/value.ts";
import { type AgreementContext, FIRST_STANDING, type Standing } from "../../agreement.ts";
import { primaryOf } from "../primary.ts";
import type { UntrustedSlot } from "./slot.ts";

/** What the parts of one instance share: where it is in its views and in its log. */
export class Instance<Slot extends UntrustedSlot> {
  readonly context: AgreementContext;
  readonly slots: SlotRing<Slot>;
  readonly jobs: Jobs;
  view: View = 0;
  active = true;
  standing: Standing = FIRST_STANDING;
  /** Last slot that was proposed in this view by this replica, or that its NewView covers. */
  proposed: SequenceNumber = 0;
  decided: SequenceNumber = 0;
  known: SequenceNumber = 0;
  /** The newest stable checkpoint known, and how far it covers this instance: perhaps further than the ring's low. */
  anchor: Anchor | null = null;
  covered: SequenceNumber = 0;
  /** We have lost memory of what we did in views up to this one, and sit them out (pbft.md 12.10); -1 if not. */
  #mutedView: View = -1;
  /** And no earlier than when a stable checkpoint covers all that we may have voted on. */
  #mutedSlot: SequenceNumber = 0;
  #noop: Value | null = null;

  constructor(context: AgreementContext, makeSlot: (seq: SequenceNumber) => Slot) {
    this.context = context;
    this.slots = new SlotRing(context.parameters.window, makeSlot);
    this.jobs = new Jobs(context.port);
  }

  /** What is proposed where nothing can have been decided. */
  get noop(): Value {
    this.#noop ??= noop(this.context.hash);
    return this.#noop;
  }

  get self(): ReplicaId {
    return this.context.self;
  }

  get primary(): ReplicaId {
    return this.primaryOf(this.view);
  }

  get isPrimary(): boolean {
    return this.primary === this.self;
  }

  get low(): SequenceNumber {
    return this.slots.low;
  }

  /** Whether this replica may vote: it is in its view, and remembers what it voted. */
  get votes(): boolean {
    return this.active && !this.muted;
  }

  get muted(): boolean {
    return this.view <= this.#mutedView || this.low < this.#mutedSlot;
  }

  /** Slots in use, in ascending order. */
  *live(): Iterable<Slot> {
    for (let seq = this.low + 1; seq <= this.slots.high; seq += 1) {
      const slot = this.slots.find(seq);
      if (slot !== undefined) yield slot;
    }
  }

  /** Whether we are in that view, or past it. */
  isLate(view: View): boolean {
    return view < this.view || (view === this.view && this.active);
  }

  primaryOf(view: View): ReplicaId {
    return primaryOf(this.context, view);
  }

  /** A peer has shown us what we signed and our log does not hold. The operator has to know. */
  mute(): void {
    if (this.muted) return;
    this.#mutedView = this.view;
    this.#mutedSlot = this.slots.high;
    this.context.port.report(this.self, Misbehaviour.CounterAhead);
  }

  /** A stable checkpoint: the newest counts. */
  adopt(anchor: Anchor): void {
    if (this.anchor !== null && anchor.seq <= this.anchor.seq) return;
    const covered = this.context.lowOf(anchor);
    if (covered === null || covered < this.covered) return;
    this.anchor = anchor;
    this.covered = covered;
  }
}
