import type { ReplicaId, SequenceNumber, TimerId } from "../../kernel/ids.ts";
import { Pull } from "../../wire/messages.ts";
import type { Instance } from "./instance.ts";
import type { Slot } from "./slot.ts";

export const PULL_TIMER: TimerId = 1;
/** Slots that one Pull asks for, and that one answer holds at most. */
const PULL_SLOTS_MAX = 64;
/** Bytes of values that one answer holds at most: 1 MiB, plus the slot that crosses it. */
const ANSWER_BYTES_MAX = 1_048_576;
/** The pull timer doubles up to 2^this while nothing moves. */
const BACKOFF_MAX = 4;
/** Waiting slots that one tick looks after, the lowest first. */
const SLOTS_PER_TICK = 16;

/** What recovery needs of the normal case. */
export interface Helpers {
  /** Sends a peer what is here of a slot: our own messages, and the signed proposal if values are wanted. Returns bytes. */
  answer(to: ReplicaId, slot: Slot, values: boolean): number;
  /** Sends our own messages about a slot to all, again. */
  resend(slot: Slot): void;
  /** Asks again for whatever else is missing. */
  tick(): void;
  /** Whether anything else is. */
  readonly waiting: boolean;
}

/**
 * Gets what the normal case left out (pbft.md 10.4 and 12.5). One timer for the instance, running only while a known slot is
 * undecided; a slot's age counts its ticks. What is decided long since is had from f + 1 peers at once: each claims it, and
 * one of them sends the values.
 */
export class Recovery {
  readonly #instance: Instance;
  readonly #helpers: Helpers;
  /** Slots up to here exist somewhere, as a peer said. */
  #target: SequenceNumber = 0;
  /** End of the last range asked for while catching up. */
  #asked: SequenceNumber = 0;
  #armed = false;
  /** Ticks in a row without a decision. */
  #fruitless = 0;
  /** Something was decided since the last tick. */
  #moved = false;
  /** Whom to ask next for a range. */
  #source: number;

  constructor(instance: Instance, helpers: Helpers) {
    this.#instance = instance;
    this.#helpers = helpers;
    this.#source = instance.self;
  }

  /** Starts the timer if something is waiting. */
  arm(): void {
    if (this.#instance.decided < this.#goal()) this.start();
  }

  /** Starts the timer. */
  start(): void {
    if (this.#armed) return;
    this.#armed = true;
    const { parameters, port } = this.#instance.context;
    port.setTimer(PULL_TIMER, parameters.pullDelay * 2 ** Math.min(this.#fruitless, BACKOFF_MAX));
  }

  /** A slot exists: it is proposed, or enough vote for it. */
  see(seq: SequenceNumber): void {
    this.#instance.known = Math.max(this.#instance.known, seq);
    this.arm();
  }

  /** A slot was decided, or the window moved: while catching up, ask for the next range without waiting for the timer. */
  progress(): void {
    this.#fruitless = 0;
    this.#moved = true;
    const { decided } = this.#instance;
    if (decided >= this.#target) this.#asked = 0;
    if (decided < this.#goal()) {
      if (this.#asked > 0 && decided >= this.#asked) this.#askRange();
      return this.arm();
    }
    if (this.#armed && this.#helpers.waiting) return;
    if (this.#armed) this.#instance.context.port.cancelTimer(PULL_TIMER);
    this.#armed = false;
  }

  /** A peer says that slots up to `seq` exist. What is under way has until the next tick to come by itself. */
  pursue(seq: SequenceNumber): void {
    this.#target = Math.max(this.#target, seq);
    this.arm();
  }

  expire(): void {
    this.#armed = false;
    if (!this.#moved) this.#fruitless += 1;
    // Everybody was asked, twice: the peer that spoke of these slots was wrong, or nobody has them any more.
    if (this.#fruitless > 2 * this.#instance.context.faults.n) {
      this.#target = 0;
      this.#fruitless = 0;
    }
    const behind = this.#target > this.#instance.decided;
    if (behind && (this.#asked === 0 || !this.#moved)) this.#askRange();
    this.#moved = false;
    this.#helpWaiting();
    this.#helpers.tick();
    if (this.#helpers.waiting) this.start();
    this.arm();
  }

  /** Below the watermark the log answers. */
  onPull(from: ReplicaId, pull: Pull): void {
    const { low, slots, context } = this.#instance;
    const last = Math.min(pull.last, pull.first + PULL_SLOTS_MAX - 1);
    const first = Math.max(pull.first, 1);
    if (first <= Math.min(last, low)) context.port.serveHistory(from, first, Math.min(last, low));
    let bytes = 0;
    for (let seq = Math.max(first, low + 1); seq <= last; seq += 1) {
      const slot = slots.find(seq);
      if (slot !== undefined) bytes += this.#helpers.answer(from, slot, pull.values);
      if (bytes > ANSWER_BYTES_MAX) return;
    }
  }

  /** Slots that wait: what we said of them goes out again, and everybody is asked. */
  #helpWaiting(): void {
    const { decided, known, slots, context } = this.#instance;
    const last = Math.min(known, slots.high);
    let helped = 0;
    for (let seq = decided + 1; seq <= last && helped < SLOTS_PER_TICK; seq += 1) {
      const slot = slots.claim(seq);
      if (slot.delivered) continue;
      helped += 1;
      slot.age += 1;
      if (slot.age === 1) continue; // It may have come just before the tick.
      this.#helpers.resend(slot);
      context.port.broadcast(new Pull(seq, seq, needsValue(slot)));
    }
  }

  /** Values from one peer, claims from f further ones; after f tries from all of them, for less. */
  #askRange(): void {
    const { decided, slots, context, self } = this.#instance;
    const { n, f } = context.faults;
    const all = this.#fruitless > f;
    const first = decided + 1;
    const span = all ? SLOTS_PER_TICK : PULL_SLOTS_MAX;
    const last = Math.min(this.#target, first + span - 1, slots.high);
    if (last < first) return;
    this.#asked = last;
    if (all) return context.port.broadcast(new Pull(first, last, true));
    if (this.#fruitless > 0) this.#source += 1;
    for (let i = 0, asked = 0; asked <= f && i < n; i += 1) {
      const peer = (this.#source + i) % n;
      if (peer === self) continue;
      context.port.send(peer, new Pull(first, last, asked === 0));
      asked += 1;
    }
  }

  #goal(): SequenceNumber {
    const { known, slots } = this.#instance;
    return Math.min(Math.max(known, this.#target), slots.high);
  }
}

/** A slot that is decided and waits lacks its value. */
function needsValue({ decision, proposal }: Slot): boolean {
  return decision !== null || proposal === null || proposal.value === null;
}
