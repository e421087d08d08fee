import type { LoadRun } from "./load-run.ts";
import { Tally } from "./tally.ts";

/** How a load is measured. */
export interface MeasurementPlan {
  /** Seconds of load before anything counts. */
  readonly warmupSeconds: number;
  readonly durationSeconds: number;
  /** Seconds between two calls of `onInterval`. */
  readonly intervalSeconds: number;
  /** What the signal does: end the window early, or reject with its reason at once. */
  readonly onAbort: "finish" | "abandon";
}

/** Whom a measurement tells. */
export interface MeasurementEvents {
  /** The warm-up is over, or the measurement is. */
  readonly onWindow: (edge: "begin" | "end") => void;
  /** What one interval saw, the warm-up's too, and the whole so far. */
  readonly onInterval: (interval: Tally, whole: Tally, seconds: number) => void;
}

/** What a measurement saw. */
export interface Measurement {
  readonly tally: Tally;
  /** Length of the measured window. */
  readonly seconds: number;
  /** Messages of replicas that no correct one sends. */
  readonly misbehaviour: number;
}

/** Runs a load through warm-up and window, and stops it. Rejects, with no load left, if a generator is lost. */
export async function measure(
  run: LoadRun,
  plan: MeasurementPlan,
  events: MeasurementEvents,
  signal: AbortSignal,
): Promise<Measurement> {
  const clock = new WindowClock(plan, events);
  const failed = run.go((sample) => clock.add(sample));
  try {
    await Promise.race([clock.finished(signal), failed]);
    if (plan.onAbort === "abandon") signal.throwIfAborted();
  } catch (error) {
    await run.abandon();
    throw error;
  } finally {
    clock.close();
  }
  const misbehaviour = await run.stop();
  return { tally: clock.whole, seconds: clock.seconds, misbehaviour };
}

/** Sorts samples into warm-up, window and intervals. */
class WindowClock {
  whole: Tally = new Tally();
  readonly #plan: MeasurementPlan;
  readonly #events: MeasurementEvents;
  readonly #startedAt: number = performance.now();
  #interval: Tally = new Tally();
  #begunAt: number | null = null;
  #endedAt: number | null = null;
  #ticker: NodeJS.Timeout | undefined;

  constructor(plan: MeasurementPlan, events: MeasurementEvents) {
    this.#plan = plan;
    this.#events = events;
  }

  /** Length of the window so far, in seconds. */
  get seconds(): number {
    if (this.#begunAt === null) return 0;
    return ((this.#endedAt ?? performance.now()) - this.#begunAt) / 1000;
  }

  add(sample: Parameters<Tally["add"]>[0]): void {
    if (this.#endedAt !== null) return;
    this.#interval.add(sample);
    if (this.#begunAt !== null) this.whole.add(sample);
  }

  /** Resolves at the end of the window; at once if the signal aborts. */
  finished(signal: AbortSignal): Promise<void> {
    const { warmupSeconds, durationSeconds, intervalSeconds } = this.#plan;
    return new Promise((resolve) => {
      const end = (): void => {
        this.#end();
        resolve();
      };
      const begin = setTimeout(() => this.#begin(), warmupSeconds * 1000);
      const timer = setTimeout(end, (warmupSeconds + durationSeconds) * 1000);
      this.#ticker = setInterval(() => this.#tick(), intervalSeconds * 1000);
      const give = (): void => {
        clearTimeout(begin);
        clearTimeout(timer);
        end();
      };
      if (signal.aborted) give();
      signal.addEventListener("abort", give, { once: true });
    });
  }

  close(): void {
    clearInterval(this.#ticker);
  }

  #begin(): void {
    this.#begunAt = performance.now();
    this.#events.onWindow("begin");
  }

  #end(): void {
    this.#endedAt = performance.now();
    if (this.#begunAt !== null) this.#events.onWindow("end");
  }

  #tick(): void {
    this.#events.onInterval(this.#interval, this.whole, (performance.now() - this.#startedAt) / 1000);
    this.#interval = new Tally();
  }
}
