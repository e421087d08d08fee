import { COUNTER_MAX } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";

/** Timestamps in one millisecond: a client that signs more per second than 64,000 on average runs ahead of its clock. */
export const TICKS_PER_MILLI = 64;

const FIRST_LEAP = 1024;
const LEAP_MAX = 2 ** 32;

/**
 * Timestamps and nonces of one client: strictly increasing, across restarts too, with nothing stored. They start at the
 * wall clock, 1/64 ms to a tick, so a restarted client is ahead of its past self unless that ran ahead of the clock for
 * longer than the restart took, or the clock was set back. Then {@link leap} catches up. 48 bits last until the year 2109.
 */
export class Timestamps {
  readonly #nowMillis: () => number;
  #last = 0;
  #leap = FIRST_LEAP;

  /** `nowMillis` is the wall clock, in milliseconds since 1970. */
  constructor(nowMillis: () => number = Date.now) {
    this.#nowMillis = nowMillis;
  }

  /** The next one: the clock's, or one more than the last if that is later. */
  next(): number {
    this.#last = Math.max(Math.floor(this.#nowMillis() * TICKS_PER_MILLI), this.#last + 1);
    invariant(this.#last <= COUNTER_MAX, "timestamps fit 48 bits until the year 2109");
    return this.#last;
  }

  /** The cluster is ahead of us: skip 16 ms worth of timestamps, then four times as many each time, up to 18 hours. */
  leap(): void {
    this.#last = Math.min(
      Math.max(this.#last, Math.floor(this.#nowMillis() * TICKS_PER_MILLI)) + this.#leap,
      COUNTER_MAX - LEAP_MAX,
    );
    this.#leap = Math.min(this.#leap * 4, LEAP_MAX);
  }

  /** The last one was late enough: the next leap is a small one. */
  accepted(): void {
    this.#leap = FIRST_LEAP;
  }
}
