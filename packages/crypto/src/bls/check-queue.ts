import { availableParallelism } from "node:os";
import { SHARE_BYTES } from "../certificates/scheme.ts";
import type { BlsBackend, Check } from "./backend.ts";

/** Most work in one batch, in units of about one verification: it bounds how long a batch keeps its thread. */
const BATCH_COST_MAX = 64;
/** Most batches in flight: libuv has four threads, and files want theirs too. */
const LANES_MAX = 3;

interface Waiting {
  readonly check: Check;
  readonly cost: number;
  readonly resolve: (signature: Uint8Array | undefined) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Gathers checks into batches. What is asked within one turn of the event loop, or while all lanes are busy, goes out
 * together: an idle queue adds no delay, a busy one shares the final exponentiation among many. First come, first
 * served. One queue serves all schemes of a process; how much waits in it is the callers' to bound.
 */
export class CheckQueue {
  readonly #backend: BlsBackend;
  readonly #lanesMax: number;
  #waiting: Waiting[] = [];
  #lanes = 0;
  #scheduled = false;

  constructor(backend: BlsBackend, lanesMax: number = defaultLanes()) {
    this.#backend = backend;
    this.#lanesMax = lanesMax;
  }

  /** How many checks wait for a lane. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** The check's signature, compressed, if it holds. */
  check(check: Check): Promise<Uint8Array | undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ check, cost: costOf(check), resolve, reject });
      if (this.#scheduled || this.#lanes >= this.#lanesMax) return;
      this.#scheduled = true;
      queueMicrotask(() => {
        this.#scheduled = false;
        this.#fill();
      });
    });
  }

  #fill(): void {
    while (this.#lanes < this.#lanesMax && this.#waiting.length > 0) {
      this.#lanes += 1;
      void this.#run(this.#take());
    }
  }

  #take(): Waiting[] {
    let cost = 0;
    let count = 0;
    for (const { cost: next } of this.#waiting) {
      if (count > 0 && cost + next > BATCH_COST_MAX) break;
      cost += next;
      count += 1;
    }
    const batch = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return batch;
  }

  async #run(batch: readonly Waiting[]): Promise<void> {
    try {
      const signatures = await this.#backend.check(batch.map(({ check }) => check));
      for (const [i, { resolve }] of batch.entries()) resolve(signatures[i]);
    } catch (error) {
      for (const { reject } of batch) reject(error);
    } finally {
      this.#lanes -= 1;
      this.#fill();
    }
  }
}

function costOf({ points }: Check): number {
  return 1 + points.length / SHARE_BYTES / 8;
}

/** One thread is left to the event loop. */
function defaultLanes(): number {
  return Math.min(LANES_MAX, Math.max(1, availableParallelism() - 1));
}
