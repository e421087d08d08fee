import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { LocalCluster } from "@destiny/node/cluster/local-cluster";
import { describeExit } from "@destiny/node/cluster/replica-process";
import { initCluster } from "@destiny/node/configuration/init-cluster";
import { Failure } from "../output/failure.ts";
import { note } from "../output/print.ts";
import type { Progress } from "../output/progress.ts";

/** What a throwaway cluster is to be. */
export interface ThrowawayPlan {
  readonly replicas: number;
  readonly protocol: string;
  readonly runtimeOptions?: readonly string[] | undefined;
}

/** What work on a throwaway cluster gets. */
export interface ThrowawayScene {
  readonly cluster: LocalCluster;
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
  const { replicas, protocol, runtimeOptions } = plan;
  progress.stage(`making keys for ${replicas} replicas`);
  await initCluster({ directory, replicas, protocol }, note, signal);
  const lost = trouble();
  const cluster = new LocalCluster(directory, {
    runtimeOptions,
    onLost: ({ id }, exit) => lost.reject(new Failure(`replica ${id} was lost (${describeExit(exit)})`)),
  });
  const give = (): void => lost.reject(signal.reason);
  signal.addEventListener("abort", give, { once: true });
  try {
    await startAll(cluster, progress, lost.promise);
    return await Promise.race([work({ cluster, signal, progress }), lost.promise]);
  } finally {
    signal.removeEventListener("abort", give);
    progress.clear();
    await cluster.stop();
  }
}

interface Trouble {
  readonly promise: Promise<never>;
  readonly reject: (reason: unknown) => void;
}

/** A promise of bad news, which nobody need await. */
function trouble(): Trouble {
  let tell: Trouble["reject"] = () => undefined;
  const promise = new Promise<never>((_, reject) => {
    tell = reject;
  });
  promise.catch(() => undefined);
  return { promise, reject: (reason) => tell(reason) };
}

/** Starts all replicas, and says how many are ready. */
async function startAll(cluster: LocalCluster, progress: Progress, lost: Promise<never>): Promise<void> {
  const { length: n } = cluster.genesis.replicas;
  let ready = 0;
  progress.stage(`starting ${n} replicas`);
  const started = cluster.start(() => {
    ready += 1;
    progress.update(`starting ${n} replicas: ${ready} ready`);
  });
  await Promise.race([started, lost]);
}
