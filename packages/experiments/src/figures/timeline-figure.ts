import * as Plot from "@observablehq/plot";
import { shownAs } from "../experiments/protocols.ts";
import { reactionOf, type Timeline } from "../statistics/timeline.ts";
import { drawing, type Panel } from "./canvas.ts";
import { type Report, significant } from "./report.ts";
import { byProtocol, legendOf, seriesOf } from "./sweep-figure.ts";

const KILO = 1_000;

/** Figure 10. A compression of k shows every time k times as long as it was run: the paper's times. */
export function timelineReport(timelines: readonly Timeline[], compression: number): Omit<Report, "notes"> {
  const ordered = byProtocol(timelines).flatMap(([, own]) => own);
  const caption =
    "Throughput over time: (a) the load is doubled in nine of ten regions, (b) a replica is killed";
  return {
    title: "Figure 10: load that doubles but in one region, and a replica that dies",
    drawings:
      ordered.length === 0 ? [] : [{ file: "timeline.svg", caption, svg: draw(ordered, compression) }],
    tables: [
      {
        title: "Before and after, ktx/s",
        headings: [
          "protocol",
          "before (a)",
          "lowest after (a)",
          "settled",
          "settled / before",
          "lowest after (b)",
          "at the end",
        ],
        rows: ordered.map((timeline) => {
          const { before, dip, after, stopped, atEnd } = reactionOf(timeline);
          const [one, two, three, four, five] = [before, dip, after, stopped, atEnd].map((each) =>
            significant(each / KILO),
          ) as [number, number, number, number, number];
          return [shownAs(timeline.protocol).label, one, two, three, significant(after / before), four, five];
        }),
      },
    ],
  };
}

function draw(timelines: readonly Timeline[], compression: number): string {
  const marks = byProtocol(timelines).flatMap(([shown, own]) => {
    const { colour: stroke, dashes } = seriesOf(shown);
    const rows = own.flatMap(({ throughput }) =>
      throughput.map((value, second) => ({ time: (second + 0.5) * compression, throughput: value / KILO })),
    );
    return Plot.line(rows, {
      x: "time",
      y: "throughput",
      stroke,
      strokeWidth: 1.5,
      ...(dashes !== undefined && { strokeDasharray: dashes }),
    });
  });
  const [first] = timelines;
  const happenings =
    first === undefined
      ? []
      : [
          { time: first.raisedAt * compression, name: "(a)" },
          { time: first.killedAt * compression, name: "(b)" },
        ];
  const panel: Panel = {
    title: "Throughput over time",
    x: { label: "time (s)" },
    y: { label: "throughput (ktx/s)", zero: true },
    marks: [
      Plot.ruleX(happenings, { x: "time", stroke: "#666", strokeDasharray: "2 3" }),
      Plot.text(happenings, { x: "time", text: "name", frameAnchor: "top", dx: 10, dy: 4 }),
      ...marks,
    ],
  };
  return drawing([panel], legendOf(timelines), 2);
}
