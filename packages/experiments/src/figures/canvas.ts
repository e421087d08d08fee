import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { ShownProtocol } from "../experiments/protocols.ts";

const { document } = parseHTML("<!doctype html><html><body></body></html>");

const PANEL_WIDTH = 440;
const PANEL_HEIGHT = 320;
const TITLE_HEIGHT = 26;
const COLUMNS_MAX = 3;
const LEGEND_ROW = 20;
const LEGEND_COLUMN = 132;
const FONT = { fontFamily: "system-ui, sans-serif", fontSize: "11px" };

/** More digits than a screen can show. */
const LONG_NUMBER = /\d+\.\d{3,}/g;

/** A part of a figure with axes of its own. */
export interface Panel {
  readonly title: string;
  readonly x: Plot.ScaleOptions;
  readonly y: Plot.ScaleOptions;
  readonly marks: readonly Plot.Markish[];
}

/** How a series is drawn, and what it is called. */
export type Series = Pick<ShownProtocol, "label" | "colour" | "symbol"> & { readonly dashes?: string };

/**
 * A figure as a file of its own: panels side by side, each as wide as so many usual ones, the legend below. Nothing in it depends
 * on when it was drawn.
 */
export function drawing(panels: readonly Panel[], legend: readonly Series[], stretch = 1): string {
  const panelWidth = PANEL_WIDTH * stretch;
  const columns = Math.min(panels.length, COLUMNS_MAX);
  const rowHeight = TITLE_HEIGHT + PANEL_HEIGHT;
  const legendTop = Math.ceil(panels.length / columns) * rowHeight;
  const width = columns * panelWidth;
  const perRow = Math.max(1, Math.floor((width - 20) / LEGEND_COLUMN));
  const legendHeight = Math.ceil(legend.length / perRow) * LEGEND_ROW + 10;
  const height = legendTop + legendHeight;
  const parts = panels.flatMap((panel, index) => {
    const [x, y] = [(index % columns) * panelWidth, Math.floor(index / columns) * rowHeight];
    return [
      place(drawPanel(panel, panelWidth), x, y + TITLE_HEIGHT),
      heading(panel.title, x + panelWidth / 2, y + TITLE_HEIGHT - 8),
    ];
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...parts,
    place(drawLegend(legend, { width, height: legendHeight, perRow }), 0, legendTop),
    "</svg>",
    "",
  ].join("\n");
}

/** A line with a symbol at each point. */
export function lineMarks<Row>(rows: readonly Row[], series: Series, channels: Channels): Plot.Markish[] {
  const { colour: stroke, symbol, dashes } = series;
  return [
    Plot.line(rows, { ...channels, stroke, strokeWidth: 1.5, ...(dashes && { strokeDasharray: dashes }) }),
    Plot.dot(rows, {
      ...channels,
      stroke,
      symbol: symbol as Plot.DotOptions["symbol"] & string,
      fill: "white",
      r: 3.5,
    }),
  ];
}

/** Which columns of a row are where. */
export interface Channels {
  readonly x: string;
  readonly y: string;
}

function drawPanel({ x, y, marks }: Panel, width: number): string {
  return svgOf({
    width,
    height: PANEL_HEIGHT,
    marginLeft: 54,
    marginRight: 18,
    marginBottom: 40,
    grid: true,
    x: { labelAnchor: "center", labelArrow: "none", ...x },
    y: { labelArrow: "none", nice: true, ...y },
    marks: [Plot.frame({ stroke: "#999" }), ...marks],
  });
}

function drawLegend(
  series: readonly Series[],
  { width, height, perRow }: { readonly width: number; readonly height: number; readonly perRow: number },
): string {
  const marks = series.flatMap((each, index) => {
    const x = 24 + (index % perRow) * LEGEND_COLUMN;
    const y = 10 + Math.floor(index / perRow) * LEGEND_ROW;
    const stroke = [
      { x: x - 12, y },
      { x: x + 12, y },
    ];
    const label = { text: () => each.label, dx: 18, textAnchor: "start" as const };
    return [
      ...lineMarks(stroke, each, { x: "x", y: "y" }).slice(0, 1),
      ...lineMarks([{ x, y }], each, { x: "x", y: "y" }).slice(1),
      Plot.text([{ x, y }], { x: "x", y: "y", ...label }),
    ];
  });
  const identity: Plot.ScaleOptions = { type: "identity", axis: null };
  return svgOf({ width, height, x: identity, y: identity, marks });
}

function svgOf(options: Plot.PlotOptions): string {
  const svg = Plot.plot({
    ...options,
    document: document as never,
    className: "plot",
    style: FONT,
  });
  const markup: string = svg.outerHTML;
  return markup.replaceAll(LONG_NUMBER, (number) => String(Number(Number(number).toFixed(2))));
}

function place(svg: string, x: number, y: number): string {
  return svg.replace("<svg ", `<svg x="${x}" y="${y}" `);
}

function heading(text: string, x: number, y: number): string {
  const style = 'font-family="system-ui, sans-serif" font-size="13" font-weight="600" text-anchor="middle"';
  return `<text x="${x}" y="${y}" ${style}>${text.replaceAll("&", "&amp;").replaceAll("<", "&lt;")}</text>`;
}
