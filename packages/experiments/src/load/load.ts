import type { Micros } from "@destiny/core/kernel/ids";
import type { Random } from "@destiny/core/kernel/random";
import type { Engine } from "@destiny/simulator/engine/engine";
import type { Load as LoadPlan } from "../run/scenario.ts";
import type { LoadClient } from "./load-client.ts";

/** Clients' first requests are spread over this time, so that they do not march in step. */
const SPREAD: Micros = 100_000;

/** The load of one region: who asks when. */
export class RegionLoad {
  readonly #engine: Engine;
  readonly #random: Random;
  readonly #clients: readonly LoadClient[];
  /** Requests per second; null in a closed loop. */
  readonly #rate: number | null;
  readonly #perClient: number;
  #factor = 1;
  /** Closed: requests that each client keeps under way. */
  #next = 0;
  #stopped = false;

  constructor(plan: LoadPlan, clients: readonly LoadClient[], regions: number, context: LoadContext) {
    this.#engine = context.engine;
    this.#random = context.random;
    this.#clients = clients;
    this.#rate = plan.type === "open" ? plan.requestsPerSecond / regions : null;
    this.#perClient = plan.type === "open" ? 0 : plan.inFlight;
  }

  start(): void {
    if (this.#rate !== null) return this.#schedule();
    for (const client of this.#clients) this.#add(client, this.#perClient);
  }

  /** Multiplies the load by a factor from now on; a closed loop grows by more requests under way. */
  scale(factor: number): void {
    const before = this.#factor;
    this.#factor *= factor;
    if (this.#rate !== null) return;
    for (const client of this.#clients) {
      const more = Math.round(this.#perClient * this.#factor) - Math.round(this.#perClient * before);
      if (more > 0) this.#add(client, more);
      else this.#surplus.set(client, (this.#surplus.get(client) ?? 0) - more);
    }
  }

  stop(): void {
    this.#stopped = true;
  }

  /** Answered: in a closed loop its place is taken by the next. */
  onAnswered(client: LoadClient): void {
    if (this.#rate !== null || this.#stopped) return;
    const surplus = this.#surplus.get(client) ?? 0;
    if (surplus > 0) this.#surplus.set(client, surplus - 1);
    else client.submit();
  }

  readonly #surplus = new Map<LoadClient, number>();

  #add(client: LoadClient, requests: number): void {
    for (let i = 0; i < requests; i += 1) {
      this.#engine.after(this.#random.below(SPREAD), () => client.submit());
    }
  }

  /** A Poisson process: gaps are exponential. */
  #schedule(): void {
    const rate = (this.#rate ?? 0) * this.#factor;
    if (rate === 0 || this.#clients.length === 0) return;
    const uniform = (this.#random.next() + 1) / 0x1_0000_0001;
    const gap = Math.max(1, Math.round((-Math.log(uniform) / rate) * 1_000_000));
    this.#engine.after(gap, () => {
      if (this.#stopped) return;
      const client = this.#clients[this.#next % this.#clients.length];
      this.#next += 1;
      client?.submit();
      this.#schedule();
    });
  }
}

export interface LoadContext {
  readonly engine: Engine;
  readonly random: Random;
}
