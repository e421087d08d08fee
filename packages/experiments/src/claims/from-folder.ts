import { join } from "node:path";
import { FIGURES } from "../experiments/catalogue.ts";
import type { PointRecord } from "../records/record.ts";
import { readRecords } from "../records/record-store.ts";
import { Evidence } from "./evidence.ts";

/** Records of all figures under a folder. */
export interface FolderEvidence {
  readonly evidence: Evidence;
  readonly records: number;
  /** Versions of the code that made them. */
  readonly commits: readonly string[];
}

/** Opens the records of every figure; a figure that has none has none. Throws `ConfigurationError` if a file is no such file. */
export function evidenceFrom(folder: string): FolderEvidence {
  const entries = FIGURES.map((figure): [string, PointRecord[]] => [
    figure,
    readRecords(join(folder, figure)),
  ]);
  const all = entries.flatMap(([, records]) => records);
  return {
    evidence: new Evidence(Object.fromEntries(entries)),
    records: all.length,
    commits: [...new Set(all.map(({ commit }) => commit))].sort(),
  };
}
