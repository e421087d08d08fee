import { createHistogram, type RecordableHistogram } from "node:perf_hooks";
import type { Micros } from "@destiny/core/kernel/ids";
import type { Latencies } from "../run/outcome.ts";

/** An hour: more than any run. */
const LATENCY_MAX = 3_600_000_000;

/** Latencies to three significant digits, in memory that does not grow. */
export class LatencyRecord {
  readonly #histogram: RecordableHistogram = createHistogram({ lowest: 1, highest: LATENCY_MAX, figures: 3 });
  #sum = 0;
  #count = 0;
  #max = 0;

  get count(): number {
    return this.#count;
  }

  add(latency: Micros): void {
    this.#histogram.record(Math.max(1, Math.round(latency)));
    this.#sum += latency;
    this.#count += 1;
    if (latency > this.#max) this.#max = latency;
  }

  /** Mean and maximum are exact, percentiles to three digits. All 0 if there is nothing. */
  latencies(): Latencies {
    if (this.#count === 0) return { mean: 0, p50: 0, p90: 0, p99: 0, max: 0 };
    return {
      mean: this.#sum / this.#count / 1000,
      p50: this.#histogram.percentile(50) / 1000,
      p90: this.#histogram.percentile(90) / 1000,
      p99: this.#histogram.percentile(99) / 1000,
      max: this.#max / 1000,
    };
  }
}
