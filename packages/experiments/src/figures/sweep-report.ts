import { shownAs } from "../experiments/protocols.ts";
import type { Outcome, RoleUse } from "../run/outcome.ts";
import type { Line } from "../statistics/line.ts";
import type { Spread } from "../statistics/numbers.ts";
import { type Report, significant, type Table } from "./report.ts";
import { type Axis, byProtocol, loadsDrawing, peaksDrawing } from "./sweep-figure.ts";

const KILO = 1_000;
const PERCENT = 100;

/** What a sweep is called and what it varies. */
export interface SweepTitle {
  readonly title: string;
  readonly axis: Axis;
  /** The workload of the drawn lines, in bytes per command; others are in the tables only. */
  readonly payloadBytes: number;
}

/** Figures 7, 8 and 9. */
export function sweepReport(
  lines: readonly Line[],
  { title, axis, payloadBytes }: SweepTitle,
): Omit<Report, "notes"> {
  const drawn = lines.filter((line) => line.payloadBytes === payloadBytes);
  const ordered = byProtocol(lines).flatMap(([, own]) => own.sort(bySetting));
  return {
    title,
    drawings:
      drawn.length === 0
        ? []
        : [peaksDrawing(drawn, axis, "Peak throughput, and latency at the knee"), loadsDrawing(drawn, axis)],
    tables: [peaks(ordered), limits(ordered), loads(ordered)],
  };
}

function bySetting(a: Line, b: Line): number {
  return a.replicas - b.replicas || a.payloadBytes - b.payloadBytes || a.batch - b.batch;
}

const SETTING_HEADINGS = ["protocol", "N", "batch", "bytes"] as const;

function setting({ protocol, replicas, batch, payloadBytes }: Line): (string | number)[] {
  return [shownAs(protocol).label, replicas, batch, payloadBytes];
}

function peaks(lines: readonly Line[]): Table {
  return {
    title: "Peak throughput, and latency at the knee",
    headings: [
      ...SETTING_HEADINGS,
      "peak ktx/s",
      "at load",
      "knee ktx/s",
      "at load",
      "knee latency ms",
      "p50",
      "p99",
      "seeds",
      "errors",
    ],
    rows: lines.map((line) => [
      ...setting(line),
      significant(line.peak.throughput / KILO),
      line.peak.load,
      spread(line.kneeThroughput, KILO),
      line.knee.load,
      spread(line.kneeLatency, 1),
      significant(line.knee.outcome.latencyMs.p50),
      significant(line.knee.outcome.latencyMs.p99),
      line.kneeLatency.count,
      line.points.reduce((sum, { outcome }) => sum + outcome.errors, 0),
    ]),
  };
}

function spread({ mean, deviation, count }: Spread, unit: number): string | number {
  const value = significant(mean / unit);
  return count === 1 ? `${value}` : `${value} ± ${significant(deviation / unit, 2)}`;
}

/** Which resource of which role is busiest at the peak, and what each role uses. */
function limits(lines: readonly Line[]): Table {
  return {
    title: "What limits the peak",
    headings: [
      ...SETTING_HEADINGS,
      "limited by",
      "busy %",
      "role",
      "replicas",
      "out Gbit/s",
      "in Gbit/s",
      "CPU %",
      "loop %",
      "workers %",
      "lane %",
      "wait loop ms",
      "wait workers ms",
      "wait out ms",
    ],
    rows: lines.flatMap((line) => {
      const { outcome } = line.peak;
      return outcome.roles.map((role) => [...setting(line), ...limit(outcome), ...use(role)]);
    }),
  };
}

function limit({ bottleneck: { role, resource, busy } }: Outcome): (string | number)[] {
  return [`${role}'s ${resource}`, percent(busy)];
}

function use({ role, replicas, egress, ingress, busy, waitMs }: RoleUse): (string | number)[] {
  return [
    role,
    replicas,
    significant(egress),
    significant(ingress),
    percent(busy.processors),
    percent(busy.loop),
    percent(busy.workers),
    percent(busy.lane),
    significant(waitMs.loop),
    significant(waitMs.workers),
    significant(waitMs.egress),
  ];
}

function percent(share: number): number {
  return Math.round(share * PERCENT);
}

function loads(lines: readonly Line[]): Table {
  return {
    title: "Every load",
    headings: [
      ...SETTING_HEADINGS,
      "requests under way per region",
      "ktx/s",
      "mean ms",
      "p50",
      "p90",
      "p99",
      "max",
    ],
    rows: lines.flatMap((line) =>
      line.points.map(({ load, throughput, settled, outcome: { latencyMs } }) => [
        ...setting(line),
        load,
        significant(throughput / KILO),
        ...[latencyMs.mean, latencyMs.p50, latencyMs.p90, latencyMs.p99, latencyMs.max].map((value) =>
          significant(value),
        ),
        settled ? "" : "not settled",
      ]),
    ),
  };
}
