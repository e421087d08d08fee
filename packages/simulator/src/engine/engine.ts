import type { Micros } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import { EventHeap } from "./event-heap.ts";
import { HORIZON, TimeWheel } from "./time-wheel.ts";

/**
 * Where an occurrence stands in its engine, and nobody else's business. Of one shape whatever the occurrence is, since the engine
 * looks at millions of them.
 */
class Ticket {
  readonly occurrence: Occurrence;
  readonly background: boolean;
  state: "idle" | "scheduled" | "cancelled" = "idle";
  /** When it leaves the queue that it waits in, and when it is to happen: not before that. */
  queuedAt: Micros = 0;
  due: Micros = 0;

  constructor(occurrence: Occurrence, background: boolean) {
    this.occurrence = occurrence;
    this.background = background;
  }
}

/**
 * Something that will happen. While it happens, or once it has, it may be scheduled again: what recurs, like a message on its way
 * from receiver to receiver, needs no second object.
 */
export abstract class Occurrence {
  /** The engine's own. */
  readonly ticket: Ticket;

  /** In the background goes on for ever, like a heartbeat: the world is at rest although this is to come. */
  constructor(background = false) {
    this.ticket = new Ticket(this, background);
  }

  get background(): boolean {
    return this.ticket.background;
  }

  /** Whether it waits, and if so, whether it still is to happen. */
  get state(): "idle" | "scheduled" | "cancelled" {
    return this.ticket.state;
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

/** Many things under way, told apart by number: what there are so many of that an object for each would be too many. */
export interface Fleet {
  /** It is time for one of them. It may be scheduled again. */
  happen(member: number): void;
  /** It will soon be time for one of them. */
  approach(member: number): void;
}

/** So many are announced at once: their cache misses then overlap, and together take little more than one. */
const ANNOUNCED = 16;

/**
 * Virtual time: what is scheduled happens in its order, one at a time, exact to the microsecond; at one microsecond in the order
 * in which it was scheduled.
 */
export class Engine {
  /** The near future; and what was further away when it was scheduled, so that at one time it comes before the wheel's. */
  readonly #wheel = new TimeWheel();
  readonly #heap = new EventHeap<number>();
  /** What queues are numbers: even ones of tickets, by their place here; odd ones of members of the fleet. */
  readonly #tickets: (Ticket | null)[] = [];
  readonly #free: number[] = [];
  #fleet: Fleet | null = null;
  /** What comes next at this time, and how many of them are still to come. */
  readonly #announced = new Int32Array(ANNOUNCED);
  #announcedCount = 0;
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
    const { ticket } = occurrence;
    invariant(Number.isInteger(at) && at >= this.#now, "a whole microsecond, not in the past");
    invariant(ticket.state === "idle", "an occurrence that is not scheduled yet");
    ticket.state = "scheduled";
    if (!ticket.background) this.#pressing += 1;
    ticket.due = at;
    this.#push(at, ticket);
  }

  /**
   * Lets it happen at another time than it was to, or after all although it was cancelled. False, and nothing is changed, if it
   * has happened or waits where it cannot be moved from: another one is needed. Cheap for what is put off again and again:
   * it stays where it is, and moves when its first time comes.
   */
  postpone(at: Micros, { ticket }: Occurrence): boolean {
    if (ticket.state === "idle" || at < ticket.queuedAt) return false;
    if (ticket.state === "cancelled" && !ticket.background) this.#pressing += 1;
    ticket.state = "scheduled";
    ticket.due = at;
    return true;
  }

  /** Whose members {@link scheduleMember} is for: there is one fleet in an engine. */
  launch(fleet: Fleet): void {
    invariant(this.#fleet === null, "one fleet");
    this.#fleet = fleet;
  }

  /** The same as {@link schedule} for a member of the fleet that is not scheduled: small numbers, that are used again. */
  scheduleMember(at: Micros, member: number): void {
    this.#pressing += 1;
    this.#queue(at, 2 * member + 1);
  }

  /** Calls after a delay. */
  after(delay: Micros, call: () => void): void {
    this.schedule(this.#now + delay, new Call(call));
  }

  /** It will not happen; nothing, if it was not to. */
  cancel({ ticket }: Occurrence): void {
    if (ticket.state !== "scheduled") return;
    ticket.state = "cancelled";
    if (!ticket.background) this.#pressing -= 1;
  }

  /** Runs until `end`, and stops there, or before if `enough` says so after an event. */
  run(end: Micros, enough: () => boolean = () => false): void {
    for (;;) {
      const far = this.#heap.firstTime;
      const near = this.#wheel.firstTime(this.#now);
      const at = Math.min(far, near);
      if (at > end) break;
      const number = far <= near ? this.#heap.pop() : this.#take(near);
      this.#now = at;
      const happened = (number & 1) === 1 ? this.#sail(number >>> 1) : this.#happen(at, number >>> 1);
      if (happened && enough()) return;
    }
    this.#now = Math.max(this.#now, end);
  }

  #push(at: Micros, ticket: Ticket): void {
    ticket.queuedAt = at;
    const place = this.#free.pop() ?? this.#tickets.length;
    this.#tickets[place] = ticket;
    this.#queue(at, 2 * place);
  }

  #queue(at: Micros, number: number): void {
    if (at - this.#now < HORIZON) this.#wheel.push(at, number);
    else this.#heap.push(at, number);
  }

  #take(at: Micros): number {
    if (this.#announcedCount === 0) this.#announce(at);
    this.#announcedCount -= 1;
    return this.#wheel.pop(at);
  }

  #announce(at: Micros): void {
    const count = this.#wheel.peek(at, this.#announced);
    this.#announcedCount = count;
    if (count < 2 || this.#fleet === null) return;
    for (let i = 0; i < count; i += 1) {
      const number = this.#announced[i] as number;
      if ((number & 1) === 1) this.#fleet.approach(number >>> 1);
    }
  }

  #sail(member: number): boolean {
    this.#happened += 1;
    this.#pressing -= 1;
    this.#fleet?.happen(member);
    return true;
  }

  #happen(at: Micros, place: number): boolean {
    const ticket = this.#tickets[place] as Ticket;
    this.#tickets[place] = null;
    this.#free.push(place);
    if (ticket.state === "cancelled") {
      ticket.state = "idle";
      return false;
    }
    if (ticket.due > at) {
      this.#push(ticket.due, ticket);
      return false;
    }
    ticket.state = "idle";
    this.#happened += 1;
    if (!ticket.background) this.#pressing -= 1;
    ticket.occurrence.happen();
    return true;
  }
}
