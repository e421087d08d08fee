import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { LoadSample } from "./protocol.ts";

/** Latencies in milliseconds, with three significant digits. */
export interface Latencies {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/** An hour, in microseconds: more than any deadline. */
const LATENCY_MAX = 3_600_000_000;

/** Sums up samples in memory that does not grow, however long it takes. */
export class Tally {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: LATENCY_MAX, figures: 3 });
  readonly #errors = new Map<string, number>();
  #commands = 0;
  #clientMillis = 0;
  #cpuMicros = 0;

  add(sample: LoadSample): void {
    for (const latency of sample.latenciesMicros) this.#histogram.record(Math.max(1, latency));
    for (const [name, count] of sample.errors) this.#errors.set(name, (this.#errors.get(name) ?? 0) + count);
    this.#commands += sample.commands;
    this.#clientMillis += sample.millis;
    this.#cpuMicros += sample.cpuMicros;
  }

  /** Commands answered and verified. */
  get commands(): number {
    return this.#commands;
  }

  /** Time that the samples cover, over all generators, in seconds. */
  get sampledSeconds(): number {
    return this.#clientMillis / 1000;
  }

  get cpuSeconds(): number {
    return this.#cpuMicros / 1_000_000;
  }

  /** Commands that failed, by the error's name. */
  get errors(): ReadonlyMap<string, number> {
    return this.#errors;
  }

  get errorCount(): number {
    let count = 0;
    for (const each of this.#errors.values()) count += each;
    return count;
  }

  latencies(): Latencies {
    const { count } = this.#histogram;
    if (count === 0) return { mean: 0, p50: 0, p90: 0, p99: 0, max: 0 };
    return {
      mean: millis(this.#histogram.mean),
      p50: millis(this.#histogram.percentile(50)),
      p90: millis(this.#histogram.percentile(90)),
      p99: millis(this.#histogram.percentile(99)),
      max: millis(this.#histogram.max),
    };
  }
}

function millis(micros: number): number {
  return Number((micros / 1000).toPrecision(3));
}
