import type { Port } from "../../effects/port.ts";
import type { Micros, TimerId } from "../../kernel/ids.ts";

const DOUBLINGS_MAX = 10;

/**
 * Spaces out what must not happen often (dqbft.md 6): after each time a pause, twice as long as the last one; quiet as long as
 * a pause makes the next one shorter again.
 */
export class BackOff {
  readonly #port: Port;
  readonly #timer: TimerId;
  readonly #delay: Micros;
  #count = 0;
  /** A pause lasts; after it a time of probation, in which the count does not grow; then rest. */
  #phase: "rest" | "pause" | "probation" = "rest";
  #disturbed = false;

  constructor(port: Port, timer: TimerId, delay: Micros) {
    this.#port = port;
    this.#timer = timer;
    this.#delay = delay;
  }

  /** Whether the pause lasts. */
  get running(): boolean {
    return this.#phase === "pause";
  }

  /** It has happened. */
  start(): void {
    this.#phase = "pause";
    this.#time();
    this.#count += 1;
  }

  /** Something was not well meanwhile: the time until the next pause is shorter begins anew. */
  disturb(): void {
    this.#disturbed = true;
  }

  expire(): void {
    if (this.#phase === "rest") return;
    if (this.#phase === "probation" && !this.#disturbed) this.#count = Math.floor(this.#count / 2);
    this.#phase = this.#count === 0 ? "rest" : "probation";
    if (this.#count > 0) this.#time();
  }

  #time(): void {
    this.#disturbed = false;
    this.#port.setTimer(this.#timer, this.#delay * 2 ** Math.min(this.#count, DOUBLINGS_MAX));
  }
}
