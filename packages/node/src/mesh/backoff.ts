/**
 * The time to wait between attempts that fail: doubles from a least to a most, with jitter, and goes on for
 * ever.
 */
export class Backoff {
  readonly #minMillis: number;
  readonly #maxMillis: number;
  readonly #random: () => number;
  #failures = 0;

  /** `random` gives numbers from 0 to 1, as `Math.random` does. */
  constructor(minMillis: number, maxMillis: number, random: () => number = Math.random) {
    this.#minMillis = minMillis;
    this.#maxMillis = maxMillis;
    this.#random = random;
  }

  /**
   * Milliseconds until the next attempt: half to all of the current span, so that replicas do not dial in
   * step.
   */
  next(): number {
    const span = Math.min(this.#maxMillis, this.#minMillis * 2 ** Math.min(this.#failures, 30));
    this.#failures += 1;
    return span * (0.5 + this.#random() / 2);
  }

  /** The last attempt was good for a while: start again from the least span. */
  reset(): void {
    this.#failures = 0;
  }
}
