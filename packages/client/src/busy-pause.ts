import type { Micros } from "@destiny/core/kernel/ids";
import { Random } from "@destiny/core/kernel/random";

const FIRST_MICROS = 20_000;
const MAX_MICROS = 2_000_000;
/** Pauses that buy the coordinator time before the ladder goes on: one that is busy for ever is as good as dead. */
const PATIENCE = 4;

/** How long to hold back while the coordinator is busy: twice as long each time, with jitter so that clients spread. */
export class BusyPause {
  readonly #random: Random;
  #span: Micros = FIRST_MICROS;
  #pauses = 0;
  #until: Micros = Number.POSITIVE_INFINITY;

  constructor(seed: number) {
    this.#random = new Random(seed);
  }

  /** When to go on; infinity if there is no pause. */
  get until(): Micros {
    return this.#until;
  }

  get active(): boolean {
    return this.#until !== Number.POSITIVE_INFINITY;
  }

  /** Starts a pause unless one is under way. True if the coordinator deserves more time. */
  begin(now: Micros): boolean {
    if (this.active) return false;
    this.#until = now + Math.ceil(this.#span * (0.5 + this.#random.below(512) / 1024));
    this.#span = Math.min(this.#span * 2, MAX_MICROS);
    this.#pauses += 1;
    return this.#pauses <= PATIENCE;
  }

  /** The time is up. */
  end(): void {
    this.#until = Number.POSITIVE_INFINITY;
  }

  /** A reply came: the next pause is short again. */
  reset(): void {
    this.#span = FIRST_MICROS;
    this.#pauses = 0;
  }
}
