import type { Micros } from "@destiny/core/kernel/ids";

/** How hard a session tries, one rung after the other while its oldest request has no reply (linear-hybster.md 5). */
export const Rung = {
  /** Sent to the coordinator; waiting. */
  Wait: 0,
  /** Sent to the coordinator again. */
  Resend: 1,
  /** Sent to every replica: those that know the reply give it, the others watch that it gets ordered. */
  Broadcast: 2,
  /** From here on: asked for another coordinator, the next one at each rung (DQBFT 3.2.6). */
  Reassign: 3,
} as const;

const DOUBLINGS_MAX = 32;

/**
 * When to take the next rung: after `retryMicros` twice, then twice as long each time, up to a most. Only time with
 * something under way counts, and only a reply takes it back to the ground: submissions that give up sooner than
 * the first rung still add up to a climb.
 */
export class Ladder {
  readonly #retryMicros: Micros;
  readonly #retryMaxMicros: Micros;
  #rung = 0;
  #left: Micros;
  #at: Micros = Number.POSITIVE_INFINITY;

  constructor(retryMicros: Micros, retryMaxMicros: Micros) {
    this.#retryMicros = retryMicros;
    this.#retryMaxMicros = retryMaxMicros;
    this.#left = retryMicros;
  }

  get rung(): number {
    return this.#rung;
  }

  /** When to climb; infinity while nothing is under way. */
  get at(): Micros {
    return this.#at;
  }

  /** Counts time while something is under way. */
  run(underWay: boolean, now: Micros): void {
    if (underWay && this.#at === Number.POSITIVE_INFINITY) this.#at = now + this.#left;
    if (underWay || this.#at === Number.POSITIVE_INFINITY) return;
    this.#left = Math.max(0, this.#at - now);
    this.#at = Number.POSITIVE_INFINITY;
  }

  /** Takes the next rung, or the given one if that is higher. */
  climb(now: Micros, least = 0): number {
    this.#rung = Math.max(this.#rung + 1, least);
    this.#wait(now);
    return this.#rung;
  }

  /** Gives the present rung its full time again. */
  again(now: Micros): void {
    this.#wait(now);
  }

  /** A reply to the oldest request came: back to the ground. */
  reset(now: Micros): void {
    this.#rung = Rung.Wait;
    this.#wait(now);
  }

  #wait(now: Micros): void {
    const doublings = Math.min(Math.max(this.#rung - 1, 0), DOUBLINGS_MAX);
    this.#left = Math.min(this.#retryMicros * 2 ** doublings, this.#retryMaxMicros);
    if (this.#at !== Number.POSITIVE_INFINITY) this.#at = now + this.#left;
  }
}
