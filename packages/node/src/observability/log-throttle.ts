/** Kinds of events told apart; above, all are forgotten and told anew. */
const KINDS_MAX = 4_096;

/** Lets through one event of a kind per period and counts the rest: what a peer can cause at will must not fill a disk. */
export class LogThrottle {
  readonly #periodMillis: number;
  readonly #now: () => number;
  readonly #kinds = new Map<string, { untilMillis: number; suppressed: number }>();

  constructor(periodMillis: number, now: () => number = () => performance.now()) {
    this.#periodMillis = periodMillis;
    this.#now = now;
  }

  /** How many of this kind were suppressed since one was last let through, or null if this one is to be as well. */
  admit(kind: string): number | null {
    const now = this.#now();
    const known = this.#kinds.get(kind);
    if (known !== undefined && now < known.untilMillis) {
      known.suppressed += 1;
      return null;
    }
    if (this.#kinds.size >= KINDS_MAX) this.#kinds.clear();
    this.#kinds.set(kind, { untilMillis: now + this.#periodMillis, suppressed: 0 });
    return known?.suppressed ?? 0;
  }
}
