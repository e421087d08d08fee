import { type Client, connect } from "@destiny/client/client";
import { parseClusterDescription } from "@destiny/client/cluster-description";
import { LinkPool } from "@destiny/client/link-pool";
import { openProofVerifier } from "@destiny/client/open-proof-verifier";
import type { GeneratorPlan, LoadSample } from "./protocol.ts";
import { Workload } from "./workload.ts";

/** Pause after an error, so that a cluster that refuses is not asked as fast as it can say no. */
const ERROR_PAUSE_MILLIS = 100;
/** Connections that are being opened at once: each costs both sides a handshake. */
const CONNECTING_MAX = 32;

/** Closed-loop load: every client has one request under way, and sends the next when it has the proven answer. */
export class Generator {
  readonly #clients: readonly Client[];
  readonly #workload: Workload;
  readonly #bundle: number;
  readonly #release: () => Promise<void>;
  #running = false;
  #loops: readonly Promise<void>[] = [];
  #latencies: number[] = [];
  #errors = new Map<string, number>();
  #sampledAt = performance.now();
  #cpu = process.cpuUsage();

  private constructor(plan: GeneratorPlan, clients: readonly Client[], release: () => Promise<void>) {
    this.#clients = clients;
    this.#workload = new Workload(plan);
    this.#bundle = plan.bundle;
    this.#release = release;
  }

  /** Connects all clients; they share connections and one verifier. Rejects if one cannot. */
  static async open(plan: GeneratorPlan, log: (line: string) => void): Promise<Generator> {
    const cluster = parseClusterDescription(plan.cluster);
    const { proofs, close } = await openProofVerifier(cluster, log);
    const { deadlineMillis } = plan;
    const shared = { cluster, deadlineMillis, pipeline: 1, links: new LinkPool(cluster) };
    const clients: Client[] = [];
    const waiting = [...plan.seeds];
    const connectSome = async (): Promise<void> => {
      for (let seed = waiting.pop(); seed !== undefined; seed = waiting.pop()) {
        const options = { ...shared, seed: Uint8Array.from(Buffer.from(seed, "hex")) };
        clients.push(await connect(proofs === null ? options : { ...options, proofs }));
      }
    };
    await Promise.all(Array.from({ length: CONNECTING_MAX }, connectSome));
    return new Generator(plan, clients, close);
  }

  /** Messages of replicas that no correct one sends. */
  get misbehaviour(): number {
    let count = 0;
    for (const { misbehaviour } of this.#clients) for (const each of misbehaviour.values()) count += each;
    return count;
  }

  go(): void {
    this.#running = true;
    this.#loops = this.#clients.map((client) => this.#loop(client));
  }

  /** What happened since the last time. */
  sample(): LoadSample {
    const now = performance.now();
    const { user, system } = process.cpuUsage(this.#cpu);
    const sample = {
      millis: now - this.#sampledAt,
      commands: this.#latencies.length * this.#bundle,
      latenciesMicros: Uint32Array.from(this.#latencies),
      errors: this.#errors,
      cpuMicros: user + system,
    };
    this.#sampledAt = now;
    this.#cpu = process.cpuUsage();
    this.#latencies = [];
    this.#errors = new Map();
    return sample;
  }

  /** Waits for what is under way. */
  async stop(): Promise<void> {
    this.#running = false;
    await Promise.all(this.#loops);
  }

  async close(): Promise<void> {
    await Promise.all(this.#clients.map((client) => client.close()));
    await this.#release();
  }

  async #loop(client: Client): Promise<void> {
    while (this.#running) {
      const startedAt = performance.now();
      const error = await this.#submit(client);
      if (error === null) this.#latencies.push((performance.now() - startedAt) * 1000);
      else {
        this.#errors.set(error, (this.#errors.get(error) ?? 0) + this.#bundle);
        await new Promise((resolve) => setTimeout(resolve, ERROR_PAUSE_MILLIS));
      }
    }
  }

  /** The name of what went wrong, if something did. */
  async #submit(client: Client): Promise<string | null> {
    try {
      const { outcomes } = await client.submit(this.#workload.request());
      return outcomes.every(({ ok }) => ok) ? null : "OperationFailedError";
    } catch (error) {
      return error instanceof Error ? error.name : String(error);
    }
  }
}
