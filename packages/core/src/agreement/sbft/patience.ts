/** Slots in a row that have to miss the fast path before nobody waits for it; and from then on, one in so many is a probe. */
export const MISSES_MAX = 8;
/** Ticks that a slot waits at most: a pull delay. */
export const TICKS_MAX = 16;

/**
 * Whether a collector that has a quorum's shares waits for the rest, and how long (sbft.md 4, 10.9). It counts slots and ticks, and
 * reads no clock: one slow replica costs the wait at eight slots, and then at one in eight. The first slot that is decided fast
 * ends that. Slots of other collectors count too, and count alike whether they say to wait less or longer: of hundreds of collectors
 * each has a slot of its own too rarely to find out by itself, and would be told to wait less far more often than longer.
 */
export class Patience {
  #misses = 0;
  #asked = 0;
  #ticks = 1;

  /** To be asked once for each slot. */
  waits(): boolean {
    if (this.#misses < MISSES_MAX) return true;
    this.#asked = (this.#asked + 1) % MISSES_MAX;
    return this.#asked === 0;
  }

  /** Whole ticks for which a slot waits. */
  get ticks(): number {
    return this.#ticks;
  }

  /** A slot was decided by the shares of all. */
  hit(): void {
    this.#misses = 0;
    this.#asked = 0;
  }

  /** So it was, but its collector had given up: replicas are further apart, or slower, than it thought. */
  gaveUpTooSoon(): void {
    this.#ticks = Math.min(TICKS_MAX, this.#ticks * 2);
  }

  /** A slot was decided by the slow path. */
  missed(): void {
    this.#misses = Math.min(MISSES_MAX, this.#misses + 1);
    this.#ticks = Math.max(1, this.#ticks / 2);
  }
}
