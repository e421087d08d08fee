import type { Micros } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";

/** Microseconds that a wheel looks ahead: a power of 2. */
export const HORIZON: Micros = 65_536;
const MASK = HORIZON - 1;
const WORDS = HORIZON / 32;
const WORD_MASK = WORDS - 1;
const GROUP_MASK = WORDS / 32 - 1;
const NOBODY = -1;
const FIRST_CAPACITY = 1024;

/**
 * What happens within the next {@link HORIZON}: one slot for each microsecond, first in, first out, and two levels of bits
 * that say which slots hold anything. Holds numbers, each at most once; small ones, for they are places in an array.
 */
export class TimeWheel {
  /** By slot: the first and the last. By number: what comes after it. Lists of objects would be a cache miss for each. */
  readonly #ends: Int32Array = new Int32Array(2 * HORIZON).fill(NOBODY);
  #next: Int32Array = new Int32Array(FIRST_CAPACITY);
  /** Which slots hold anything, 32 to a word; and which words are not 0. */
  readonly #bits: Int32Array = new Int32Array(WORDS);
  readonly #groups: Int32Array = new Int32Array(WORDS / 32);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The time must be less than {@link HORIZON} after the earliest that is taken from now on. */
  push(time: Micros, item: number): void {
    if (item >= this.#next.length) this.#grow(item);
    const slot = time & MASK;
    this.#next[item] = NOBODY;
    this.#size += 1;
    const tail = this.#ends[2 * slot + 1] as number;
    this.#ends[2 * slot + 1] = item;
    if (tail !== NOBODY) {
      this.#next[tail] = item;
      return;
    }
    this.#ends[2 * slot] = item;
    const word = slot >>> 5;
    this.#bits[word] = (this.#bits[word] as number) | (1 << (slot & 31));
    const group = word >>> 5;
    this.#groups[group] = (this.#groups[group] as number) | (1 << (word & 31));
  }

  /** When its first item is due, of those due from `now` on, which are all; infinity if there is none. */
  firstTime(now: Micros): Micros {
    const slot = now & MASK;
    if (this.#ends[2 * slot] !== NOBODY) return now;
    if (this.#size === 0) return Number.POSITIVE_INFINITY;
    return now + ((this.#nextSlot(slot) - slot) & MASK);
  }

  /** Takes the first item that is due at this time out. */
  pop(time: Micros): number {
    const slot = time & MASK;
    const item = this.#ends[2 * slot] as number;
    invariant(item !== NOBODY, "an item that is due then");
    const next = this.#next[item] as number;
    this.#size -= 1;
    this.#ends[2 * slot] = next;
    if (next === NOBODY) this.#clear(slot);
    return item;
  }

  /** What {@link pop} will take next at this time, as many as `items` has room for: how many there are. */
  peek(time: Micros, items: Int32Array): number {
    let item = this.#ends[2 * (time & MASK)] as number;
    let count = 0;
    while (item !== NOBODY && count < items.length) {
      items[count] = item;
      count += 1;
      item = this.#next[item] as number;
    }
    return count;
  }

  #grow(item: number): void {
    const next = new Int32Array(2 * Math.max(item, this.#next.length));
    next.set(this.#next);
    this.#next = next;
  }

  #clear(slot: number): void {
    this.#ends[2 * slot + 1] = NOBODY;
    const word = slot >>> 5;
    const bits = (this.#bits[word] as number) & ~(1 << (slot & 31));
    this.#bits[word] = bits;
    if (bits !== 0) return;
    const group = word >>> 5;
    this.#groups[group] = (this.#groups[group] as number) & ~(1 << (word & 31));
  }

  /** The first slot with an item, from this one on and round the wheel. There is one. */
  #nextSlot(from: number): number {
    const word = from >>> 5;
    const rest = (this.#bits[word] as number) & (-1 << (from & 31));
    if (rest !== 0) return (word << 5) + lowest(rest);
    const next = this.#nextWord((word + 1) & WORD_MASK);
    return (next << 5) + lowest(this.#bits[next] as number);
  }

  #nextWord(from: number): number {
    let group = from >>> 5;
    let bits = (this.#groups[group] as number) & (-1 << (from & 31));
    while (bits === 0) {
      group = (group + 1) & GROUP_MASK;
      bits = this.#groups[group] as number;
    }
    return (group << 5) + lowest(bits);
  }
}

/** The place of the lowest bit that is set. */
function lowest(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}
