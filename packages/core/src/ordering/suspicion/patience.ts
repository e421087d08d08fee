import type { SequenceNumber } from "../../kernel/ids.ts";

/** View changes for which all timers double; more double them only once per round of all primaries (dqbft.md 8, `tcap`). */
const DOUBLINGS = 6;
const DOUBLINGS_MAX = 24;

/** By how much the timers of one instance are multiplied: `2^min(m, tcap + floor(m/N))` (dqbft.md 8). */
export class Patience {
  readonly #n: number;
  readonly #period: number;
  #changes = 0;
  /** Where the last complaint was, or the last step down. */
  #mark: SequenceNumber = 0;

  /** After `period` decided slots without complaint one view change is forgiven. */
  constructor(n: number, period: number) {
    this.#n = n;
    this.#period = period;
  }

  get multiplier(): number {
    const doublings = Math.min(this.#changes, DOUBLINGS + Math.floor(this.#changes / this.#n));
    return 2 ** Math.min(doublings, DOUBLINGS_MAX);
  }

  /** The instance has changed its view. */
  grow(): void {
    this.#changes += 1;
  }

  /** The instance is back where it belongs. */
  reset(): void {
    this.#changes = 0;
  }

  /** Slots up to this one are decided, while somebody complains or nobody does. */
  progress(decided: SequenceNumber, complaint: boolean): void {
    if (complaint || this.#changes === 0) {
      this.#mark = decided;
      return;
    }
    while (decided - this.#mark >= this.#period && this.#changes > 0) {
      this.#mark += this.#period;
      this.#changes -= 1;
    }
  }
}
