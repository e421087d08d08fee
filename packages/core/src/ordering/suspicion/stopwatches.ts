/** Stages of a primary's work, one row of the blame table each (dqbft.md 8). */
export const Row = {
  /** A command that the coordinator holds, until it proposes it: `T_D`. */
  Proposal: 0,
  /** A known slot, until it is decided: `T_C` and `T_OC`. */
  Decision: 1,
  /** Disseminated, with proof that the O-primary holds, until it is proposed for the order: `T_O`. */
  Order: 2,
  /** A slot that is ordered, until it is disseminated: `T_fill`. */
  Fill: 3,
  /** References by headers of a view that has ended, until they stop: `grace`. */
  Stale: 4,
  /** A client's wish that the O-primary holds, until it is proposed for the order. */
  Assign: 5,
} as const;
export type Row = (typeof Row)[keyof typeof Row];

/** What of a row is waited for: a slot, a client, an instance; the layer above says. */
export type Key = number | string;

/** Items of one row that are timed at once. The oldest are; those that find no room are timed when they come again. */
export const ITEMS_MAX = 4096;

interface Item {
  /** Null: this wait is over. */
  key: Key | null;
  /** The row's clock when the wait began. */
  startedAt: number;
  /** The row's count when the wait began. */
  countedAt: number;
  /** How much may be counted meanwhile, before the multiplier. */
  twin: number;
  helped: boolean;
}

/** What a row's waits come to. */
export interface Overdue {
  /** Some item has waited for the full time, or its twin has run out. */
  readonly expired: boolean;
  /** Items that have now waited for half the time. Each is named once. */
  readonly halfway: readonly Key[];
}

/** The stopwatches of one row: one clock that can pause, and what the clock showed when each wait began. */
export class Stopwatches {
  /** The only wait, used again for the next one: most rows never have two, and a map is made anew each time that it is empty. */
  #only: Item | null = null;
  /** Made when there are two at once, and used from then on. */
  #items: Map<Key, Item> | null = null;
  #clock = 0;
  #count = 0;
  paused = false;

  /** Whether anything waits, and time passes for it. */
  get running(): boolean {
    if (this.paused) return false;
    return this.#items === null ? this.#single !== null : this.#items.size > 0;
  }

  /** Begins a wait, unless it has begun. `twin` is how much may be counted meanwhile. */
  start(key: Key, twin: number): void {
    const single = this.#single;
    if (this.#items === null && single !== null) {
      if (single.key === key) return;
      this.#items = new Map([[single.key as Key, single]]);
    }
    if (this.#items === null) this.#only = this.#begun(this.#only, key, twin);
    else if (!this.#items.has(key) && this.#items.size < ITEMS_MAX) {
      this.#items.set(key, this.#begun(null, key, twin));
    }
  }

  /** The only wait, if there is one. */
  get #single(): Item | null {
    return this.#only === null || this.#only.key === null ? null : this.#only;
  }

  #begun(item: Item | null, key: Key, twin: number): Item {
    if (item === null) return { key, startedAt: this.#clock, countedAt: this.#count, twin, helped: false };
    item.key = key;
    item.startedAt = this.#clock;
    item.countedAt = this.#count;
    item.twin = twin;
    item.helped = false;
    return item;
  }

  #all(): Iterable<Item> {
    if (this.#items !== null) return this.#items.values();
    const single = this.#single;
    return single === null ? NONE : [single];
  }

  /** The wait is over. */
  stop(key: Key): void {
    if (this.#items !== null) this.#items.delete(key);
    else if (this.#only?.key === key) this.#only.key = null;
  }

  stopAll(): void {
    this.#items?.clear();
    if (this.#only !== null) this.#only.key = null;
  }

  /** All waits begin anew. */
  restart(): void {
    for (const item of this.#all()) {
      item.startedAt = this.#clock;
      item.countedAt = this.#count;
      item.helped = false;
    }
  }

  /** One tick has passed. */
  tick(): void {
    if (!this.paused) this.#clock += 1;
  }

  /** So many slots have passed that might have held what is waited for. Counted during pauses too: they can be provoked (H23). */
  count(slots: number): void {
    this.#count += slots;
  }

  /** Looks at all waits, of so many ticks times the multiplier. A wait has begun within a tick: so it takes one more. */
  look(ticks: number, multiplier: number): Overdue {
    const length = ticks * multiplier;
    const halfway: Key[] = [];
    let expired = false;
    for (const item of this.#all()) {
      const waited = this.#clock - item.startedAt;
      const counted = this.#count - item.countedAt;
      if (waited > length || counted >= item.twin * multiplier) expired = true;
      if (item.helped || (waited <= length / 2 && counted < (item.twin * multiplier) / 2)) continue;
      item.helped = true;
      halfway.push(item.key as Key);
    }
    return { expired, halfway };
  }
}

const NONE: readonly Item[] = [];
