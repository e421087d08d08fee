import type { Micros } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import { EventHeap } from "./event-heap.ts";
import { HORIZON, type Linked, TimeWheel } from "./time-wheel.ts";

/**
 * Something that will happen. While it happens, or once it has, it may be scheduled again: what recurs, like a message on its way
 * from receiver to receiver, needs no second object.
 */
export abstract class Occurrence implements Linked<Occurrence> {
  /** Goes on for ever, like a heartbeat: the world is at rest although this is to come. */
  readonly background: boolean;
  /** The engine's own: where it waits. */
  next: Occurrence | null = null;
  /** The engine's own: whether it waits, and still is to happen. */
  state: "idle" | "scheduled" | "cancelled" = "idle";
  /** The engine's own: when it leaves the queue that it waits in, and when it is to happen: not before that. */
  queuedAt: Micros = 0;
  due: Micros = 0;

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

/**
 * Virtual time: what is scheduled happens in its order, one at a time, exact to the microsecond; at one microsecond in the order
 * in which it was scheduled.
 */
export class Engine {
  /** The near future; and what was further away when it was scheduled, so that at one time it comes before the wheel's. */
  readonly #wheel = new TimeWheel<Occurrence>();
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
    invariant(occurrence.state === "idle", "an occurrence that is not scheduled yet");
    occurrence.state = "scheduled";
    if (!occurrence.background) this.#pressing += 1;
    occurrence.due = at;
    this.#push(at, occurrence);
  }

  /**
   * Lets it happen at another time than it was to, or after all although it was cancelled. False, and nothing is changed, if it
   * has happened or waits where it cannot be moved from: another one is needed. Cheap for what is put off again and again:
   * it stays where it is, and moves when its first time comes.
   */
  postpone(at: Micros, occurrence: Occurrence): boolean {
    if (occurrence.state === "idle" || at < occurrence.queuedAt) return false;
    if (occurrence.state === "cancelled" && !occurrence.background) this.#pressing += 1;
    occurrence.state = "scheduled";
    occurrence.due = at;
    return true;
  }

  /** Calls after a delay. */
  after(delay: Micros, call: () => void): void {
    this.schedule(this.#now + delay, new Call(call));
  }

  /** It will not happen; nothing, if it was not to. */
  cancel(occurrence: Occurrence): void {
    if (occurrence.state !== "scheduled") return;
    occurrence.state = "cancelled";
    if (!occurrence.background) this.#pressing -= 1;
  }

  /** Runs until `end`, and stops there, or before if `enough` says so after an event. */
  run(end: Micros, enough: () => boolean = () => false): void {
    for (;;) {
      const far = this.#heap.firstTime;
      const near = this.#wheel.firstTime(this.#now);
      const at = Math.min(far, near);
      if (at > end) break;
      const occurrence = far <= near ? this.#heap.pop() : this.#wheel.pop(near);
      if (this.#happen(at, occurrence) && enough()) return;
    }
    this.#now = Math.max(this.#now, end);
  }

  #push(at: Micros, occurrence: Occurrence): void {
    occurrence.queuedAt = at;
    if (at - this.#now < HORIZON) this.#wheel.push(at, occurrence);
    else this.#heap.push(at, occurrence);
  }

  #happen(at: Micros, occurrence: Occurrence): boolean {
    this.#now = at;
    if (occurrence.state === "cancelled") {
      occurrence.state = "idle";
      return false;
    }
    if (occurrence.due > at) {
      this.#push(occurrence.due, occurrence);
      return false;
    }
    occurrence.state = "idle";
    this.#happened += 1;
    if (!occurrence.background) this.#pressing -= 1;
    occurrence.happen();
    return true;
  }
}
