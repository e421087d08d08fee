import type { SequenceNumber } from "./ids.ts";
import { invariant } from "./invariant.ts";

const FIRST_CAPACITY = 8;

/**
 * How much of a window a primary uses. Deviation: a quarter stays free (the protocols let it use all). A primary may learn of a stable
 * checkpoint before its backups do, by more than its proposals take: they would refuse what is beyond their windows, and ask for it
 * only when it is missed.
 */
export function proposalWindowOf(window: number): number {
  return window - Math.floor(window / 4);
}

/**
 * The live slots of one log, `(low, low + window]`, made on first use. The ring starts small and grows to the window, so
 * that an idle instance costs little (architecture: one process may hold tens of thousands of instances).
 */
export class SlotRing<Slot extends { readonly seq: SequenceNumber }> {
  readonly window: number;
  readonly #make: (seq: SequenceNumber) => Slot;
  #slots: (Slot | undefined)[] = new Array<Slot | undefined>(FIRST_CAPACITY);
  #low: SequenceNumber = 0;

  constructor(window: number, make: (seq: SequenceNumber) => Slot) {
    invariant(window >= 1, "a window of at least one slot");
    this.window = window;
    this.#make = make;
  }

  /** Low watermark: everything up to it is executed and covered by a stable checkpoint. Never decreases. */
  get low(): SequenceNumber {
    return this.#low;
  }

  /** High watermark: the last slot that may be in use. */
  get high(): SequenceNumber {
    return this.#low + this.window;
  }

  /** Whether a primary may propose in this slot. */
  mayPropose(seq: SequenceNumber): boolean {
    return seq > this.#low && seq <= this.#low + proposalWindowOf(this.window);
  }

  contains(seq: SequenceNumber): boolean {
    return seq > this.#low && seq <= this.high;
  }

  /** The slot, if it is in use. */
  find(seq: SequenceNumber): Slot | undefined {
    const slot = this.#slots[seq & (this.#slots.length - 1)];
    return slot !== undefined && slot.seq === seq ? slot : undefined;
  }

  /** The slot, made if need be. */
  claim(seq: SequenceNumber): Slot {
    invariant(this.contains(seq), "a slot between the watermarks");
    while (seq - this.#low > this.#slots.length) this.#grow();
    const index = seq & (this.#slots.length - 1);
    const found = this.#slots[index];
    if (found !== undefined && found.seq === seq) return found;
    invariant(found === undefined || found.seq <= this.#low, "two live slots never share a place");
    const slot = this.#make(seq);
    this.#slots[index] = slot;
    return slot;
  }

  /** Raises the low watermark and forgets what lies below it. */
  advance(low: SequenceNumber): void {
    if (low <= this.#low) return;
    for (let index = 0; index < this.#slots.length; index += 1) {
      const slot = this.#slots[index];
      if (slot !== undefined && slot.seq <= low) this.#slots[index] = undefined;
    }
    this.#low = low;
  }

  #grow(): void {
    const grown = new Array<Slot | undefined>(this.#slots.length * 2);
    for (const slot of this.#slots) {
      if (slot !== undefined) grown[slot.seq & (grown.length - 1)] = slot;
    }
    this.#slots = grown;
  }
}
