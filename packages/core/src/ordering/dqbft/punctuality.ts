import type { ReplicaId, SequenceNumber } from "../../kernel/ids.ts";

/** How many times the median is "far above" it. */
const FACTOR = 8;
/** Of the newest sample in the running average. */
const WEIGHT = 1 / 8;

/**
 * Which D-instances decide so much later than the others that their headers should not be ordered, only what they have decided
 * (dqbft.md 4.2, H35). Without a clock: how late is how much all D-instances decided between a header and its decision.
 */
export class Punctuality {
  readonly #n: number;
  /** When the headers were seen, of slots not decided here. At most a window of each D-instance. */
  readonly #seenAt: (Map<SequenceNumber, number> | null)[];
  readonly #average: Float64Array;
  /** D-slots decided here, all D-instances together. */
  #now = 0;
  #threshold: number;
  #reviewAt: number;

  constructor(n: number) {
    this.#n = n;
    this.#seenAt = new Array<null>(n).fill(null);
    this.#average = new Float64Array(n);
    this.#threshold = this.#least;
    this.#reviewAt = n;
  }

  onHeader(instance: ReplicaId, seq: SequenceNumber): void {
    const seen = this.#seenAt[instance] ?? new Map<SequenceNumber, number>();
    this.#seenAt[instance] = seen;
    if (!seen.has(seq)) seen.set(seq, this.#now);
  }

  onDecided(instance: ReplicaId, seq: SequenceNumber): void {
    this.#now += 1;
    const seen = this.#seenAt[instance];
    const at = seen?.get(seq);
    if (at !== undefined) {
      seen?.delete(seq);
      const average = this.#average[instance] ?? 0;
      this.#average[instance] = average + (this.#now - at - average) * WEIGHT;
    }
    if (this.#now >= this.#reviewAt) this.#review();
  }

  /** Its view has ended, or slots up to `low` are history. */
  forget(instance: ReplicaId, low: SequenceNumber = Number.POSITIVE_INFINITY): void {
    const seen = this.#seenAt[instance];
    for (const seq of seen?.keys() ?? []) if (seq <= low) seen?.delete(seq);
  }

  isSlow(instance: ReplicaId): boolean {
    if ((this.#average[instance] ?? 0) > this.#threshold) return true;
    // Maps keep the order of insertion: the first is the oldest that is not decided.
    const oldest = this.#seenAt[instance]?.values().next();
    return oldest?.done === false && this.#now - oldest.value > this.#threshold;
  }

  #review(): void {
    this.#reviewAt = this.#now + this.#n;
    const sorted = [...this.#average].sort((a, b) => a - b);
    const median = sorted[sorted.length >> 1] ?? 0;
    this.#threshold = Math.max(this.#least, FACTOR * median);
  }

  /** Fewer decisions than this say nothing. */
  get #least(): number {
    return FACTOR * this.#n;
  }
}
