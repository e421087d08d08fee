import type { ReplicaId, SequenceNumber, TimerId } from "../../kernel/ids.ts";
import type { SlotRing } from "../../kernel/slot-ring.ts";
import { Pull } from "../../wire/messages.ts";
import type { AgreementContext } from "../agreement.ts";
import { pullPause } from "./pull-pause.ts";

const PULL_TIMER: TimerId = 1;
/** Slots that one Pull asks for, and that one answer holds at most. */
const PULL_SLOTS_MAX = 64;
/** Bytes of values that one answer to a Pull holds at most: 1 MiB, plus the slot that crosses it. */
const RANGE_BYTES_MAX = 1_048_576;
/** Waiting slots that one tick looks after, the lowest first. */
const SLOTS_PER_TICK = 16;

/** What catching up needs to know of a slot. */
export interface WaitingSlot {
  readonly seq: SequenceNumber;
  /** Decided, and its value handed to the layer above. */
  readonly delivered: boolean;
  /** Ticks of the pull timer since it has been waiting for something; set back to 0 by whoever knows that it moved. */
  age: number;
}

/** How far an instance is. */
export interface Progress<Slot extends WaitingSlot> {
  readonly slots: SlotRing<Slot>;
  /** Every slot up to this one is decided here. */
  readonly decided: SequenceNumber;
  /** The highest slot that is known to exist. */
  readonly known: SequenceNumber;
}

/** What a protocol sends when a slot is missed, here or at a peer. */
export interface CatchUpRules<Slot extends WaitingSlot> {
  /** Sends a peer what is here of a slot, its value too if that is wanted. Returns bytes of values. */
  answer(to: ReplicaId, slot: Slot, values: boolean): number;
  /** A slot has been waiting for so many ticks, at least one: does what may help it. */
  help(slot: Slot, age: number): void;
  /** Whether anything but a slot waits, so that the timer must run. */
  readonly waiting?: boolean;
  /** Helps that. */
  tick?(): void;
}

/**
 * Gets what the normal case left out, and answers peers that missed something. One timer for the instance, running only while
 * a known slot is undecided; a slot's age counts its ticks.
 */
export class CatchUp<Slot extends WaitingSlot> {
  readonly #context: AgreementContext;
  readonly #progress: Progress<Slot>;
  readonly #witnesses: number;
  readonly #rules: CatchUpRules<Slot>;
  /** Slots up to here exist somewhere, as a peer said. */
  #target: SequenceNumber = 0;
  /** The target when the timer was started: what was spoken of since may be under way still. */
  #due: SequenceNumber = 0;
  /** End of the last range asked for while catching up. */
  #asked: SequenceNumber = 0;
  #armed = false;
  /** Ticks in a row without a decision. */
  #fruitless = 0;
  /** Something was decided since the last tick. */
  #moved = false;
  /** Whom to ask first for the next range. */
  #source: number;

  /** `witnesses`: how many peers must speak of a decision for it to be believed; the first of them is asked for values too. */
  constructor(
    context: AgreementContext,
    progress: Progress<Slot>,
    witnesses: number,
    rules: CatchUpRules<Slot>,
  ) {
    this.#context = context;
    this.#progress = progress;
    this.#witnesses = witnesses;
    this.#rules = rules;
    this.#source = context.self;
  }

  /** Starts the timer if a slot is waiting. */
  arm(): void {
    if (this.#progress.decided < this.#goal()) this.start();
  }

  /** Starts the timer. */
  start(): void {
    if (this.#armed) return;
    this.#armed = true;
    this.#due = this.#target;
    this.#context.port.setTimer(PULL_TIMER, pullPause(this.#context, this.#fruitless));
  }

  /** A slot was decided, or the window moved: while catching up, ask for the next range without waiting for the timer. */
  progress(): void {
    this.#fruitless = 0;
    this.#moved = true;
    const { decided } = this.#progress;
    if (decided >= this.#target) this.#asked = 0;
    if (decided < this.#goal()) {
      if (this.#asked > 0 && decided >= this.#asked) this.#askRange();
      return this.arm();
    }
    if (!this.#armed || this.#rules.waiting === true) return;
    this.#context.port.cancelTimer(PULL_TIMER);
    this.#armed = false;
  }

  /** A peer says that slots up to `seq` exist. What is under way has until the next tick to come by itself. */
  pursue(seq: SequenceNumber): void {
    this.#target = Math.max(this.#target, seq);
    this.arm();
  }

  /** Whether this expiry is its own. */
  expire(timer: TimerId): boolean {
    if (timer !== PULL_TIMER) return false;
    this.#armed = false;
    if (!this.#moved) this.#fruitless += 1;
    // Everybody was asked, twice: the peer that spoke of these slots was wrong, or nobody has them any more.
    if (this.#fruitless > 2 * this.#context.faults.n) {
      this.#target = 0;
      this.#due = 0;
      this.#fruitless = 0;
    }
    const behind = this.#due > this.#progress.decided;
    if (behind && (this.#asked === 0 || !this.#moved)) this.#askRange();
    this.#moved = false;
    this.#helpWaiting();
    this.#rules.tick?.();
    if (this.#rules.waiting === true) this.start();
    this.arm();
    return true;
  }

  /** A peer misses slots. Below the watermark the log answers. */
  onPull(from: ReplicaId, pull: Pull): void {
    const { slots } = this.#progress;
    const last = Math.min(pull.last, pull.first + PULL_SLOTS_MAX - 1);
    const first = Math.max(pull.first, 1);
    const covered = Math.min(last, slots.low);
    if (first <= covered) this.#context.port.serveHistory(from, first, covered);
    let bytes = 0;
    for (let seq = Math.max(first, slots.low + 1); seq <= last; seq += 1) {
      const slot = slots.find(seq);
      if (slot !== undefined) bytes += this.#rules.answer(from, slot, pull.values);
      if (bytes > RANGE_BYTES_MAX) return;
    }
  }

  #helpWaiting(): void {
    const { decided, known, slots } = this.#progress;
    const last = Math.min(known, slots.high);
    let helped = 0;
    for (let seq = decided + 1; seq <= last && helped < SLOTS_PER_TICK; seq += 1) {
      const slot = slots.claim(seq);
      if (slot.delivered) continue;
      helped += 1;
      const { age } = slot;
      slot.age += 1;
      if (age > 0) this.#rules.help(slot, age); // Else it may have come just before the tick.
    }
  }

  /** As many peers as it takes, others each time; after f tries in vain all of them, for less. */
  #askRange(): void {
    const { faults, port, self } = this.#context;
    const { decided, slots } = this.#progress;
    const { n, f } = faults;
    const all = this.#fruitless > f;
    const first = decided + 1;
    const span = all ? SLOTS_PER_TICK : PULL_SLOTS_MAX;
    const last = Math.min(this.#target, first + span - 1, slots.high);
    if (last < first) return;
    this.#asked = last;
    if (all) return port.broadcast(new Pull(first, last, true));
    if (this.#fruitless > 0) this.#source += 1;
    if (this.#source % n === self) this.#source += 1;
    for (let i = 0, asked = 0; asked < this.#witnesses && i < n; i += 1) {
      const peer = (this.#source + i) % n;
      if (peer === self) continue;
      port.send(peer, new Pull(first, last, asked === 0));
      asked += 1;
    }
  }

  #goal(): SequenceNumber {
    const { known, slots } = this.#progress;
    return Math.min(Math.max(known, this.#target), slots.high);
  }
}
