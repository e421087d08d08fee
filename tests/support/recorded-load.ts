import { KeyValueClient } from "@destiny/client/key-value-client";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { Random } from "@destiny/core/kernel/random";
import { type Asked, History, now, type Recorded, type Told } from "./history.ts";
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

  /** One client for each of these coordinators; every replica if absent. */
  static async start(cluster: TestCluster, homes?: readonly ReplicaId[]): Promise<RecordedLoad> {
    const load = new RecordedLoad();
    for (const [number, home] of (homes ?? [...cluster.local.genesis.replicas.keys()]).entries()) {
      const options = { deadlineMillis: DEADLINE_MILLIS, retryMillis: 200, retryMaxMillis: 1_000 };
      const client = await cluster.client({ seed: cluster.seedAt(home, number), ...options });
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

  /** Waits for what is under way. Gives all that was recorded. */
  async stop(): Promise<readonly Recorded[]> {
    this.#stopping = true;
    await Promise.all(this.#running);
    return this.history.operations;
  }

  /** Until the last lane got its first answer to something asked since. */
  #answeredSince(sinceMicros: number): number {
    const first = new Map<number, number>();
    for (const { process, invokedAt, answer } of this.history.operations) {
      if (answer === null || invokedAt < sinceMicros) continue;
      first.set(process, Math.min(first.get(process) ?? answer.at, answer.at));
    }
    return (Math.max(...first.values()) - sinceMicros) / 1e6;
  }

  async #run(store: KeyValueClient): Promise<void> {
    const lane = this.#served.push(0) - 1;
    const random = new Random(lane);
    for (let turn = 0; !this.#stopping; turn += 1) {
      const asked = choose(random, `${lane}.${turn}`);
      const invokedAt = now();
      try {
        await this.history.record(lane, asked, () => ask(store, asked));
        this.#served[lane] = invokedAt;
      } catch (error) {
        this.failures.push(error as Error);
        if (this.failures.length > 100) return;
      }
      await pause(random.below(2 * THINK_MILLIS));
    }
  }
}

function choose(random: Random, value: string): Asked {
  const key = `shared-${random.below(KEYS)}`;
  const die = random.below(10);
  if (die < 5) return { type: "put", key, value };
  return { type: die < 9 ? "get" : "delete", key };
}

async function ask(store: KeyValueClient, asked: Asked): Promise<Told> {
  if (asked.type === "put") return (await store.put(asked.key, asked.value)).value;
  if (asked.type === "delete") return (await store.delete(asked.key)).value;
  const { value } = await store.get(asked.key);
  return value === undefined ? null : new TextDecoder().decode(value);
}
