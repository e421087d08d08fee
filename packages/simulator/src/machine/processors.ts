import type { Instant } from "./machine.ts";

/** How busy something was, and how long jobs waited for it. Micros. */
export interface Occupancy {
  busy: number;
  waited: number;
  jobs: number;
}

/** One thing at a time, first come, first served: a loop, a lane. */
export class Server {
  readonly occupancy: Occupancy = { busy: 0, waited: 0, jobs: 0 };
  #free: Instant = 0;

  /** When it is done with all that came so far. */
  get end(): Instant {
    return this.#free;
  }

  /** When a job that comes now and takes so long is done. */
  serve(now: Instant, duration: number): Instant {
    const start = Math.max(now, this.#free);
    this.#free = start + duration;
    this.occupancy.busy += duration;
    this.occupancy.waited += start - now;
    this.occupancy.jobs += 1;
    return this.#free;
  }

  /** The same for a job that a processor of a pool does, and that would be done at `end` if nothing came before it here. */
  follow(now: Instant, duration: number, end: Instant): Instant {
    const done = Math.max(end, this.#free + duration);
    this.#free = done;
    this.occupancy.busy += duration;
    this.occupancy.waited += done - duration - now;
    this.occupancy.jobs += 1;
    return done;
  }

  reset(now: Instant): void {
    this.#free = now;
  }
}

/** Some processors, one queue: the first that is free takes the job that came first. */
export class Pool {
  readonly occupancy: Occupancy = { busy: 0, waited: 0, jobs: 0 };
  readonly #free: Float64Array;

  constructor(count: number) {
    this.#free = new Float64Array(count);
  }

  /** When a job that comes now and takes so long is done. */
  serve(now: Instant, duration: number): Instant {
    const free = this.#free;
    let first = 0;
    for (let i = 1; i < free.length; i += 1) if (at(free, i) < at(free, first)) first = i;
    const start = Math.max(now, at(free, first));
    free[first] = start + duration;
    this.occupancy.busy += duration;
    this.occupancy.waited += start - now;
    this.occupancy.jobs += 1;
    return start + duration;
  }

  /** Many jobs at once that nobody waits for: all processors share them evenly. */
  spread(now: Instant, duration: number): void {
    const free = this.#free;
    const each = duration / free.length;
    for (let i = 0; i < free.length; i += 1) free[i] = Math.max(now, at(free, i)) + each;
    this.occupancy.busy += duration;
  }

  reset(now: Instant): void {
    this.#free.fill(now);
  }
}

function at(values: Float64Array, index: number): number {
  return values[index] as number;
}
