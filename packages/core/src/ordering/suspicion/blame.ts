import type { Jobs } from "../../effects/jobs.ts";
import type { Port } from "../../effects/port.ts";
import type { FaultModel } from "../../kernel/fault-model.ts";
import type { InstanceId, Micros, ReplicaId, TimerId } from "../../kernel/ids.ts";
import { invariant } from "../../kernel/invariant.ts";
import type { Parameters } from "../../parameters.ts";
import type { Check } from "../../wire/check.ts";
import { type Complaint, complaintChecks } from "../../wire/suspicion.ts";
import { Row } from "./stopwatches.ts";
import { type Bench, Watch, type WatchOptions } from "./watch.ts";

/** Ticks in one suspicion delay: how exactly time is told. */
export const TICKS_PER_DELAY = 8;

export interface BlameOptions {
  readonly self: ReplicaId;
  readonly faults: FaultModel;
  /** The orderer's own, as are its jobs: complaints travel under its address. */
  readonly port: Port;
  readonly jobs: Jobs;
  /** The one timer of all watches, of the port's address. */
  readonly timer: TimerId;
  readonly parameters: Pick<Parameters, "suspicionDelay" | "graceDelay">;
  /** Whether this replica is behind: then it accuses nobody (dqbft.md 8, who may complain). */
  readonly behind: () => boolean;
}

/**
 * Who is to blame when nothing goes on (dqbft.md 8): one watch per instance, one coarse clock for all of them that stands
 * still while nothing is waited for and nobody complains.
 */
export class Blame {
  readonly #options: BlameOptions;
  readonly #watches = new Map<InstanceId, Watch>();
  readonly #bench: Bench;
  readonly #tickDelay: Micros;
  #timing = false;

  constructor(options: BlameOptions) {
    this.#options = options;
    const { self, faults, port, jobs, parameters } = options;
    this.#tickDelay = Math.max(1, Math.ceil(parameters.suspicionDelay / TICKS_PER_DELAY));
    const graceTicks = Math.max(1, Math.ceil(parameters.graceDelay / this.#tickDelay));
    this.#bench = {
      self,
      faults,
      port,
      jobs,
      ticks: (row) => (row === Row.Stale ? graceTicks : TICKS_PER_DELAY),
      arm: () => this.#arm(),
    };
  }

  /** Watches over one more instance. */
  watch(options: WatchOptions): Watch {
    invariant(!this.#watches.has(options.instance), "one watch per instance");
    const watch = new Watch(options, this.#bench);
    this.#watches.set(options.instance, watch);
    return watch;
  }

  /** What must hold for a complaint to be authentic; null if it is about none of our instances. Call it when all are watched. */
  checks(complaint: Complaint): readonly Check[] | null {
    return complaintChecks(complaint, { n: this.#options.faults.n, instances: this.#watches.size });
  }

  /** An authentic complaint. It may make the instance change its view. */
  receive(complaint: Complaint): void {
    this.#watches.get(complaint.instance)?.receive(complaint);
  }

  /** Its timer has expired. */
  expire(): void {
    this.#timing = false;
    const behind = this.#options.behind();
    for (const watch of this.#watches.values()) watch.tick(behind);
    this.#arm();
  }

  #arm(): void {
    if (this.#timing || !this.#anyBusy()) return;
    this.#timing = true;
    this.#options.port.setTimer(this.#options.timer, this.#tickDelay);
  }

  #anyBusy(): boolean {
    for (const watch of this.#watches.values()) if (watch.busy) return true;
    return false;
  }
}
