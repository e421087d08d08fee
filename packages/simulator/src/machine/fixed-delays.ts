import type { Micros } from "@destiny/core/kernel/ids";
import type { Instant, Machine } from "./machine.ts";

/** How long a replica's machine takes for things. */
export interface Delays {
  /** Until a write is durable. */
  readonly diskMicros: Micros;
  /** To check a message. */
  readonly verifyMicros: Micros;
  /** Until the trusted subsystem, or the host's own key, has signed. */
  readonly certifyMicros: Micros;
  readonly combineMicros: Micros;
}

/** A machine on which everything takes its time and nothing waits for anything else: no processors to be shared. */
export class FixedDelays implements Machine {
  readonly #delays: Omit<Delays, "diskMicros">;

  constructor(delays: Omit<Delays, "diskMicros">) {
    this.#delays = delays;
  }

  arrive(_message: object, now: Micros): Instant {
    return now + this.#delays.verifyMicros;
  }

  arriveFromClient(_message: object, _bytes: number, now: Micros): Instant {
    return now + this.#delays.verifyMicros;
  }

  handle(_message: object, _from: number, _effects: readonly object[], now: Micros): Instant {
    return now;
  }

  handleFromClient(_message: object, _bytes: number, _effects: readonly object[], now: Micros): Instant {
    return now;
  }

  handleOwn(_event: string, _effects: readonly object[], now: Micros): Instant {
    return now;
  }

  execute(): void {
    // Nothing is counted.
  }

  certify(_claim: object, now: Micros): Instant {
    return now + this.#delays.certifyMicros;
  }

  combine(_claim: object, _shares: number, now: Micros): Instant {
    return now + this.#delays.combineMicros;
  }

  crash(): void {
    // Nothing is under way.
  }
}
