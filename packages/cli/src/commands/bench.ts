import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import type { LocalCluster } from "@destiny/node/cluster/local-cluster";
import { faultsOf } from "@destiny/node/genesis/check-genesis";
import { Command } from "commander";
import { divergences, fetchStatuses } from "../cluster/statuses.ts";
import { type ThrowawayScene, withThrowawayCluster } from "../cluster/throwaway-cluster.ts";
import { ClusterUse } from "../load/cluster-use.ts";
import { LoadRun } from "../load/load-run.ts";
import { measure } from "../load/measurement.ts";
import { describeReport, type LoadReport, loadReport } from "../load/report.ts";
import type { Tally } from "../load/tally.ts";
import { Failure } from "../output/failure.ts";
import { interruption } from "../output/interruption.ts";
import { note, printJson, printLine } from "../output/print.ts";
import { Progress } from "../output/progress.ts";
import { checkBundle, type LoadOptions, withLoadOptions } from "./load-options.ts";
import {
  type Certificates,
  certificatesOption,
  protocolOption,
  replicasOption,
  schemesOf,
  slowOption,
} from "./options.ts";

const EXAMPLES = `
Examples:
  destiny bench --replicas 5 --clients 64 --duration 10
  destiny bench --replicas 3 --bundle 200 --clients 16 --json

A bundle is what one client signs at once: --bundle 1 is one signature per command, --bundle 200 one per 200 commands.
All replicas, their signers and the clients share this machine; their stores are in the system's temporary folder
(TMPDIR), which ought to be on a disk.`;

interface BenchOptions extends LoadOptions {
  readonly replicas: number;
  readonly protocol: string;
  readonly slow: number;
  readonly certificates?: Certificates;
  readonly profile?: string;
}

/** `destiny bench`: a throwaway cluster of real processes under closed-loop load. */
export function benchCommand(): Command {
  const command = new Command("bench")
    .description("measure a throwaway cluster of real processes under closed-loop load")
    .addOption(replicasOption().default(5))
    .addOption(protocolOption().default("destiny"))
    .addOption(slowOption())
    .addOption(certificatesOption())
    .option("--profile <folder>", "write a CPU profile of each process there, for any viewer of V8 profiles")
    .addHelpText("after", EXAMPLES);
  return withLoadOptions(command).action(bench);
}

async function bench(options: BenchOptions): Promise<void> {
  checkBundle(options);
  const { replicas, protocol, slow, certificates, json } = options;
  // Said before anything is made: what is made is kept for its logs if it fails.
  faultsOf(protocol, replicas, slow);
  const runtimeOptions = profileOptions(options);
  const scene = { signal: interruption(), progress: new Progress() };
  const parameters = { slowReplicas: slow };
  const plan = { replicas, protocol, parameters, schemes: schemesOf(certificates), runtimeOptions };
  const report = await withThrowawayCluster(plan, scene, (started) =>
    underLoad(started, options, runtimeOptions),
  );
  if (json) printJson(report);
  else printLine(describeReport(report));
  if (report.violations > 0) throw new Failure(`${report.violations} violations: the replicas misbehaved`);
}

async function underLoad(
  { cluster, signal, progress }: ThrowawayScene,
  options: BenchOptions,
  runtimeOptions: readonly string[],
): Promise<LoadReport> {
  const { clients, generators, bundle, payload, keys, warmup, duration } = options;
  progress.stage(`connecting ${clients} clients`);
  const shape = { clients, generators, bundle, payloadBytes: payload, keys };
  const run = await LoadRun.open(
    { cluster: cluster.description, name: "bench", ...shape, runtimeOptions },
    signal,
  );
  const use = new ClusterUse(new Map([...cluster.processes].map(([id, { pid }]) => [id, pid])));
  progress.stage(`measuring for ${duration} s after ${warmup} s of warm-up`);
  const measurement = await measure(
    run,
    { warmupSeconds: warmup, durationSeconds: duration, intervalSeconds: 1, onAbort: "abandon" },
    {
      onWindow: (edge) => void (edge === "begin" ? use.begin() : use.end()),
      onInterval: (interval, _, seconds) => progress.update(intervalLine(interval, seconds)),
    },
    signal,
  );
  return loadReport({
    protocol: cluster.genesis.protocol,
    cluster: cluster.description,
    options,
    batchBytes: cluster.genesis.parameters.batchBytes,
    measurement,
    use: use.used,
    divergences: await differences(cluster),
  });
}

async function differences(cluster: LocalCluster): Promise<readonly string[]> {
  const found = divergences(await fetchStatuses(cluster.genesis));
  for (const each of found) note(`destiny: ${each}`);
  return found;
}

function profileOptions({ profile }: BenchOptions): readonly string[] {
  if (profile === undefined) return [];
  mkdirSync(profile, { recursive: true });
  return ["--cpu-prof", `--cpu-prof-dir=${resolve(profile)}`];
}

function intervalLine(interval: Tally, seconds: number): string {
  const { p50, p99 } = interval.latencies();
  return `${seconds.toFixed(0)} s: ${interval.commands} commands/s, p50 ${p50} ms, p99 ${p99} ms`;
}
