/** Slots in a row that have to miss the fast path before nobody waits for it; and from then on, one in so many is a probe. */
export const MISSES_MAX = 8;

/**
 * Whether a collector that has a quorum's shares waits for the rest (sbft.md 4 and 10.9). It counts slots, never time: one slow
 * replica costs the wait at eight slots, and then at one in eight. The first slot that is decided fast ends that. Slots of other
 * collectors count too, so that hundreds of collectors need not each find out.
 */
export class Patience {
  #misses = 0;
  #asked = 0;

  /** To be asked once for each slot. */
  waits(): boolean {
    if (this.#misses < MISSES_MAX) return true;
    this.#asked = (this.#asked + 1) % MISSES_MAX;
    return this.#asked === 0;
  }

  /** A slot was decided by the shares of all. */
  hit(): void {
    this.#misses = 0;
    this.#asked = 0;
  }

  /** A slot was decided by the slow path. */
  missed(): void {
    this.#misses = Math.min(MISSES_MAX, this.#misses + 1);
  }
}
