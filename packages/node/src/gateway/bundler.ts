import type { Submitter } from "@destiny/client/service-client";
import { present } from "@destiny/core/kernel/invariant";
import { LIMITS } from "@destiny/core/wire/limits";
import type { GatewayReply } from "./backend.ts";

/** What a request has beside its operations, and each operation beside its bytes: more than enough. */
const REQUEST_OVERHEAD_BYTES = 256;
const OPERATION_OVERHEAD_BYTES = 8;
/** Operations whose results, all of the largest size, a replica still gives together: no user crowds out another. */
const BUNDLE_OPERATIONS_MAX: number = Math.floor(
  LIMITS.requestResultsBytesMax / (LIMITS.resultBytesMax + 64),
);
/** Bundles under way at once: as many as a client has requests under way. */
const BUNDLES_MAX = 8;

interface Waiting {
  readonly operation: Uint8Array;
  readonly deadline: number;
  readonly resolve: (reply: GatewayReply) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Puts operations of many users into few signed requests. An idle gateway adds no delay: what arrives while requests are
 * under way goes out together with the next. Operations stay in the order in which they came.
 */
export class Bundler {
  readonly #client: Submitter;
  #waiting: Waiting[] = [];
  #underWay = 0;

  constructor(client: Submitter) {
    this.#client = client;
  }

  /** How many operations wait; the caller bounds it. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** As {@link GatewayBackend.execute}. */
  execute(operation: Uint8Array, deadlineMillis: number): Promise<GatewayReply> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ operation, deadline: performance.now() + deadlineMillis, resolve, reject });
      this.#next();
    });
  }

  #next(): void {
    while (this.#underWay < BUNDLES_MAX && this.#waiting.length > 0) {
      this.#underWay += 1;
      void this.#submit(this.#take());
    }
  }

  #take(): readonly Waiting[] {
    let bytes = REQUEST_OVERHEAD_BYTES;
    let count = 0;
    for (const { operation } of this.#waiting) {
      bytes += operation.length + OPERATION_OVERHEAD_BYTES;
      if (count > 0 && (count >= BUNDLE_OPERATIONS_MAX || bytes > LIMITS.requestBytesMax)) break;
      count += 1;
    }
    const bundle = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return bundle;
  }

  /** A bundle shares its fate, and the time that its most hurried operation has. */
  async #submit(bundle: readonly Waiting[]): Promise<void> {
    try {
      const left = Math.min(...bundle.map(({ deadline }) => deadline)) - performance.now();
      const operations = bundle.map(({ operation }) => operation);
      const reply = await this.#client.submit(operations, { deadlineMillis: Math.max(1, left) });
      for (const [i, { resolve }] of bundle.entries()) {
        resolve({ outcome: present(reply.outcomes[i], "one outcome per operation"), seq: reply.seq });
      }
    } catch (error) {
      for (const { reject } of bundle) reject(error);
    } finally {
      this.#underWay -= 1;
      this.#next();
    }
  }
}
