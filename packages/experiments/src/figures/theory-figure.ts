import { COMMAND_BYTES, FIGURE_3, PROPOSAL_SIZES } from "../theory/setting.ts";
import { THEORIES, type Theory } from "../theory/throughput.ts";
import { drawing, lineMarks, type Panel, type Series } from "./canvas.ts";
import { type Report, significant, type Table } from "./report.ts";

const N_MIN = 4;
const N_MAX = 400;
const N_STEP = 12;
const KILO = 1_000;
const TABLE_SIZES = [4, 19, 49, 97, 193, 301, 400];

/** Colours of the curves, in the order of the legend. */
const STYLES: readonly Omit<Series, "label">[] = [
  { colour: "#444444", symbol: "asterisk" },
  { colour: "#999999", symbol: "times" },
  { colour: "#1f77b4", symbol: "circle" },
  { colour: "#8c564b", symbol: "square" },
  { colour: "#9467bd", symbol: "triangle" },
  { colour: "#d62728", symbol: "diamond" },
];

/** The counted formulas that are drawn against Tmax and TmaxHybrid. */
const COUNTED = [
  "RCC, MirBFT",
  "DQPBFT, O-batches of 24",
  "DQSBFT, O-batches of 24",
  "Destiny, O-batches of 24",
] as const;

/** Figure 3: the throughput that bandwidth allows, by the paper's formulas and by counted ones. */
export function theoryReport(): Report {
  const printed = THEORIES.filter(({ source }) => source === "paper");
  const counted = THEORIES.filter(({ name }) => name.startsWith("Tmax") && !name.includes(",")).concat(
    COUNTED.flatMap((wanted) => THEORIES.filter(({ name }) => name === wanted)),
  );
  return {
    title: "Figure 3: throughput that bandwidth allows",
    notes: [
      "Made by `destiny experiment fig3`.",
      "B = 1 Gbit/s for what a replica sends and receives together, sm = 250 B, commands of 512 B, NF = N - f.",
      "A proposal of 5 KiB holds 10 commands, one of 100 KiB 200.",
    ],
    drawings: [
      { file: "printed.svg", caption: "The paper's formulas", svg: draw(printed) },
      { file: "counted.svg", caption: "Formulas counted message by message", svg: draw(counted) },
    ],
    tables: PROPOSAL_SIZES.map(({ name, bytes }) => table(name, bytes)),
  };
}

function draw(theories: readonly Theory[]): string {
  const legend = theories.map(({ name }, index): Series => {
    const style = STYLES[index % STYLES.length] ?? { colour: "black", symbol: "plus" };
    return { label: name.replace(", O-batches of 24", ""), ...style };
  });
  const panels = PROPOSAL_SIZES.map(({ name, bytes }): Panel => {
    const marks = theories.flatMap((theory, index) => {
      const rows = sizes().map((n) => ({ n, throughput: commandsPerSecond(theory, n, bytes) / KILO }));
      const series = legend[index];
      return series === undefined ? [] : lineMarks(rows, series, { x: "n", y: "throughput" });
    });
    const y = { label: "throughput (ktx/s)", zero: true };
    return { title: `pm = ${name}`, x: { label: "number of replicas" }, y, marks };
  });
  return drawing(panels, legend);
}

function table(name: string, bytes: number): Table {
  return {
    title: `ktx/s, pm = ${name}`,
    headings: ["protocol", "formula", ...TABLE_SIZES.map((n) => `N = ${n}`), "remark"],
    rows: THEORIES.map((theory) => [
      theory.name,
      theory.source === "paper" ? "paper's" : "counted",
      ...TABLE_SIZES.map((n) => significant(commandsPerSecond(theory, n, bytes) / KILO)),
      theory.remark,
    ]),
  };
}

function commandsPerSecond({ proposals }: Theory, n: number, payloadBytes: number): number {
  return (proposals({ ...FIGURE_3, n, payloadBytes }) * payloadBytes) / COMMAND_BYTES;
}

function sizes(): number[] {
  return Array.from({ length: (N_MAX - N_MIN) / N_STEP + 1 }, (_, index) => N_MIN + index * N_STEP);
}
