import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { reportOf, writeReport } from "../figures/figure-report.ts";
import type { Report } from "../figures/report.ts";
import type { CodeVersion } from "../records/record.ts";
import { RecordStore } from "../records/record-store.ts";
import { coursesOf, type FigureName, restrictedTo, SPECIFICATIONS } from "./catalogue.ts";
import { type Course, type Lookup, usedBy } from "./course.ts";
import { execute, type Observer } from "./execute.ts";
import type { RunScenario } from "./processes.ts";
import type { Specification } from "./specification.ts";

export interface FigureOptions {
  readonly figure: FigureName;
  readonly quick: boolean;
  /** The figure's own folder. */
  readonly folder: string;
  /** Protocols to run; all of the specification without. */
  readonly protocols?: readonly string[];
  /** Runs at a time. */
  readonly jobs: number;
  readonly version: CodeVersion;
  /** Whether records that other code has made stand for a run. */
  readonly anyVersion: boolean;
  /** Whether nothing is to be run: the report is made of the records that there are. */
  readonly drawOnly: boolean;
  readonly run: RunScenario;
  readonly signal: AbortSignal;
  /** Who watches, given the courses that will be run and what is known of them already. */
  readonly observe: (courses: readonly Course[], outcomeOf: Lookup) => Observer;
}

/** What came of a figure. */
export interface FigureResult {
  readonly report: Report;
  /** Runs that the report is made of. */
  readonly records: number;
}

/**
 * Runs what a figure lacks, and writes its records, page and drawings into its folder. Rejects as {@link execute} does; records
 * made until then stay, and are not made again.
 */
export async function runFigure(options: FigureOptions): Promise<FigureResult> {
  const { figure, quick, folder } = options;
  const specifications = SPECIFICATIONS[figure];
  if (specifications === null) {
    const report = reportOf({ figure, quick, specification: null, records: [] });
    writeReport(report, folder);
    return { report, records: 0 };
  }
  return runSpecification(specifications[quick ? "quick" : "full"], options);
}

async function runSpecification(specification: Specification, options: FigureOptions): Promise<FigureResult> {
  const { figure, quick, folder, protocols, version, anyVersion, drawOnly } = options;
  const store = new RecordStore({ experiment: figure, folder, version, anyVersion });
  const courses = coursesOf(protocols === undefined ? specification : restrictedTo(specification, protocols));
  if (!drawOnly) {
    const { run, jobs, signal, observe } = options;
    const observer = observe(courses, store.lookup);
    await execute({ courses, outcomes: store, run, jobs, signal, observer });
  }
  const records = store.recordsOf(usedBy([...coursesOf(specification), ...courses], store.lookupAny));
  if (!drawOnly) store.keepOnly(records);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "specification.json"), `${JSON.stringify(specification, undefined, 2)}\n`);
  const report = reportOf({ figure, quick, specification, records });
  writeReport(report, folder);
  return { report, records: records.length };
}
