import type { Configuration, Shown } from "@destiny/experiments/calibrate/compare";
import { withThrowawayCluster } from "../cluster/throwaway-cluster.ts";
import { schemesOf } from "../commands/options.ts";
import { ClusterUse } from "../load/cluster-use.ts";
import { LoadRun } from "../load/load-run.ts";
import { measure } from "../load/measurement.ts";
import type { Progress } from "../output/progress.ts";

/** Compilers of seven replicas on two processors are at it for this long. */
const WARM_UP_SECONDS = 30;
const MEASUREMENT = {
  ...{ warmupSeconds: WARM_UP_SECONDS, durationSeconds: 8, intervalSeconds: 1 },
  onAbort: "abandon",
} as const;
const KEYS = 10_000;

/** Runs a configuration on processes of this machine, with BLS certificates whatever its size, as the model has them. */
export function realBench(scene: {
  readonly signal: AbortSignal;
  readonly progress: Progress;
}): (configuration: Configuration) => Promise<Shown> {
  return ({ protocol, replicas, clients, bundle, payloadBytes }) =>
    withThrowawayCluster({ protocol, replicas, schemes: schemesOf("bls") }, scene, async (started) => {
      const { cluster, signal } = started;
      const shape = { clients, generators: 1, bundle, payloadBytes, keys: KEYS };
      const run = await LoadRun.open({ cluster: cluster.description, name: "calibrate", ...shape }, signal);
      const use = new ClusterUse(new Map([...cluster.processes].map(([id, { pid }]) => [id, pid])));
      const { tally, seconds } = await measure(
        run,
        MEASUREMENT,
        { onWindow: (edge) => (edge === "begin" ? use.begin() : use.end()), onInterval: () => undefined },
        signal,
      );
      const cpu = use.used.reduce((sum, each) => sum + each.cpuSeconds + each.signerCpuSeconds, 0);
      const perCommand = use.used.length === 0 ? null : (cpu * 1_000_000) / Math.max(1, tally.commands);
      return {
        throughput: tally.commands / seconds,
        latencyMs: tally.latencies(),
        cpuPerCommand: perCommand,
      };
    });
}
