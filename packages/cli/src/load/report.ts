import type { ClusterDescription } from "@destiny/client/cluster-description";
import { formatPairs, mebibytes } from "../output/print.ts";
import type { ReplicaUse } from "./cluster-use.ts";
import type { Measurement } from "./measurement.ts";
import type { Latencies } from "./tally.ts";

/** What a load measured, in the shape that `bench`, `load` and `sim` share. */
export interface LoadReport {
  readonly protocol: string;
  readonly replicas: number;
  readonly f: number;
  /** Null: real processes take real time, and no seed repeats it. */
  readonly seed: null;
  /** Length of the measured window. */
  readonly durationS: number;
  readonly clients: number;
  readonly bundle: number;
  /** Commands of this size in a full batch of a coordinator. */
  readonly batch: number;
  readonly payloadBytes: number;
  /** Commands answered and verified in the window. */
  readonly executed: number;
  /** Commands per second. */
  readonly throughput: number;
  readonly latencyMs: Latencies;
  /** Commands that failed in the window. */
  readonly errors: number;
  readonly errorsByName: Readonly<Record<string, number>>;
  /** In the window; the replicas' with their signers'. */
  readonly cpuSeconds: { readonly replicas: number; readonly clients: number };
  readonly perReplica: readonly ReplicaUse[];
  /** Messages that no correct replica sends, and replicas that had different states after the same slot. */
  readonly violations: number;
  readonly traceHash: null;
}

/** What a report is made of. */
export interface ReportParts {
  readonly protocol: string;
  readonly cluster: ClusterDescription;
  readonly options: { readonly clients: number; readonly bundle: number; readonly payload: number };
  /** Bytes at which a coordinator's batch is full. */
  readonly batchBytes: number;
  readonly measurement: Measurement;
  readonly use: readonly ReplicaUse[];
  readonly divergences: readonly string[];
}

/** Puts a report together. */
export function loadReport(parts: ReportParts): LoadReport {
  const { protocol, cluster, options, batchBytes, measurement, use, divergences } = parts;
  const { tally, seconds, misbehaviour } = measurement;
  const { n, f } = cluster.faults;
  const replicaCpu = use.reduce((sum, each) => sum + each.cpuSeconds + each.signerCpuSeconds, 0);
  return {
    protocol,
    replicas: n,
    f,
    seed: null,
    durationS: rounded(seconds),
    clients: options.clients,
    bundle: options.bundle,
    batch: Math.max(1, Math.floor(batchBytes / Math.max(1, options.payload))),
    payloadBytes: options.payload,
    executed: tally.commands,
    throughput: seconds === 0 ? 0 : rounded(tally.commands / seconds),
    latencyMs: tally.latencies(),
    errors: tally.errorCount,
    errorsByName: Object.fromEntries(tally.errors),
    cpuSeconds: { replicas: rounded(replicaCpu), clients: rounded(tally.cpuSeconds) },
    perReplica: use,
    violations: misbehaviour + divergences.length,
    traceHash: null,
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}

/** A report as a table for people. */
export function describeReport(report: LoadReport): string {
  const { latencyMs, cpuSeconds, perReplica } = report;
  const memory = perReplica.map(({ residentBytes }) => mebibytes(residentBytes)).join(", ");
  const rows: [string, string][] = [
    ["protocol", `${report.protocol}, ${report.replicas} replicas, f = ${report.f}`],
    ["load", `${report.clients} clients, bundles of ${report.bundle}, ${report.payloadBytes} bytes`],
    ["measured", `${report.durationS} s`],
    ["executed", `${report.executed} commands`],
    ["throughput", `${report.throughput} commands/s`],
    ["latency", `p50 ${latencyMs.p50} ms, p90 ${latencyMs.p90} ms, p99 ${latencyMs.p99} ms`],
    ["errors", describeErrors(report)],
    ["CPU", `replicas ${cpuSeconds.replicas} s, clients ${cpuSeconds.clients} s`],
    ["memory", memory === "" ? "unknown on this system" : memory],
    ["violations", String(report.violations)],
  ];
  return formatPairs(rows);
}

function describeErrors({ errors, errorsByName }: LoadReport): string {
  if (errors === 0) return "0";
  const names = Object.entries(errorsByName).map(([name, count]) => `${name} ${count}`);
  return `${errors} (${names.join(", ")})`;
}
