import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { LocalCluster } from "@destiny/node/cluster/local-cluster";
import { fetchStatuses } from "../cluster/statuses.ts";
import { Failure } from "../output/failure.ts";
import type { Drive, Writers } from "./writers.ts";

/** What a crash under load came to. */
export interface Crash {
  /** Those that were killed: the one that ordered, and another coordinator if the cluster can do without two. */
  readonly replicas: readonly ReplicaId[];
  readonly write: Drive;
  /** The longest time in which no client was answered. */
  readonly silentSeconds: number;
  /** From the crash until every client was answered something that it asked after the crash. */
  readonly servedSeconds: number;
  /** View of the instance that orders, afterwards, and who is its primary. */
  readonly view: number;
  readonly primary: ReplicaId;
  /** Instances that changed their view. */
  readonly instancesMoved: number;
  /** Who coordinates each client now. */
  readonly coordinators: readonly (ReplicaId | null)[];
}

export interface CrashPlan {
  /** Key to begin with, and how many to write. */
  readonly first: number;
  readonly count: number;
  /** The crash comes after so many answers. */
  readonly after: number;
  /** Told right before. */
  readonly onCrash: (replicas: readonly ReplicaId[]) => void;
}

/** Kills replicas in the middle of writing, which goes on. */
export async function crashUnderLoad(
  cluster: LocalCluster,
  writers: Writers,
  { first, count, after, onCrash }: CrashPlan,
): Promise<Crash> {
  const replicas = victimsOf(await lookAt(cluster), cluster.description.faults);
  const clock = new CrashClock(writers.clients.length);
  let answers = 0;
  let killing: Promise<unknown> = Promise.resolve();
  const write = await writers.write(first, count, (client, sentAt) => {
    answers += 1;
    clock.answered(client, sentAt);
    if (answers !== after) return;
    onCrash(replicas);
    clock.crashed();
    killing = Promise.all(replicas.map((id) => cluster.kill(id)));
  });
  await killing;
  const { view, primary, instancesMoved } = await lookAt(cluster);
  const coordinators = writers.coordinators();
  return { replicas, write, ...clock.report(), view, primary, instancesMoved, coordinators };
}

/** What the replicas that answer say of the views of all instances. */
interface Sight extends Pick<Crash, "view" | "primary" | "instancesMoved"> {
  readonly instances: number;
}

async function lookAt(cluster: LocalCluster): Promise<Sight> {
  const statuses = (await fetchStatuses(cluster.genesis)).filter((status) => status !== null);
  const orders = statuses.flatMap(({ instances }) => instances.at(-1) ?? []);
  const [highest] = orders.sort((a, b) => b.view - a.view);
  if (highest === undefined) throw new Failure("no replica answers");
  const moved = new Set<number>();
  for (const { instances } of statuses) {
    for (const { instance, view } of instances) if (view > 0) moved.add(instance);
  }
  const { view, primary } = highest;
  return { view, primary, instancesMoved: moved.size, instances: statuses[0]?.instances.length ?? 0 };
}

/** Whom the demonstration kills: a second coordinator too, where there is one and the cluster can do without two replicas. */
function victimsOf(
  { primary, instances }: Sight,
  { n, f }: { readonly n: number; readonly f: number },
): readonly ReplicaId[] {
  return f > 1 && instances > 1 ? [primary, (primary + n - 1) % n] : [primary];
}

/** Times answers from a crash on. */
class CrashClock {
  readonly #served: number[];
  #crashedAt = Number.POSITIVE_INFINITY;
  #lastAt = 0;
  #silentMillis = 0;

  constructor(clients: number) {
    this.#served = Array.from({ length: clients }, () => Number.POSITIVE_INFINITY);
  }

  crashed(): void {
    this.#crashedAt = performance.now();
    this.#lastAt = this.#crashedAt;
  }

  answered(client: number, sentAt: number): void {
    const now = performance.now();
    if (now < this.#crashedAt) return;
    this.#silentMillis = Math.max(this.#silentMillis, now - this.#lastAt);
    this.#lastAt = now;
    if (sentAt >= this.#crashedAt) this.#served[client] = Math.min(this.#served[client] ?? now, now);
  }

  report(): Pick<Crash, "silentSeconds" | "servedSeconds"> {
    const servedAt = Math.max(...this.#served);
    return {
      silentSeconds: this.#silentMillis / 1000,
      servedSeconds: (servedAt - this.#crashedAt) / 1000,
    };
  }
}
