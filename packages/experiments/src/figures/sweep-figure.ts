import { PAPER_PROTOCOLS, type ShownProtocol, shownAs } from "../experiments/protocols.ts";
import type { Line } from "../statistics/line.ts";
import { type Channels, drawing, lineMarks, type Panel, type Series } from "./canvas.ts";
import type { Drawing } from "./report.ts";

const KILO = 1_000;
const FEW = 6;

/** What runs along the bottom of a figure. */
export interface Axis {
  readonly of: "batch" | "replicas";
  readonly label: string;
}

/** Throughput and latency against what the figure varies, a line per protocol. */
export function peaksDrawing(lines: readonly Line[], axis: Axis, caption: string): Drawing {
  const values = [...new Set(lines.map((line) => line[axis.of]))].sort((a, b) => a - b);
  const x = { label: axis.label, ticks: values, tickFormat: (value: number) => String(value) };
  const panel = (title: string, y: Panel["y"], column: string): Panel => ({
    title,
    x,
    y,
    marks: byProtocol(lines).flatMap(([shown, own]) =>
      lineMarks(own.map(peakRow).sort(byColumn(axis.of)), seriesOf(shown), { x: axis.of, y: column }),
    ),
  });
  const panels = [
    panel("Throughput", { label: "throughput (ktx/s)", zero: true }, "throughput"),
    panel("Latency", { label: "latency (ms)", zero: true }, "latency"),
  ];
  return { file: "peaks.svg", caption, svg: drawing(panels, legendOf(lines)) };
}

/** Latency against throughput as the load rises: a panel for each setting of the figure, the first few of them. */
export function loadsDrawing(lines: readonly Line[], axis: Axis): Drawing {
  const settings = [...new Set(lines.map((line) => line[axis.of]))].sort((a, b) => a - b).slice(0, FEW);
  const panels = settings.map((setting): Panel => {
    const here = lines.filter((line) => line[axis.of] === setting);
    const channels: Channels = { x: "throughput", y: "latency" };
    return {
      title: `${axis.of === "batch" ? "batch" : "N"} = ${setting}`,
      x: { label: "throughput (ktx/s)", zero: true },
      y: { label: "latency (ms)", type: "log", tickFormat: (value: number) => String(value) },
      marks: byProtocol(here).flatMap(([shown, own]) =>
        own.flatMap((line) => lineMarks(line.points.map(loadRow), seriesOf(shown), channels)),
      ),
    };
  });
  const caption = "Latency against throughput, by load";
  return { file: "loads.svg", caption, svg: drawing(panels, legendOf(lines)) };
}

function peakRow({ batch, replicas, peak, kneeLatency }: Line): Record<string, number> {
  return { batch, replicas, throughput: peak.throughput / KILO, latency: kneeLatency.mean };
}

function loadRow({ throughput, latencyMs }: Line["points"][number]): Record<string, number> {
  return { throughput: throughput / KILO, latency: latencyMs };
}

function byColumn(column: string): (a: Record<string, number>, b: Record<string, number>) => number {
  return (a, b) => (a[column] ?? 0) - (b[column] ?? 0);
}

/** Protocols that there are lines of, in the paper's order, those that it does not have at the end. */
export function byProtocol<L extends { readonly protocol: string }>(
  lines: readonly L[],
): [ShownProtocol, L[]][] {
  const names = [
    ...new Set([...PAPER_PROTOCOLS.map(({ name }) => name), ...lines.map(({ protocol }) => protocol)]),
  ];
  return names
    .map((name): [ShownProtocol, L[]] => [shownAs(name), lines.filter(({ protocol }) => protocol === name)])
    .filter(([, own]) => own.length > 0);
}

/** Single primaries are dashed: colours repeat between a protocol and its DQBFT composition. */
export function seriesOf({ label, colour, symbol, family }: ShownProtocol): Series {
  return { label, colour, symbol, ...(family === "single-primary" && { dashes: "4 3" }) };
}

/** The protocols that there are lines of. */
export function legendOf(lines: readonly { readonly protocol: string }[]): Series[] {
  return byProtocol(lines).map(([shown]) => seriesOf(shown));
}
