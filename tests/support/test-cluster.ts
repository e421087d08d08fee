import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Client, connect } from "@destiny/client/client";
import type { ConnectOptions } from "@destiny/client/connect-options";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { homeOf } from "@destiny/core/replica/client-table";
import { toDigest } from "@destiny/core/wire/reader";
import { openEd25519 } from "@destiny/crypto/signatures/ed25519";
import { LocalCluster } from "@destiny/node/cluster/local-cluster";
import { describeExit, LOG_FILE } from "@destiny/node/cluster/replica-process";
import { type ClusterPlan, initCluster } from "@destiny/node/configuration/init-cluster";
import type { StatusReport } from "@destiny/node/observability/status-report";
import { until } from "./until.ts";

/** What a test chooses of its cluster. */
export interface TestPlan extends Partial<ClusterPlan> {
  readonly checkpointPeriod?: number;
  readonly program?: string;
  readonly runtimeOptions?: readonly string[];
}

/** A cluster of real processes in a temporary folder, of which nothing is left after {@link TestCluster.close}. */
export class TestCluster {
  readonly local: LocalCluster;
  readonly n: number;
  readonly #folder: string;
  readonly #clients: Client[] = [];
  readonly #lost: string[] = [];
  readonly #stopped = new Set<ReplicaId>();

  private constructor(folder: string, directory: string, plan: TestPlan) {
    const { program, runtimeOptions } = plan;
    this.#folder = folder;
    this.local = new LocalCluster(directory, {
      program,
      runtimeOptions,
      onLost: ({ id, logPath }, exit) => {
        const log = readFileSync(logPath, "utf8").slice(-2_000);
        this.#lost.push(`replica ${id} ${describeExit(exit)}: ${log}`);
      },
    });
    this.n = this.local.genesis.replicas.length;
  }

  /** Makes a cluster of five, unless the plan says otherwise, without starting it. */
  static async make(plan: TestPlan = {}): Promise<TestCluster> {
    const { checkpointPeriod = 16, program: _, runtimeOptions: __, ...rest } = plan;
    const folder = mkdtempSync(join(tmpdir(), "destiny-e2e-"));
    const parameters = { checkpointPeriod, ...plan.parameters };
    const full = { replicas: 5, directory: join(folder, "cluster"), ...rest, parameters };
    try {
      const { directory } = await initCluster(full, () => undefined);
      return new TestCluster(folder, directory, plan);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  /** Makes one and starts all its replicas. */
  static async start(plan: TestPlan = {}): Promise<TestCluster> {
    const cluster = await TestCluster.make(plan);
    try {
      await cluster.local.start();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  /** A client, closed with the cluster. */
  async client(options: Partial<ConnectOptions> = {}): Promise<Client> {
    const client = await connect({ cluster: this.local.description, ...options });
    this.#clients.push(client);
    return client;
  }

  /** A seed of a client whose coordinator, at first, is this replica. Another `number`, another seed. */
  seedAt(home: ReplicaId, number = 0): Uint8Array {
    for (let tried = 0; ; tried += 1) {
      const seed = new Uint8Array(32);
      new DataView(seed.buffer).setUint32(0, number);
      new DataView(seed.buffer).setUint32(4, tried);
      if (homeOf(toDigest(openEd25519().publicKeyFromSeed(seed)), this.n) === home) return seed;
    }
  }

  pid(id: ReplicaId): number {
    const running = this.local.processes.get(id);
    if (running === undefined) throw new Error(`replica ${id} does not run`);
    return running.pid;
  }

  log(id: ReplicaId): string {
    return readFileSync(join(this.local.replicaDirectory(id), LOG_FILE), "utf8");
  }

  /** Stops the replica and its signer as a debugger or an overloaded machine would. */
  suspend(id: ReplicaId): void {
    process.kill(-this.pid(id), "SIGSTOP");
    this.#stopped.add(id);
  }

  resume(id: ReplicaId): void {
    process.kill(-this.pid(id), "SIGCONT");
    this.#stopped.delete(id);
  }

  /** Status of every replica that runs. */
  statuses(): Promise<StatusReport[]> {
    return Promise.all([...this.local.processes.keys()].map((id) => this.local.status(id)));
  }

  /** Waits until all that run have executed the same, and their newest checkpoints are the same; gives one of them. */
  async converged(atLeast = 0, timeoutMillis = 30_000): Promise<StatusReport> {
    let seen: StatusReport[] = [];
    await until(
      "the replicas agree",
      async () => {
        seen = await this.statuses();
        const spellings = seen.map(({ executed, checkpoint }) => JSON.stringify({ executed, checkpoint }));
        if (new Set(spellings).size === 1 && (seen[0]?.executed ?? 0) >= atLeast) return true;
        throw new Error(spellings.join(" "));
      },
      timeoutMillis,
    );
    const [first] = seen;
    if (first === undefined) throw new Error("no replica runs");
    return first;
  }

  /** How often the other replicas have refused something of this peer, by reason, all together. */
  async refusals(peer: ReplicaId | "-"): Promise<Record<string, number>> {
    const sum: Record<string, number> = {};
    for (const { refused } of await this.statuses()) {
      for (const [key, count] of Object.entries(refused)) {
        const [from, reason = ""] = key.split(" ");
        if (from === String(peer)) sum[reason] = (sum[reason] ?? 0) + count;
      }
    }
    return sum;
  }

  /** Ends everything. Rejects if a replica had ended that nobody had killed: no input may do that. */
  async close(): Promise<void> {
    for (const client of this.#clients) await client.close();
    for (const id of this.#stopped) this.resume(id);
    await Promise.all([...this.local.processes.keys()].map((id) => this.local.kill(id)));
    await this.local.stop();
    rmSync(this.#folder, { recursive: true, force: true });
    if (this.#lost.length > 0) throw new Error(this.#lost.join("\n"));
  }
}
