import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { StatusReport } from "@destiny/node/observability/status-report";
import { expect } from "vitest";
import { now } from "./history.ts";
import { RecordedLoad } from "./recorded-load.ts";
import { TestCluster } from "./test-cluster.ts";
import { until } from "./until.ts";

/** How long a view change may take: a quarter of the default, for tests to be quick. In microseconds. */
const VIEW_CHANGE_DELAY = 500_000;
/** Commands must flow again within so many of these. */
const VIEW_CHANGE_DELAYS = 10;

/** How long a test waits for what is late, to tell it from what never comes. */
const LATE_MILLIS = 20_000;

const PARAMETERS = {
  suspicionDelay: 500_000,
  viewChangeDelay: VIEW_CHANGE_DELAY,
  graceDelay: 125_000,
  pullDelay: 100_000,
  statusPeriod: 250_000,
  reinstatementDelay: 1_000_000,
};

/** A cluster whose replicas suspect quickly, under a load whose history is recorded. */
export class FaultScene {
  readonly cluster: TestCluster;
  readonly load: RecordedLoad;

  private constructor(cluster: TestCluster, load: RecordedLoad) {
    this.cluster = cluster;
    this.load = load;
  }

  /** One client per replica, which waits so long before it tries harder; many answers before it begins. */
  static async start(protocol: string, replicas: number, retryMillis = 200): Promise<FaultScene> {
    const cluster = await TestCluster.start({ protocol, replicas, parameters: PARAMETERS });
    try {
      const load = await RecordedLoad.start(cluster, retryMillis);
      await load.more(40 * replicas);
      return new FaultScene(cluster, load);
    } catch (error) {
      await cluster.close();
      throw error;
    }
  }

  /** Does harm, and expects the commands of all clients to flow again in time. Says how long it took. */
  async strike(what: string, harm: () => Promise<unknown>): Promise<void> {
    await harm();
    const since = now();
    const within = (VIEW_CHANGE_DELAYS * VIEW_CHANGE_DELAY) / 1e6;
    // Waits on if it is late: late and never are different faults.
    const seconds = await this.load.flows(since, within * 1_000 + LATE_MILLIS).catch(async (error: Error) => {
      throw new Error(`${what}: ${error.message}\n${await this.describe()}`, { cause: error.cause });
    });
    const silence = Math.round(this.load.history.longestSilence(since, since + seconds * 1e6));
    process.stdout.write(
      `${what}: all clients served after ${seconds.toFixed(2)} s, silent for ${silence} ms\n`,
    );
    expect(seconds, what).toBeLessThan(within);
  }

  /** Where the instance that orders is: on a slow machine it may have left its first view without a fault. */
  async order(): Promise<{ readonly view: number; readonly primary: ReplicaId }> {
    const orders = (await this.cluster.statuses()).flatMap(({ instances }) => instances.at(-1) ?? []);
    const [furthest] = orders.sort((a, b) => b.view - a.view);
    if (furthest === undefined) throw new Error("no replica runs");
    return furthest;
  }

  /** Kills these at once. */
  kill(...ids: readonly ReplicaId[]): Promise<unknown> {
    return Promise.all(ids.map((id) => this.cluster.local.kill(id)));
  }

  /** Starts these again. */
  restart(...ids: readonly ReplicaId[]): Promise<unknown> {
    return Promise.all(ids.map((id) => this.cluster.local.startReplica(id)));
  }

  /**
   * Goes on until all that run have a stable checkpoint after all that was executed so far, ends the load, and expects
   * equal states everywhere, an answer to everything, and a history that could have been of one machine.
   */
  async settle(): Promise<void> {
    const statuses = await this.cluster.statuses();
    const executed = Math.max(...statuses.map((status) => status.executed));
    await until("a checkpoint after all that", () => this.#sealed(executed), 30_000);
    await this.load.stop();
    expect([...new Set(this.load.failures.map(({ message }) => message))]).toEqual([]);
    await this.cluster.converged(executed);
    this.load.history.expectLinearizable();
  }

  /** Where every instance of every replica is, for failures. */
  async describe(): Promise<string> {
    const { processes } = this.cluster.local;
    const lines = [...processes.keys()].map(async (id) => {
      const status = await this.cluster.local.status(id).catch(() => null);
      return status === null ? `replica ${id} does not answer` : lineOf(status);
    });
    return (await Promise.all(lines)).join("\n");
  }

  async #sealed(executed: number): Promise<boolean> {
    const statuses = await this.cluster.statuses();
    if (statuses.every(({ checkpoint }) => checkpoint.seq >= executed)) return true;
    throw new Error(`after slot ${executed}:\n${statuses.map(lineOf).join("\n")}`);
  }
}

function lineOf({ replica, executed, checkpoint, stable, lag, instances }: StatusReport): string {
  const each = instances.map(({ view, active, low, decided, known }) => {
    return `${view}${active ? "" : "?"}:${low}/${decided}/${known}`;
  });
  return `replica ${replica}: executed ${executed} checkpoint ${checkpoint.seq} stable ${stable} lag ${lag}; ${each.join(" ")}`;
}
