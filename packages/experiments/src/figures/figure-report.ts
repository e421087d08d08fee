import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type FigureName, missingFrom } from "../experiments/catalogue.ts";
import { shownAs } from "../experiments/protocols.ts";
import type { Specification, TimelineSpecification } from "../experiments/specification.ts";
import { PAYLOAD_BYTES } from "../experiments/specifications/common.ts";
import type { PointRecord } from "../records/record.ts";
import { countOf } from "../statistics/counts.ts";
import { linesOf } from "../statistics/line.ts";
import { timelineOf } from "../statistics/timeline.ts";
import { countReport } from "./count-report.ts";
import { markdownOf, type Report } from "./report.ts";
import { type SweepTitle, sweepReport } from "./sweep-report.ts";
import { theoryReport } from "./theory-figure.ts";
import { timelineReport } from "./timeline-figure.ts";

const BY_BATCH = { of: "batch", label: "commands per batch" } as const;
const BY_SIZE = { of: "replicas", label: "number of replicas" } as const;

const SWEEPS: Readonly<Partial<Record<FigureName, SweepTitle>>> = {
  fig7: { title: "Figure 7: the size of batches", axis: BY_BATCH, payloadBytes: PAYLOAD_BYTES },
  fig8: { title: "Figure 8: the number of replicas", axis: BY_SIZE, payloadBytes: PAYLOAD_BYTES },
  fig9: { title: "Figure 9: f replicas failed", axis: BY_SIZE, payloadBytes: PAYLOAD_BYTES },
};

/** What a report is made of. */
export interface Sources {
  readonly figure: FigureName;
  readonly quick: boolean;
  /** Null for a figure that runs nothing. */
  readonly specification: Specification | null;
  readonly records: readonly PointRecord[];
}

/** The tables and drawings of a figure. */
export function reportOf(sources: Sources): Report {
  const { specification } = sources;
  if (specification === null) return theoryReport();
  return { ...bodyOf(sources, specification), notes: notesOf(sources, specification) };
}

function bodyOf({ figure, records }: Sources, specification: Specification): Omit<Report, "notes"> {
  const outcomes = records.map(({ outcome }) => outcome);
  switch (specification.kind) {
    case "count":
      return countReport(outcomes.map(countOf));
    case "timeline":
      return timelineReport(outcomes.map(timelineOf), specification.compression);
    case "sweep":
      return sweepReport(
        linesOf(outcomes),
        SWEEPS[figure] ?? { title: figure, axis: BY_SIZE, payloadBytes: PAYLOAD_BYTES },
      );
  }
}

function notesOf({ figure, quick, records }: Sources, specification: Specification): string[] {
  const commits = [...new Set(records.map(({ commit }) => commit))].sort();
  const missing = missingFrom(specification).map((name) => shownAs(name).label);
  const seconds = records.reduce((sum, { outcome }) => sum + outcome.wall.seconds, 0);
  const errors = records.reduce((sum, { outcome }) => sum + outcome.errors, 0);
  return [
    `Made by \`destiny experiment ${figure}${quick ? " --quick" : ""}\`; not edited by hand.` +
      (quick ? " **The quick version: small clusters, few loads, one seed.**" : ""),
    `${records.length} runs of ${Math.round(seconds)} s of one core together, by the code of ${commits.join(", ")}. ` +
      `Safety oracles were on in all of them and found nothing. Requests given up or refused: ${errors}.`,
    `Machine \`${specification.profile}\`, network \`${specification.wan}\`.`,
    ...(specification.kind === "timeline" ? [timelineNote(specification)] : []),
    ...(missing.length === 0 ? [] : [`Not in the catalogue yet, so not here: ${missing.join(", ")}.`]),
  ];
}

function timelineNote({ replicas, load, compression }: TimelineSpecification): string {
  const time =
    compression === 1 ? "" : ` Time is compressed ${compression} times; the axis shows the paper's.`;
  return `N = ${replicas}, ${load} requests under way per region at first.${time}`;
}

/** Writes the report's page and drawings into a folder. */
export function writeReport(report: Report, folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const { file, svg } of report.drawings) writeFileSync(join(folder, file), svg);
  writeFileSync(join(folder, "README.md"), markdownOf(report));
}
