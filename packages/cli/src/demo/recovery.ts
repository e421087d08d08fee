import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { LocalCluster } from "@destiny/node/cluster/local-cluster";
import type { StatusReport } from "@destiny/node/observability/status-report";
import { commonCheckpoint, divergences, fetchStatuses } from "../cluster/statuses.ts";
import { Failure } from "../output/failure.ts";
import { pause } from "../output/interruption.ts";
import type { Writers } from "./writers.ts";

/** How replicas came back. */
export interface Recovery {
  /** From the start of their processes until they served. */
  readonly servingSeconds: number;
  /** From the start of their processes until their states were the others'. */
  readonly equalSeconds: number;
  /** The slot after which all replicas had the same state, and its digest. */
  readonly seq: number;
  readonly digest: string;
  /** Commands that were executed meanwhile, so that there would be a new checkpoint. */
  readonly commands: number;
  readonly statuses: readonly (StatusReport | null)[];
}

const PATIENCE_MILLIS = 60_000;
const SETTLE_MILLIS = 200;
/** Commands between two looks: a checkpoint comes every so many slots, and a slot takes at least one. */
const COMMANDS_EACH = 80;

/** Starts replicas again, and keeps writing until all have the same state after the same, later slot. */
export async function restartAndCompare(
  { cluster, signal }: { readonly cluster: LocalCluster; readonly signal: AbortSignal },
  replicas: readonly ReplicaId[],
  writers: Writers,
  firstKey: number,
): Promise<Recovery> {
  const behind = await executedByOthers(cluster);
  const startedAt = performance.now();
  const since = (): number => (performance.now() - startedAt) / 1000;
  await Promise.all(replicas.map((replica) => cluster.startReplica(replica)));
  const servingSeconds = since();
  for (let commands = 0; since() * 1000 < PATIENCE_MILLIS; ) {
    const statuses = await fetchStatuses(cluster.genesis);
    const different = divergences(statuses);
    if (different.length > 0) throw new Failure(`THE REPLICAS DISAGREE: ${different.join("; ")}`);
    const common = commonCheckpoint(statuses);
    if (common !== null && common.seq >= behind) {
      return { servingSeconds, equalSeconds: since(), ...common, commands, statuses };
    }
    commands += (await writers.write(firstKey + commands, COMMANDS_EACH)).commands;
    if (!(await pause(SETTLE_MILLIS, signal))) break;
  }
  signal.throwIfAborted();
  throw new Failure(
    `the replicas did not reach the same state within ${PATIENCE_MILLIS / 1000} s after ${replicas.join(" and ")} came back`,
  );
}

/** Up to which slot the cluster had got without them. */
async function executedByOthers(cluster: LocalCluster): Promise<number> {
  const statuses = await fetchStatuses(cluster.genesis);
  return Math.max(...statuses.map((status) => status?.executed ?? 0));
}
