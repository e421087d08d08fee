import type { Outcome, RoleUse } from "@destiny/experiments/run/outcome";
import { formatPairs, formatTable, mebibytes, round } from "./print.ts";

/** What a simulation showed, in the shape that `bench`, `load` and `sim` share, and more. */
export type SimulationReport = Omit<Outcome, "violations"> & {
  readonly protocol: string;
  readonly replicas: number;
  readonly seed: number;
  /** Virtual seconds measured. */
  readonly durationS: number;
  /** Null in an open loop. */
  readonly clients: number | null;
  readonly bundle: number;
  readonly batch: number;
  readonly payloadBytes: number;
  /** Virtual; clients are not modelled as machines. */
  readonly cpuSeconds: { readonly replicas: number; readonly clients: number };
  readonly violations: number;
  readonly violationsFound: readonly string[];
};

/** Puts a report together. */
export function simulationReport(outcome: Outcome, clients: number | null): SimulationReport {
  const { scenario, violations, roles } = outcome;
  const { protocol, replicas, seed, duration, warmUp, bundle, batch, payloadBytes } = scenario;
  const cpu = roles.reduce((sum, role) => sum + role.replicas * total(role.cpuSeconds), 0);
  return {
    ...{ protocol, replicas, f: outcome.f, seed },
    durationS: (duration - warmUp) / 1_000_000,
    ...{ clients, bundle, batch, payloadBytes },
    ...outcome,
    cpuSeconds: { replicas: cpu, clients: 0 },
    violations: violations.length,
    violationsFound: violations,
  };
}

/** A report for people. */
export function describeSimulation(outcome: Outcome, clients: number | null): string {
  const { scenario, latencyMs, wall, bottleneck } = outcome;
  const { protocol, replicas, wan, profile, without, bundle, batch, payloadBytes } = scenario;
  const load = clients === null ? "open loop" : `${clients} clients`;
  const seconds = scenario.duration / 1_000_000;
  const left = without.length === 0 ? "" : ` without ${without.join(", ")}`;
  const summary = formatPairs([
    ["protocol", `${protocol}, ${replicas} replicas, f = ${outcome.f}`],
    ["model", `${wan}, ${profile}${left}, seed ${scenario.seed}`],
    ["load", `${load}, bundles of ${bundle}, batches of ${batch}, ${payloadBytes} bytes`],
    ["executed", `${outcome.executed} commands`],
    ["throughput", `${round(outcome.throughput)} commands/s`],
    [
      "latency",
      `mean ${ms(latencyMs.mean)}, p50 ${ms(latencyMs.p50)}, p99 ${ms(latencyMs.p99)}, max ${ms(latencyMs.max)}`,
    ],
    ["limited by", limit(bottleneck)],
    ["errors", `${outcome.errors}`],
    ["violations", `${outcome.violations.length}`],
    ["trace hash", outcome.traceHash],
    [
      "simulated",
      `${seconds} s in ${round(wall.seconds)} s, ${rate(wall)}, ${mebibytes(wall.residentBytes)}`,
    ],
  ]);
  return [summary, regions(outcome), resources(outcome.roles)].join("\n\n");
}

function limit({ role, resource, busy }: Outcome["bottleneck"]): string {
  if (resource === "latency") return `latency: nothing is busier than ${percent(busy)}`;
  return `${NAMES[resource]} of the ${role}, ${percent(busy)} busy`;
}

const NAMES: Readonly<Record<keyof RoleUse["busy"], string>> = {
  processors: "all processors",
  loop: "the serial loop",
  workers: "the workers",
  lane: "the trusted subsystem",
  egress: "the network interface, sending",
  ingress: "the network interface, receiving",
  link: "a link",
};

function regions({ regions: all }: Outcome): string {
  const rows = Object.entries(all)
    .filter(([, { throughput }]) => throughput > 0)
    .map(([name, { throughput, latencyMs }]) => {
      const { mean, p50, p99 } = latencyMs;
      return [name, round(throughput), round(mean), round(p50), round(p99)];
    });
  return formatTable(["region", "commands/s", "mean ms", "p50 ms", "p99 ms"], rows);
}

function resources(roles: readonly RoleUse[]): string {
  const names = Object.keys(NAMES) as (keyof RoleUse["busy"])[];
  const rows = roles.map((role) => [
    `${role.role} (${role.replicas})`,
    ...names.map((name) => percent(role.busy[name])),
    round(role.egress),
    round(role.ingress),
  ]);
  return formatTable(["busy", ...names, "Gbit/s out", "Gbit/s in"], rows);
}

function rate({ delivered, seconds }: Outcome["wall"]): string {
  return `${round(delivered / seconds / 1_000_000)} million messages/s`;
}

function ms(value: number): string {
  return `${round(value, 1)} ms`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(0)} %`;
}

function total(parts: Readonly<Record<string, number>>): number {
  return Object.values(parts).reduce((sum, part) => sum + part, 0);
}
