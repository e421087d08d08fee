import { type CounterValue, compareCounterValues } from "@destiny/core/wire/statement";
import type { CounterEntry } from "./request.ts";

const START: CounterValue = { view: 0, seq: 0 };

/** One counter: its value, and the last entries that moved or confirmed it, oldest first, at most `size`. */
export class CounterHistory {
  readonly #size: number;
  /** A ring once it is full; `#next` is then the oldest entry. */
  readonly #entries: CounterEntry[] = [];
  #next = 0;
  #current: CounterValue = START;

  constructor(size: number) {
    this.#size = size;
  }

  get current(): CounterValue {
    return this.#current;
  }

  /** Appends an entry that the rules allowed: its value becomes the counter's. */
  push(entry: CounterEntry): void {
    if (this.#entries.length < this.#size) this.#entries.push(entry);
    else this.#entries[this.#next] = entry;
    this.#next = (this.#next + 1) % this.#size;
    this.#current = entry.value;
  }

  /** The entry that certified the same message at the same value in the same way, if it is still known. */
  find(like: Pick<CounterEntry, "kind" | "value" | "message">): CounterEntry | undefined {
    return this.#recent(like.value, (entry) => entry.kind === like.kind && entry.message === like.message);
  }

  /** Whether a value is known to have been certified for anything. */
  used(value: CounterValue): boolean {
    return this.#recent(value, () => true) !== undefined;
  }

  /** All entries, oldest first. */
  *entries(): IterableIterator<CounterEntry> {
    const length = this.#entries.length;
    const first = length < this.#size ? 0 : this.#next;
    for (let i = 0; i < length; i += 1) yield this.#entries[(first + i) % length] as CounterEntry;
  }

  /** Newest first, since values only grow: ends at the first entry below `value`. */
  #recent(value: CounterValue, fits: (entry: CounterEntry) => boolean): CounterEntry | undefined {
    const length = this.#entries.length;
    for (let back = 1; back <= length; back += 1) {
      const entry = this.#entries[(this.#next - back + this.#size) % this.#size] as CounterEntry;
      const order = compareCounterValues(entry.value, value);
      if (order < 0) return undefined;
      if (order === 0 && fits(entry)) return entry;
    }
    return undefined;
  }
}
