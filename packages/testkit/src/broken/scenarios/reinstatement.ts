import type { Micros } from "@destiny/core/kernel/ids";
import { Cluster } from "../../cluster.ts";
import { demand } from "./demand.ts";

const SECOND: Micros = 1_000_000;

/**
 * A coordinator was away long enough for its D-instance to be taken from it, and comes back to a cluster in which nobody asks
 * anything: every slot is covered by a checkpoint, and no timer runs but its own. It gets its D-instance back all the same.
 */
export function comesBackAtRest(): void {
  const parameters = {
    checkpointPeriod: 1,
    statusPeriod: SECOND,
    suspicionDelay: SECOND / 2,
    viewChangeDelay: SECOND / 2,
    reinstatementDelay: SECOND,
  };
  const cluster = Cluster.of("destiny", { n: 3, seed: 1, parameters, retryMicros: SECOND });
  cluster.submit(2, "alpha");
  cluster.run(SECOND);
  cluster.crash(2);
  cluster.submit(2, "beta");
  cluster.run(20 * SECOND);
  const away = cluster.replica(0).status().instances[2];
  demand(away !== undefined && away.view % 3 !== 0, "its D-instance is in a foreign view");
  cluster.restart(2);
  cluster.run(60 * SECOND);
  for (const replica of cluster.replicas) {
    const instance = cluster.replica(replica).status().instances[2];
    demand(instance !== undefined && instance.view > 0, "its D-instance has changed views");
    demand(instance.primary === 2, `its D-instance is back, as replica ${replica} sees it`);
  }
}
