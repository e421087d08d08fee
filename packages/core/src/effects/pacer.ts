import type { Micros, TimerId } from "../kernel/ids.ts";
import type { Port } from "./port.ts";

/** What a proposer has, when it asks whether to go. */
export interface Waiting {
  /** Items that could be proposed now. */
  readonly count: number;
  /** Whether they fill a proposal. */
  readonly full: boolean;
  /** Whether nothing proposed before is still under way. */
  readonly idle: boolean;
}

/**
 * Decides when to stop collecting and propose: when a proposal is full; when the delay is over; and while nothing is under
 * way, as soon as as many items wait as were in play when the last proposals ended, those in them and those that had come
 * since. A lone client is served at once; many, whose commands come back together, fill proposals that spare signatures.
 */
export class Pacer {
  readonly #port: Port;
  readonly #timer: TimerId;
  readonly #delay: Micros;
  /** Items proposed since nothing was under way. */
  #underWay = 0;
  /** How many items to wait for. */
  #enough = 1;
  #timing = false;
  #overdue = false;

  constructor(port: Port, timer: TimerId, delay: Micros) {
    this.#port = port;
    this.#timer = timer;
    this.#delay = delay;
  }

  /** Whether to propose now; else, if anything waits, the delay is running. To be asked after every event. */
  ready(waiting: Waiting): boolean {
    if (waiting.idle && this.#underWay > 0) {
      this.#enough = this.#underWay + waiting.count;
      this.#underWay = 0;
    }
    if (waiting.count === 0) return false;
    if (waiting.full || this.#overdue || (waiting.idle && waiting.count >= this.#enough)) return true;
    if (!this.#timing) {
      this.#timing = true;
      this.#port.setTimer(this.#timer, this.#delay);
    }
    return false;
  }

  /** So many were proposed. */
  proposed(count: number): void {
    this.#underWay += count;
    this.#enough = Math.max(1, count);
    this.#overdue = false;
    if (this.#timing) this.#port.cancelTimer(this.#timer);
    this.#timing = false;
  }

  /** The delay is over. */
  expire(): void {
    this.#timing = false;
    this.#overdue = true;
  }
}
