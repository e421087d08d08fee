import { invariant } from "@destiny/core/kernel/invariant";

const ARITY = 4;
const FIRST_CAPACITY = 1024;

/**
 * A priority queue of what is to happen, by time and, at one time, by the order in which it was put in: a 4-ary heap over
 * typed arrays, so that comparing touches no object.
 */
export class EventHeap<Item> {
  /** By place in the heap: when, the how-manieth put in, and where the item is. */
  #times: Float64Array = new Float64Array(FIRST_CAPACITY);
  #orders: Float64Array = new Float64Array(FIRST_CAPACITY);
  #cells: Uint32Array = new Uint32Array(FIRST_CAPACITY);
  /** Items by cell; cells that are free again. */
  readonly #items: (Item | undefined)[] = [];
  readonly #free: number[] = [];
  #size = 0;
  #count = 0;

  get size(): number {
    return this.#size;
  }

  /** When the first item is due; infinity if there is none. */
  get firstTime(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : (this.#times[0] as number);
  }

  push(time: number, item: Item): void {
    if (this.#size === this.#times.length) this.#grow();
    const cell = this.#free.pop() ?? this.#items.length;
    this.#items[cell] = item;
    const order = this.#count;
    this.#count += 1;
    let place = this.#size;
    this.#size += 1;
    while (place > 0) {
      const parent = (place - 1) >>> 2;
      if (!this.#isBefore(time, order, parent)) break;
      this.#move(parent, place);
      place = parent;
    }
    this.#put(place, time, order, cell);
  }

  /** Takes the first item out. */
  pop(): Item {
    invariant(this.#size > 0, "an item in the heap");
    const cell = this.#cells[0] as number;
    const item = this.#items[cell] as Item;
    this.#items[cell] = undefined;
    this.#free.push(cell);
    this.#size -= 1;
    if (this.#size > 0) this.#sink(this.#size);
    return item;
  }

  /** Finds the place, from the top down, for what stood at `last`. */
  #sink(last: number): void {
    const time = this.#times[last] as number;
    const order = this.#orders[last] as number;
    const cell = this.#cells[last] as number;
    let place = 0;
    for (;;) {
      const child = this.#firstChild(place);
      if (child < 0 || this.#isBefore(time, order, child)) break;
      this.#move(child, place);
      place = child;
    }
    this.#put(place, time, order, cell);
  }

  /** The child that is due first, or -1. */
  #firstChild(place: number): number {
    const from = place * ARITY + 1;
    if (from >= this.#size) return -1;
    const end = Math.min(from + ARITY, this.#size);
    let first = from;
    for (let child = from + 1; child < end; child += 1) {
      if (this.#isBefore(this.#times[child] as number, this.#orders[child] as number, first)) first = child;
    }
    return first;
  }

  #isBefore(time: number, order: number, place: number): boolean {
    const other = this.#times[place] as number;
    return time < other || (time === other && order < (this.#orders[place] as number));
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from] as number, this.#orders[from] as number, this.#cells[from] as number);
  }

  #put(place: number, time: number, order: number, cell: number): void {
    this.#times[place] = time;
    this.#orders[place] = order;
    this.#cells[place] = cell;
  }

  #grow(): void {
    const capacity = this.#times.length * 2;
    const times = new Float64Array(capacity);
    const orders = new Float64Array(capacity);
    const cells = new Uint32Array(capacity);
    times.set(this.#times);
    orders.set(this.#orders);
    cells.set(this.#cells);
    this.#times = times;
    this.#orders = orders;
    this.#cells = cells;
  }
}
