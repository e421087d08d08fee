import type { Effect, Job, JobResult } from "@destiny/core/effects/effects";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import { type Engine, Occurrence } from "../engine/engine.ts";
import type { Instant } from "../machine/machine.ts";
import type { Shipment } from "../network/shipment.ts";

/** What becomes of errands, if the machine is still that of then. */
export interface ErrandRunner {
  /** What a worker had to look at first is ready for the loop. */
  ready(shipment: Shipment, from: ReplicaId): void;
  /** A job is done. */
  done(job: Job, result: JobResult): void;
  /** The loop has come to what a worker is asked for. */
  due(effect: Effect): void;
}

/** Something of one machine that takes its time. Used again afterwards: there are millions. */
class Errand extends Occurrence {
  readonly #errands: Errands;
  shipment: Shipment | null = null;
  from: ReplicaId = 0;
  job: Job | null = null;
  result: JobResult | null = null;
  effect: Effect | null = null;
  life = 0;

  constructor(errands: Errands) {
    super();
    this.#errands = errands;
  }

  happen(): void {
    this.#errands.end(this);
  }
}

/** What is under way at one machine. What was begun before a crash does not end after it. */
export class Errands {
  readonly #engine: Engine;
  readonly #runner: ErrandRunner;
  readonly #idle: Errand[] = [];
  #life = 0;

  constructor(engine: Engine, runner: ErrandRunner) {
    this.#engine = engine;
    this.#runner = runner;
  }

  ready(at: Instant, shipment: Shipment, from: ReplicaId): void {
    const errand = this.#next();
    errand.shipment = shipment;
    errand.from = from;
    this.#engine.schedule(Math.floor(at), errand);
  }

  done(at: Instant, job: Job, result: JobResult): void {
    const errand = this.#next();
    errand.job = job;
    errand.result = result;
    this.#engine.schedule(Math.floor(at), errand);
  }

  due(at: Instant, effect: Effect): void {
    const errand = this.#next();
    errand.effect = effect;
    this.#engine.schedule(Math.floor(at), errand);
  }

  /** Nothing that is under way ends: the machine has crashed. */
  drop(): void {
    this.#life += 1;
  }

  end(errand: Errand): void {
    const { shipment, from, job, result, effect, life } = errand;
    errand.shipment = null;
    errand.job = null;
    errand.result = null;
    errand.effect = null;
    this.#idle.push(errand);
    if (life !== this.#life) return;
    if (shipment !== null) this.#runner.ready(shipment, from);
    else if (effect !== null) this.#runner.due(effect);
    else this.#runner.done(present(job, "a job that is done"), present(result, "what it came to"));
  }

  #next(): Errand {
    const errand = this.#idle.pop() ?? new Errand(this);
    errand.life = this.#life;
    return errand;
  }
}
