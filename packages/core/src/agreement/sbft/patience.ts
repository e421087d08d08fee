/** Slots that have to miss the fast path in a row before a collector waits no more; and from then on, one in so many is a probe. */
const MISSES_MAX = 8;

/**
 * Whether a collector that has a quorum's shares waits for the rest (sbft.md 4 and 10.9). It counts slots, never time: one slow
 * replica costs the wait at eight slots, and then at every eighth. The first slot that is decided fast ends that.
 */
export class Patience {
  #misses = 0;
  #hurried = 0;

  /** To be asked once for each slot. */
  waits(): boolean {
    if (this.#misses < MISSES_MAX) return true;
    this.#hurried = (this.#hurried + 1) % MISSES_MAX;
    return this.#hurried === 0;
  }

  /** All shares came, and were good. */
  hit(): void {
    this.#misses = 0;
    this.#hurried = 0;
  }

  /** It waited in vain. */
  missed(): void {
    this.#misses = Math.min(MISSES_MAX, this.#misses + 1);
  }
}
