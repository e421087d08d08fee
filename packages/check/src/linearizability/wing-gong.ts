import { type Operation, step } from "./history.ts";

/** What a search came to: the order is a linearization; unknown if it took too many steps. */
export type Search =
  | { readonly type: "linearizable"; readonly order: readonly Operation[] }
  | { readonly type: "impossible" }
  | { readonly type: "unknown" };

/** A call or a return in the list of what is not linearized yet, in the order of time. */
interface Event {
  readonly index: number;
  readonly isReturn: boolean;
  before: Event | null;
  after: Event | null;
}

interface Taken {
  readonly call: Event;
  readonly value: string | null;
}

/**
 * Looks for an order of one key's operations that one machine could have executed, each between its call and its answer: Wing
 * and Gong's search with Lowe's memory of the configurations that it has been in. Operations without an answer may be left out.
 */
export function searchOrder(operations: readonly Operation[], stepsMax = 2_000_000): Search {
  return new WingGong(operations).search(stepsMax);
}

class WingGong {
  readonly #operations: readonly Operation[];
  readonly #head: Event = { index: -1, isReturn: false, before: null, after: null };
  readonly #returns: (Event | null)[];
  readonly #linearized: boolean[];
  readonly #taken: Taken[] = [];
  readonly #seen = new Set<string>();
  #value: string | null = null;
  /** Answered operations that are not linearized. */
  #owed = 0;
  /** Every operation below this one is linearized. */
  #low = 0;

  constructor(operations: readonly Operation[]) {
    this.#operations = [...operations].sort((a, b) => a.invoked - b.invoked);
    this.#returns = operations.map(() => null);
    this.#linearized = operations.map(() => false);
    this.#link();
  }

  search(stepsMax: number): Search {
    let event = this.#head.after;
    for (let steps = 0; steps < stepsMax; steps += 1) {
      if (this.#owed === 0) return { type: "linearizable", order: this.#order() };
      if (event !== null && !event.isReturn) {
        event = this.#take(event) ? this.#head.after : event.after;
        continue;
      }
      // Something was answered before anything else could come next: the last choice was wrong.
      const last = this.#taken.pop();
      if (last === undefined) return { type: "impossible" };
      this.#giveBack(last);
      event = last.call.after;
    }
    return { type: "unknown" };
  }

  #order(): readonly Operation[] {
    return this.#taken.map(({ call }) => this.#operations[call.index] as Operation);
  }

  /** Whether the operation can come next, into a configuration that was not seen before. */
  #take(call: Event): boolean {
    const operation = this.#operations[call.index] as Operation;
    const { value, fits } = step(this.#value, operation);
    if (!fits) return false;
    const low = this.#low;
    this.#mark(call.index, true);
    const configuration = this.#configuration(value);
    if (this.#seen.has(configuration)) {
      this.#mark(call.index, false);
      this.#low = low;
      return false;
    }
    this.#seen.add(configuration);
    this.#taken.push({ call, value: this.#value });
    this.#value = value;
    this.#unlink(call);
    const answer = this.#returns[call.index] ?? null;
    if (answer !== null) {
      this.#owed -= 1;
      this.#unlink(answer);
    }
    return true;
  }

  #giveBack({ call, value }: Taken): void {
    const answer = this.#returns[call.index] ?? null;
    if (answer !== null) {
      this.#owed += 1;
      relink(answer);
    }
    relink(call);
    this.#value = value;
    this.#mark(call.index, false);
    this.#low = Math.min(this.#low, call.index);
  }

  #mark(index: number, linearized: boolean): void {
    this.#linearized[index] = linearized;
    while (this.#linearized[this.#low] === true) this.#low += 1;
  }

  /** Which operations are linearized, and to what value: all below one, and those few above it. */
  #configuration(value: string | null): string {
    const above: number[] = [];
    const end = this.#taken.length + 1;
    let found = this.#low;
    for (let index = this.#low; found < end && index < this.#linearized.length; index += 1) {
      if (this.#linearized[index] !== true) continue;
      above.push(index);
      found += 1;
    }
    return `${this.#low} ${above.join(",")} ${value === null ? "" : `=${value}`}`;
  }

  #unlink({ before, after }: Event): void {
    if (before !== null) before.after = after;
    if (after !== null) after.before = before;
  }

  #link(): void {
    const events: { readonly time: number; readonly event: Event }[] = [];
    for (const [index, { invoked, returned }] of this.#operations.entries()) {
      events.push({ time: invoked, event: { index, isReturn: false, before: null, after: null } });
      if (returned === null) continue;
      const event = { index, isReturn: true, before: null, after: null };
      this.#returns[index] = event;
      this.#owed += 1;
      events.push({ time: returned, event });
    }
    // At one time calls come first: operations that touch are concurrent.
    events.sort((a, b) => a.time - b.time || Number(a.event.isReturn) - Number(b.event.isReturn));
    let last = this.#head;
    for (const { event } of events) {
      last.after = event;
      event.before = last;
      last = event;
    }
  }
}

function relink(event: Event): void {
  if (event.before !== null) event.before.after = event;
  if (event.after !== null) event.after.before = event;
}
