import { multiplierAfter } from "../../kernel/doublings.ts";
import type { SequenceNumber } from "../../kernel/ids.ts";

/** By how much the timers of one instance are multiplied (dqbft.md 8). */
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
    return multiplierAfter(this.#changes, this.#n);
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
