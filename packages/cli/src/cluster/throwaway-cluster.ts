import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalCluster } from "@destiny/node/cluster/local-cluster";
import { describeExit, type Exit, type ReplicaProcess } from "@destiny/node/cluster/replica-process";
import { type ClusterPlan, initCluster } from "@destiny/node/configuration/init-cluster";
import { Failure } from "../output/failure.ts";
import { note } from "../output/print.ts";
import type { Progress } from "../output/progress.ts";

/** What a throwaway cluster is to be. */
export interface ThrowawayPlan {
  readonly replicas: number;
  readonly protocol: string;
  readonly parameters?: ClusterPlan["parameters"];
  readonly schemes?: ClusterPlan["schemes"];
  readonly runtimeOptions?: readonly string[] | undefined;
}

/** What work on a throwaway cluster gets. */
export interface ThrowawayScene {
  readonly cluster: LocalCluster;
  /** Aborted by an interruption and by the loss of a replica: the work has to end soon then. */
  readonly signal: AbortSignal;
  readonly progress: Progress;
}

/**
 * Makes and starts a cluster in a temporary folder, has work done on it, and stops it whatever happens. The folder goes
 * too, unless the work failed: then the logs are in it, and the message says where. A replica that is lost, and an
 * interruption, end the work.
 */
export async function withThrowawayCluster<T>(
  plan: ThrowawayPlan,
  scene: { readonly signal: AbortSignal; readonly progress: Progress },
  work: (scene: ThrowawayScene) => Promise<T>,
): Promise<T> {
  const parent = mkdtempSync(join(tmpdir(), "destiny-"));
  try {
    const result = await runIn(join(parent, "cluster"), plan, scene, work);
    rmSync(parent, { recursive: true, force: true });
    return result;
  } catch (error) {
    scene.progress.clear();
    if (scene.signal.aborted || !(error instanceof Error)) {
      rmSync(parent, { recursive: true, force: true });
      throw error;
    }
    throw new Failure(`${error.message}: logs are in ${parent}/cluster/replica-*/replica.log`, {
      cause: error,
    });
  }
}

async function runIn<T>(
  directory: string,
  plan: ThrowawayPlan,
  { signal, progress }: { readonly signal: AbortSignal; readonly progress: Progress },
  work: (scene: ThrowawayScene) => Promise<T>,
): Promise<T> {
  const { replicas, protocol, parameters, schemes, runtimeOptions } = plan;
  progress.stage(`making keys for ${replicas} replicas`);
  await initCluster({ directory, replicas, protocol, parameters, schemes }, note, signal);
  const ended = new AbortController();
  const lost = ({ id }: ReplicaProcess, exit: Exit): void =>
    ended.abort(new Failure(`replica ${id} was lost (${describeExit(exit)})`));
  const cluster = new LocalCluster(directory, { runtimeOptions, onLost: lost });
  const either = AbortSignal.any([signal, ended.signal]);
  const stopStarting = (): void => void cluster.stop(either.reason);
  try {
    either.addEventListener("abort", stopStarting, { once: true });
    await startAll(cluster, progress);
    either.removeEventListener("abort", stopStarting);
    const result = await work({ cluster, signal: either, progress });
    either.throwIfAborted();
    return result;
  } catch (error) {
    // Whatever the work failed of then, this is why.
    throw either.aborted ? either.reason : error;
  } finally {
    progress.clear();
    await cluster.stop();
  }
}

/** Starts all replicas, and says how many are ready. */
async function startAll(cluster: LocalCluster, progress: Progress): Promise<void> {
  const { length: n } = cluster.genesis.replicas;
  let ready = 0;
  progress.stage(`starting ${n} replicas`);
  await cluster.start(() => {
    ready += 1;
    progress.update(`starting ${n} replicas: ${ready} ready`);
  });
}
