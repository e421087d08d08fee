import type { Client } from "@destiny/client/client";
import { KeyValueClient } from "@destiny/client/key-value-client";
import { verifyReply } from "@destiny/client/verify-reply";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { decodeValue, encodeGet } from "@destiny/core/service/key-value";
import { encodeOperation, OperationKind } from "@destiny/core/service/operation";
import type { TestCluster } from "./test-cluster.ts";
import { until } from "./until.ts";

/** Keys read back under one signature and one proof. */
const KEYS_PER_READ = 256;

export interface LoadOptions {
  /** One client for each of these coordinators; every replica if absent. */
  readonly homes?: readonly ReplicaId[];
  /** Puts that each client has under way. */
  readonly pipeline?: number;
  readonly valueBytes?: number;
  readonly deadlineMillis?: number;
}

/** Clients that put keys nobody else uses, one after the other, until they are told to stop. */
export class Load {
  /** Every key whose put was acknowledged, and its value. */
  readonly acknowledged: Map<string, string> = new Map();
  /** Puts that ended without an acknowledgement: they may have executed or not. */
  readonly failures: Error[] = [];
  readonly #cluster: TestCluster;
  readonly #running: Promise<void>[] = [];
  #next = 0;
  #stopping = false;

  private constructor(cluster: TestCluster) {
    this.#cluster = cluster;
  }

  static async start(cluster: TestCluster, options: LoadOptions = {}): Promise<Load> {
    const load = new Load(cluster);
    const {
      homes = [...cluster.local.genesis.replicas.keys()],
      pipeline = 4,
      deadlineMillis = 60_000,
    } = options;
    for (const [number, home] of homes.entries()) {
      const client = await cluster.client({ seed: cluster.seedAt(home, number), deadlineMillis });
      const store = new KeyValueClient(client);
      for (let i = 0; i < pipeline; i += 1)
        load.#running.push(load.#putForEver(store, options.valueBytes ?? 16));
    }
    return load;
  }

  /** Waits until so many more puts are acknowledged. */
  async more(count: number, timeoutMillis = 30_000): Promise<void> {
    const wanted = this.acknowledged.size + count;
    const got = (): string => `${this.acknowledged.size} of ${wanted}`;
    await until(
      `${count} more acknowledged puts`,
      () => {
        if (this.acknowledged.size >= wanted) return true;
        throw new Error(got());
      },
      timeoutMillis,
    );
  }

  /** Goes on until replica 0 has taken a checkpoint after all that was executed before, so that its digest covers that. */
  async sealed(): Promise<void> {
    const { executed } = await this.#cluster.local.status(0);
    for (;;) {
      await this.more(20);
      const { checkpoint } = await this.#cluster.local.status(0);
      if (checkpoint.seq >= executed) return;
    }
  }

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    this.#stopping = true;
    await Promise.all(this.#running);
  }

  /** Reads every acknowledged key back, and checks the proof of every reply offline. Gives how many keys it read. */
  async verify(): Promise<number> {
    const client = await this.#cluster.client();
    const entries = [...this.acknowledged];
    for (let first = 0; first < entries.length; first += KEYS_PER_READ) {
      await this.#read(client, entries.slice(first, first + KEYS_PER_READ));
    }
    return entries.length;
  }

  async #read(client: Client, entries: readonly (readonly [string, string])[]): Promise<void> {
    const gets = entries.map(([key]) => encodeOperation(OperationKind.Query, encodeGet(key)));
    const reply = await client.submit(gets);
    if (!(await verifyReply(reply, this.#cluster.local.description)))
      throw new Error("a reply without a proof");
    for (const [index, [key, expected]] of entries.entries()) {
      const outcome = reply.outcomes[index];
      const value = outcome?.ok === true ? decodeValue(outcome.result) : undefined;
      const found = value === undefined ? "nothing" : new TextDecoder().decode(value);
      if (found !== expected) throw new Error(`${key} was acknowledged, and now has ${found.slice(0, 40)}`);
    }
  }

  async #putForEver(store: KeyValueClient, valueBytes: number): Promise<void> {
    while (!this.#stopping) {
      this.#next += 1;
      const key = `key-${this.#next}`;
      const value = `value-${this.#next}-`.padEnd(valueBytes, "x");
      try {
        await store.put(key, value);
        this.acknowledged.set(key, value);
      } catch (error) {
        this.failures.push(error as Error);
        if (this.failures.length > 1_000) return;
      }
    }
  }
}
