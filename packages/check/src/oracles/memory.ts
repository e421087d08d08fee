import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { Parameters } from "@destiny/core/parameters";
import type { Observer } from "../stage/observer.ts";
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

/** S14: what a correct replica holds stays below what is declared, whatever its peers send. */
export class Memory implements Observer {
  readonly #options: MemoryOptions;
  #events = 0;

  constructor(options: MemoryOptions) {
    this.#options = options;
  }

  stepped(replica: ReplicaId): void {
    this.#events += 1;
    if (this.#events % PERIOD !== 0 || this.#options.faulty.has(replica)) return;
    const { n, parameters, holdings } = this.#options;
    const { queuedBytes, clients, timers, instances } = holdings(replica);
    const atMost = (what: string, value: number, cap: number): void =>
      demand(
        value <= cap,
        "S14 bounded memory",
        () => `replica ${replica} holds ${value} ${what}, above ${cap}`,
      );
    atMost("bytes of requests", queuedBytes, parameters.intakeBytesMax);
    atMost("clients", clients, parameters.clientsMax);
    atMost("timers", timers, (n + 2) * TIMERS_EACH + TIMERS_AROUND);
    for (const { instance, low, decided } of instances) {
      const window = Math.max(parameters.orderWindow, parameters.disseminationWindow);
      atMost(`decided slots of instance ${instance} above its watermark`, decided - low, window);
    }
  }
}
