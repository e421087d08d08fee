import type { Driven } from "@destiny/core/replica/driven";
import type { Check } from "@destiny/core/wire/check";
import { Violation } from "../oracles/violation.ts";
import type { Cause } from "./observer.ts";

const OWN: Cause = { type: "own" };

export interface WatchedReplicaOptions {
  readonly inner: Driven;
  /** An event begins. */
  readonly stepping: (cause: Cause) => void;
  /** An event is over. */
  readonly stepped: () => void;
  /** It threw; what the driver of a real replica does then is to stop it. */
  readonly threw: (error: unknown) => void;
}

/** A replica whose events are told, and whose exceptions are caught. */
export class WatchedReplica implements Driven {
  readonly #options: WatchedReplicaOptions;

  constructor(options: WatchedReplicaOptions) {
    this.#options = options;
  }

  checks(...args: Parameters<Driven["checks"]>): readonly Check[] | null {
    let checks: readonly Check[] | null = null;
    this.#run(() => {
      checks = this.#options.inner.checks(...args);
    });
    return checks;
  }

  receive(...args: Parameters<Driven["receive"]>): void {
    const [from, instance, message] = args;
    this.#event({ type: "message", from, instance, message }, () => this.#options.inner.receive(...args));
  }

  submit(...args: Parameters<Driven["submit"]>): void {
    this.#event(OWN, () => this.#options.inner.submit(...args));
  }

  reassign(...args: Parameters<Driven["reassign"]>): void {
    this.#event(OWN, () => this.#options.inner.reassign(...args));
  }

  expire(...args: Parameters<Driven["expire"]>): void {
    this.#event(OWN, () => this.#options.inner.expire(...args));
  }

  complete(...args: Parameters<Driven["complete"]>): void {
    this.#event({ type: "job", job: args[0] }, () => this.#options.inner.complete(...args));
  }

  restore(...args: Parameters<Driven["restore"]>): void {
    this.#run(() => this.#options.inner.restore(...args));
  }

  recover(...args: Parameters<Driven["recover"]>): void {
    this.#run(() => this.#options.inner.recover(...args));
  }

  start(): void {
    this.#event(OWN, () => this.#options.inner.start());
  }

  announce(): void {
    this.#event(OWN, () => this.#options.inner.announce());
  }

  #event(cause: Cause, call: () => void): void {
    this.#options.stepping(cause);
    this.#run(call);
    this.#options.stepped();
  }

  #run(call: () => void): void {
    try {
      call();
    } catch (error) {
      if (error instanceof Violation) throw error;
      this.#options.threw(error);
    }
  }
}
