import type { Action, Outcome } from "@destiny/check/linearizability/history";
import { KeyValueClient } from "@destiny/client/key-value-client";
import { Random } from "@destiny/core/kernel/random";
import { History, now } from "./history.ts";
import type { TestCluster } from "./test-cluster.ts";
import { pause, until } from "./until.ts";

/** Few enough that clients meet, many enough that a checker of histories stays quick. */
const KEYS = 8;
/** Operations that one client has under way. */
const LANES = 2;
/** Between two operations of a lane: the machine is small, and it is faults that are tested, not throughput. */
const THINK_MILLIS = 8;
const DEADLINE_MILLIS = 60_000;

/** Clients that put, get and delete a few keys that all of them use, and record what they see, until told to stop. */
export class RecordedLoad {
  readonly history: History = new History();
  /** Operations that ended without an answer. */
  readonly failures: Error[] = [];
  readonly #running: Promise<void>[] = [];
  /** When each lane last began an operation that was answered. */
  readonly #served: number[] = [];
  #stopping = false;

  /** One client for each coordinator. `retryMillis` is the first rung of their ladder. */
  static async start(cluster: TestCluster, retryMillis: number): Promise<RecordedLoad> {
    const load = new RecordedLoad();
    for (const home of cluster.local.genesis.replicas.keys()) {
      const options = { deadlineMillis: DEADLINE_MILLIS, retryMillis, retryMaxMillis: 3 * retryMillis };
      const client = await cluster.client({ seed: cluster.seedAt(home), ...options });
      const store = new KeyValueClient(client);
      for (let lane = 0; lane < LANES; lane += 1) load.#running.push(load.#run(store));
    }
    return load;
  }

  /** Waits until every client has been answered, on each of its lanes, what it asked after this moment. Gives the seconds since. */
  async flows(sinceMicros: number, timeoutMillis: number): Promise<number> {
    await until(
      "the commands of all clients flow",
      () => {
        const waiting = [...this.#served.keys()].filter((lane) => (this.#served[lane] ?? 0) < sinceMicros);
        if (waiting.length === 0) return true;
        throw new Error(`${waiting.length} of ${this.#served.length} lanes wait: ${waiting.join(" ")}`);
      },
      timeoutMillis,
    );
    return this.#answeredSince(sinceMicros);
  }

  /** Waits until so many more operations are answered. */
  async more(count: number, timeoutMillis = 30_000): Promise<void> {
    const wanted = this.history.operations.length + count;
    await until(`${count} more answers`, () => this.history.operations.length >= wanted, timeoutMillis);
  }

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  /** Until the last lane got its first answer to something asked since. */
  #answeredSince(sinceMicros: number): number {
    const first = new Map<string, number>();
    for (const { client, invoked, returned } of this.history.operations) {
      if (returned === null || invoked < sinceMicros) continue;
      first.set(client, Math.min(first.get(client) ?? returned, returned));
    }
    return (Math.max(...first.values()) - sinceMicros) / 1e6;
  }

  async #run(store: KeyValueClient): Promise<void> {
    const lane = this.#served.push(0) - 1;
    const random = new Random(lane);
    for (let turn = 0; !this.#stopping; turn += 1) {
      const key = `shared-${random.below(KEYS)}`;
      const action = choose(random, `${lane}.${turn}`);
      const invokedAt = now();
      try {
        await this.history.record({ client: `${lane}`, key, action }, () => ask(store, key, action));
        this.#served[lane] = invokedAt;
      } catch (error) {
        this.failures.push(error as Error);
        if (this.failures.length > 100) return;
      }
      await pause(random.below(2 * THINK_MILLIS));
    }
  }
}

function choose(random: Random, value: string): Action {
  const die = random.below(10);
  if (die < 5) return { type: "put", value };
  return { type: die < 9 ? "get" : "delete" };
}

async function ask(store: KeyValueClient, key: string, action: Action): Promise<Outcome> {
  if (action.type === "put") return { type: "changed", existed: (await store.put(key, action.value)).value };
  if (action.type === "delete") return { type: "changed", existed: (await store.delete(key)).value };
  const { value } = await store.get(key);
  return { type: "found", value: value === undefined ? null : new TextDecoder().decode(value) };
}
