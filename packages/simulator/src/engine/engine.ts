import type { Micros } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import { EventHeap } from "./event-heap.ts";

/** Something that will happen. */
export abstract class Occurrence {
  /** Goes on for ever, like a heartbeat: the world is at rest although this is to come. */
  readonly background: boolean;
  /** It will not happen after all. Set by {@link Engine.cancel}. */
  cancelled = false;

  constructor(background = false) {
    this.background = background;
  }

  abstract happen(): void;
}

class Call extends Occurrence {
  readonly #call: () => void;

  constructor(call: () => void) {
    super();
    this.#call = call;
  }

  happen(): void {
    this.#call();
  }
}

/** Virtual time: what is scheduled happens in its order, one at a time, exact to the microsecond. */
export class Engine {
  readonly #heap = new EventHeap<Occurrence>();
  #now: Micros = 0;
  #pressing = 0;
  #happened = 0;

  get now(): Micros {
    return this.#now;
  }

  /** Whether all that is to come goes on for ever. */
  get atRest(): boolean {
    return this.#pressing === 0;
  }

  /** What has happened so far, counted. */
  get happened(): number {
    return this.#happened;
  }

  /** Lets it happen at a time, not before now; later than everything already scheduled for that time. */
  schedule(at: Micros, occurrence: Occurrence): void {
    invariant(Number.isInteger(at) && at >= this.#now, "a whole microsecond, not in the past");
    if (!occurrence.background) this.#pressing += 1;
    this.#heap.push(at, occurrence);
  }

  /** Calls after a delay. */
  after(delay: Micros, call: () => void): void {
    this.schedule(this.#now + delay, new Call(call));
  }

  cancel(occurrence: Occurrence): void {
    if (occurrence.cancelled) return;
    occurrence.cancelled = true;
    if (!occurrence.background) this.#pressing -= 1;
  }

  /** Runs until `end`, and stops there, or before if `enough` says so after an event. */
  run(end: Micros, enough: () => boolean = () => false): void {
    while (this.#heap.firstTime <= end) {
      if (!this.#step()) continue;
      if (enough()) return;
    }
    this.#now = Math.max(this.#now, end);
  }

  #step(): boolean {
    const at = this.#heap.firstTime;
    const occurrence = this.#heap.pop();
    if (occurrence.cancelled) return false;
    this.#now = at;
    this.#happened += 1;
    occurrence.cancelled = true; // It cannot be cancelled any more.
    if (!occurrence.background) this.#pressing -= 1;
    occurrence.happen();
    return true;
  }
}
