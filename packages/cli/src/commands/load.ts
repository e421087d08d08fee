import { existsSync } from "node:fs";
import { join } from "node:path";
import { CLUSTER_FILES } from "@destiny/node/configuration/init-cluster";
import type { Genesis } from "@destiny/node/genesis/genesis";
import { readGenesis } from "@destiny/node/genesis/read-genesis";
import { Command, Option } from "commander";
import { findCluster, withClusterOptions } from "../cluster/find-cluster.ts";
import { divergences, fetchStatuses } from "../cluster/statuses.ts";
import { ClusterUse } from "../load/cluster-use.ts";
import { Footprint } from "../load/footprint.ts";
import { LoadRun } from "../load/load-run.ts";
import { type Measurement, measure } from "../load/measurement.ts";
import { describeReport, type LoadReport, loadReport } from "../load/report.ts";
import type { Tally } from "../load/tally.ts";
import { Failure } from "../output/failure.ts";
import { interruption } from "../output/interruption.ts";
import { mebibytes, note, printJson, printLine } from "../output/print.ts";
import { checkBundle, type LoadOptions, withLoadOptions } from "./load-options.ts";
import { decimal } from "./options.ts";

const EXAMPLES = `
Examples:
  destiny load --dir cluster --clients 64 --duration 60
  destiny load --dir cluster --clients 64 --duration 28800 --interval 60 --json > soak.json

A line per interval says how fast it goes, and how much memory and disk each replica on this machine uses. Ctrl-C ends the
load early, with the result so far. The keys are named load-0, load-1 and so on: other values stay as they are.`;

interface LoadCommandOptions extends LoadOptions {
  readonly dir?: string;
  readonly connect?: string;
  readonly interval: number;
}

/** `destiny load`: closed-loop load against a running cluster. */
export function loadCommand(): Command {
  const command = new Command("load")
    .description("measure a running cluster under closed-loop load, for seconds or for hours")
    .addOption(
      new Option("--interval <seconds>", "time between two lines").argParser(decimal(0.5, 3600)).default(10),
    )
    .addHelpText("after", EXAMPLES);
  return withLoadOptions(withClusterOptions(command)).action(load);
}

async function load(options: LoadCommandOptions): Promise<void> {
  checkBundle(options);
  const cluster = findCluster(options);
  const signal = interruption();
  const genesis = genesisIn(options.dir);
  const use = await localUse(genesis);
  const footprint = new Footprint(use, options.dir);
  const { clients, generators, bundle, payload, keys } = options;
  note(`connecting ${clients} clients`);
  const name = `load ${Date.now()} ${process.pid}`;
  const run = await LoadRun.open(
    { cluster, name, clients, generators, bundle, payloadBytes: payload, keys },
    signal,
  );
  const measurement = await underLoad(run, options, { use, footprint, signal });
  const statuses = genesis === null ? [] : await fetchStatuses(genesis);
  const report = loadReport({
    protocol: genesis?.protocol ?? "unknown",
    cluster,
    options,
    batchBytes: genesis?.parameters.batchBytes ?? 0,
    measurement,
    use: use.used,
    divergences: divergences(statuses),
  });
  printResult(report, footprint, options);
}

function underLoad(
  run: LoadRun,
  options: LoadCommandOptions,
  watch: { readonly use: ClusterUse; readonly footprint: Footprint; readonly signal: AbortSignal },
): Promise<Measurement> {
  const { warmup, duration, interval, json } = options;
  const { use, footprint, signal } = watch;
  const show = json ? note : printLine;
  return measure(
    run,
    { warmupSeconds: warmup, durationSeconds: duration, intervalSeconds: interval, onAbort: "finish" },
    {
      onWindow: (edge) => {
        if (edge === "begin") return use.begin();
        use.end();
        footprint.end();
      },
      onInterval: (part, _, seconds) => {
        footprint.look(seconds);
        show(intervalLine(part, seconds, interval, footprint));
      },
    },
    signal,
  );
}

function printResult(report: LoadReport, footprint: Footprint, { json }: LoadCommandOptions): void {
  const memory = footprint.summary();
  if (json) printJson({ ...report, ...memory });
  else {
    printLine(describeReport(report));
    const { afterOneMinute, atEnd } = memory.memory;
    if (afterOneMinute !== null) {
      printLine(`memory after one minute ${list(afterOneMinute)}, at the end ${list(atEnd)}`);
    }
  }
  if (report.violations > 0) throw new Failure(`${report.violations} violations: the replicas misbehaved`);
  if (report.executed === 0) throw new Failure("no command was answered");
}

function intervalLine(part: Tally, seconds: number, interval: number, footprint: Footprint): string {
  const { p50, p99 } = part.latencies();
  const rate = Math.round(part.commands / interval);
  const errors = part.errorCount === 0 ? "" : `, ${part.errorCount} errors`;
  const { residentBytes, storeBytes } = footprint;
  const memory = residentBytes.length === 0 ? "" : `; memory ${list(residentBytes)}`;
  const store = storeBytes.length === 0 ? "" : `; stores ${list(storeBytes)}`;
  return `${seconds.toFixed(0)} s: ${rate} commands/s, p50 ${p50} ms, p99 ${p99} ms${errors}${memory}${store}`;
}

function list(bytes: readonly number[]): string {
  return bytes.map(mebibytes).join(" ");
}

function genesisIn(dir: string | undefined): Genesis | null {
  const path = join(dir ?? "", CLUSTER_FILES.genesis);
  return dir !== undefined && existsSync(path) ? readGenesis(path) : null;
}

/** The replicas that run on this machine, as their gateways say. */
async function localUse(genesis: Genesis | null): Promise<ClusterUse> {
  const statuses = genesis === null ? [] : await fetchStatuses(genesis);
  const pids = new Map<number, number>();
  for (const status of statuses) if (status !== null) pids.set(status.replica, status.pid);
  return new ClusterUse(pids);
}
