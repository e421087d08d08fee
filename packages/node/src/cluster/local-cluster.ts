import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import type { ClusterDescription } from "@destiny/client/cluster-description";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { CLUSTER_FILES } from "../configuration/init-cluster.ts";
import { describeCluster } from "../genesis/describe-cluster.ts";
import type { Genesis } from "../genesis/genesis.ts";
import { readGenesis } from "../genesis/read-genesis.ts";
import type { StatusReport } from "../observability/status-report.ts";
import { fetchStatus } from "./fetch-status.ts";
import { type Exit, ReplicaProcess } from "./replica-process.ts";

/** How a cluster's processes are run. */
export interface LocalClusterOptions {
  /** Options of the runtime for every replica. */
  readonly runtimeOptions?: readonly string[] | undefined;
  /** The program of every replica, compiled; that of the key-value store if absent (see `process/replica-program.ts`). */
  readonly program?: string | undefined;
  /** A replica ended that nobody had asked to. */
  readonly onLost?: ((lost: ReplicaProcess, exit: Exit) => void) | undefined;
}

/** All replicas of a cluster as processes of this machine: started, stopped, killed and started again. */
export class LocalCluster {
  /** The folder that `destiny init` made, absolute. */
  readonly directory: string;
  readonly genesis: Genesis;
  readonly description: ClusterDescription;
  readonly #options: LocalClusterOptions;
  readonly #processes = new Map<ReplicaId, ReplicaProcess>();
  readonly #expected = new Set<ReplicaProcess>();
  readonly #stopping = new AbortController();

  /** Throws `ConfigurationError` unless the folder holds a cluster with all its replicas. */
  constructor(directory: string, options: LocalClusterOptions = {}) {
    this.directory = resolve(directory);
    this.genesis = readGenesis(join(this.directory, CLUSTER_FILES.genesis));
    this.description = describeCluster(this.genesis);
    this.#options = options;
    for (const { id } of this.genesis.replicas) {
      if (!existsSync(this.replicaDirectory(id))) {
        throw new ConfigurationError(
          `${this.replicaDirectory(id)} is missing: run replicas of other machines with \`destiny start\``,
        );
      }
    }
  }

  /** Replicas that run, by id. */
  get processes(): ReadonlyMap<ReplicaId, ReplicaProcess> {
    return this.#processes;
  }

  replicaDirectory(id: ReplicaId): string {
    return join(this.directory, `replica-${id}`);
  }

  /** Starts all; rejects with the first `ReplicaStartError`, and then none is left. */
  async start(onReady: (started: ReplicaProcess) => void = () => undefined): Promise<void> {
    const starts = this.genesis.replicas.map(async ({ id }) => onReady(await this.startReplica(id)));
    const results = await Promise.allSettled(starts.map((start) => this.#stopOnFailure(start)));
    const failed = results.find((result) => result.status === "rejected");
    if (failed === undefined) return;
    await this.stop();
    // What the first failure made the others say is no reason.
    throw this.#stopping.signal.reason ?? failed.reason;
  }

  /** Starts one that does not run. */
  async startReplica(id: ReplicaId): Promise<ReplicaProcess> {
    const { runtimeOptions, program } = this.#options;
    const options = { id, directory: this.replicaDirectory(id), runtimeOptions, program };
    const started = await ReplicaProcess.start(options, this.#stopping.signal);
    this.#processes.set(id, started);
    void started.exited.then((exit) => this.#onExit(started, exit));
    return started;
  }

  /** Stops one cleanly. */
  async stopReplica(id: ReplicaId): Promise<void> {
    const running = this.#processes.get(id);
    if (running === undefined) return;
    this.#expected.add(running);
    await running.stop();
  }

  /** Ends one on the spot. */
  async kill(id: ReplicaId): Promise<void> {
    const running = this.#processes.get(id);
    if (running === undefined) return;
    this.#expected.add(running);
    await running.kill();
  }

  /** Stops all that run or are about to, for this reason, and waits for them. For good; safe to call twice. */
  async stop(reason: unknown = new Error("the cluster stops")): Promise<void> {
    if (!this.#stopping.signal.aborted) this.#stopping.abort(reason);
    const running = [...this.#processes.values()];
    for (const each of running) this.#expected.add(each);
    await Promise.all(running.map((each) => each.stop()));
  }

  /** What a replica says of itself over HTTP. Rejects if it does not, within two seconds. */
  status(id: ReplicaId): Promise<StatusReport> {
    const http = this.genesis.replicas[id]?.http;
    if (http === null || http === undefined) throw new ConfigurationError(`replica ${id} has no gateway`);
    return fetchStatus(http);
  }

  #onExit(ended: ReplicaProcess, exit: Exit): void {
    if (this.#processes.get(ended.id) === ended) this.#processes.delete(ended.id);
    if (!this.#expected.delete(ended)) this.#options.onLost?.(ended, exit);
  }

  async #stopOnFailure(start: Promise<void>): Promise<void> {
    try {
      await start;
    } catch (error) {
      if (!this.#stopping.signal.aborted) this.#stopping.abort(error);
      throw error;
    }
  }
}
