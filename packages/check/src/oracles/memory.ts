import type { Effect } from "@destiny/core/effects/effects";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { Parameters } from "@destiny/core/parameters";
import type { Cause, Observer } from "../stage/observer.ts";
import { demand } from "./violation.ts";

/** What a replica says of what it holds. */
export interface Holdings {
  readonly queuedBytes: number;
  readonly clients: number;
  readonly timers: number;
  readonly instances: readonly {
    readonly instance: number;
    readonly low: number;
    readonly decided: number;
  }[];
  /** By the same index: records of its log above the watermark. */
  readonly records: readonly number[];
}

export interface MemoryOptions {
  readonly n: number;
  readonly faulty: ReadonlySet<ReplicaId>;
  readonly parameters: Pick<
    Parameters,
    "intakeBytesMax" | "clientsMax" | "orderWindow" | "disseminationWindow"
  >;
  readonly holdings: (replica: ReplicaId) => Holdings;
}

/** One event in so many is looked at. */
const PERIOD = 32;
/** Timers of one instance, and of the layers around all of them. */
const TIMERS_EACH = 8;
const TIMERS_AROUND = 16;

/** Records of one slot: proposal, value, prepared certificate, what decides it, and as many again of a view before. */
const RECORDS_PER_SLOT = 8;
/** Signatures and combinations under way for one slot. */
const JOBS_PER_SLOT = 4;

/** S14: what a correct replica holds stays below what is declared, whatever its peers send. */
export class Memory implements Observer {
  readonly #options: MemoryOptions;
  #events = 0;
  /** Jobs that were asked for and have not ended. */
  readonly #jobs = new Map<ReplicaId, number>();

  constructor(options: MemoryOptions) {
    this.#options = options;
  }

  crashed(replica: ReplicaId): void {
    this.#jobs.delete(replica);
  }

  stepping(replica: ReplicaId, cause: Cause): void {
    if (cause.type === "job") this.#jobs.set(replica, (this.#jobs.get(replica) ?? 0) - 1);
  }

  asked(replica: ReplicaId, { type }: Effect): void {
    if (type === "certify" || type === "combine") this.#jobs.set(replica, (this.#jobs.get(replica) ?? 0) + 1);
  }

  stepped(replica: ReplicaId): void {
    this.#events += 1;
    if (this.#events % PERIOD !== 0 || this.#options.faulty.has(replica)) return;
    const { n, parameters, holdings } = this.#options;
    const { queuedBytes, clients, timers, instances, records } = holdings(replica);
    const window = Math.max(parameters.orderWindow, parameters.disseminationWindow);
    const atMost = (what: string, value: number, cap: number): void =>
      demand(
        value <= cap,
        "S14 bounded memory",
        () => `replica ${replica} holds ${value} ${what}, above ${cap}`,
      );
    atMost("bytes of requests", queuedBytes, parameters.intakeBytesMax);
    atMost("clients", clients, parameters.clientsMax);
    atMost("timers", timers, (n + 2) * TIMERS_EACH + TIMERS_AROUND);
    atMost("jobs under way", this.#jobs.get(replica) ?? 0, (n + 2) * (window + 1) * JOBS_PER_SLOT);
    for (const [index, { instance, low, decided }] of instances.entries()) {
      atMost(`decided slots of instance ${instance} above its watermark`, decided - low, window);
      // Those of the last window may not be deleted yet.
      const most = 2 * window * RECORDS_PER_SLOT;
      atMost(`records of instance ${instance} above its watermark`, records[index] ?? 0, most);
    }
  }
}
