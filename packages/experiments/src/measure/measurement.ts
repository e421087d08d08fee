import type { Micros } from "@destiny/core/kernel/ids";
import type { Outcome } from "../run/outcome.ts";
import type { Scenario } from "../run/scenario.ts";
import { LatencyRecord } from "./latency-record.ts";

const SECOND: Micros = 1_000_000;

/** What clients saw: answers in the measured span, by region, and of every second from the start. */
export class Measurement {
  readonly timeline: number[];
  readonly #scenario: Scenario;
  readonly #all = new LatencyRecord();
  readonly #regions: readonly LatencyRecord[];
  readonly #names: readonly string[];
  #errors = 0;

  constructor(scenario: Scenario, regions: readonly string[]) {
    this.#scenario = scenario;
    this.#names = regions;
    this.#regions = regions.map(() => new LatencyRecord());
    this.timeline = new Array<number>(Math.ceil(scenario.duration / SECOND)).fill(0);
  }

  get requests(): number {
    return this.#all.count;
  }

  /** A request of this region that was due then is answered now. */
  answered(region: number, due: Micros, now: Micros): void {
    const second = Math.floor(now / SECOND);
    if (second < this.timeline.length) {
      this.timeline[second] = (this.timeline[second] ?? 0) + this.#scenario.bundle;
    }
    if (now < this.#scenario.warmUp) return;
    this.#all.add(now - due);
    this.#regions[region]?.add(now - due);
  }

  failed(): void {
    this.#errors += 1;
  }

  outcome(): Pick<Outcome, "executed" | "throughput" | "latencyMs" | "regions" | "timeline" | "errors"> {
    const { bundle } = this.#scenario;
    const executed = this.#all.count * bundle;
    const seconds = (this.#scenario.duration - this.#scenario.warmUp) / SECOND;
    const regions = this.#names.map((name, region) => {
      const record = this.#regions[region] ?? new LatencyRecord();
      return [
        name,
        { throughput: (record.count * bundle) / seconds, latencyMs: record.latencies() },
      ] as const;
    });
    return {
      executed,
      throughput: executed / seconds,
      latencyMs: this.#all.latencies(),
      regions: Object.fromEntries(regions),
      timeline: this.timeline,
      errors: this.#errors,
    };
  }
}
