import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import type { Outcomes } from "../experiments/execute.ts";
import type { Outcome } from "../run/outcome.ts";
import type { Scenario } from "../run/scenario.ts";
import { type CodeVersion, keyOf, type PointRecord } from "./record.ts";

/** The file of an experiment's records in its folder. */
const RECORDS_FILE = "records.jsonl";

/** An experiment's records in its folder: a line each, written as soon as there is one. */
export class RecordStore implements Outcomes {
  readonly #experiment: string;
  readonly #file: string;
  readonly #version: CodeVersion;
  readonly #anyVersion: boolean;
  readonly #records = new Map<string, PointRecord>();

  /**
   * Records of `version` are reused; those of other sources stay until the same scenario is run again, and are reused only if
   * `anyVersion`.
   */
  constructor(options: {
    readonly experiment: string;
    readonly folder: string;
    readonly version: CodeVersion;
    readonly anyVersion: boolean;
  }) {
    this.#experiment = options.experiment;
    this.#file = join(options.folder, RECORDS_FILE);
    this.#version = options.version;
    this.#anyVersion = options.anyVersion;
    mkdirSync(options.folder, { recursive: true });
    const old = readRecords(options.folder);
    for (const record of old) this.#records.set(keyOf(record.outcome.scenario), record);
    // Without what was superseded, and without a line that was cut off, to which the next would be added.
    if (old.length > 0) this.#rewrite();
  }

  readonly lookup = (scenario: Scenario): Outcome | undefined => {
    const record = this.#records.get(keyOf(scenario));
    const usable = this.#anyVersion || record?.sources === this.#version.sources;
    return usable ? record?.outcome : undefined;
  };

  /** What is recorded of a scenario, whatever code made it. */
  readonly lookupAny = (scenario: Scenario): Outcome | undefined =>
    this.#records.get(keyOf(scenario))?.outcome;

  keep(outcome: Outcome): void {
    const record: PointRecord = { experiment: this.#experiment, ...this.#version, outcome };
    this.#records.set(keyOf(outcome.scenario), record);
    appendFileSync(this.#file, `${JSON.stringify(record)}\n`);
  }

  /** Those of the given scenarios, whatever code made them, in an order that does not depend on when they were made. */
  recordsOf(scenarios: readonly Scenario[]): PointRecord[] {
    const found = scenarios.flatMap((scenario) => this.#records.get(keyOf(scenario)) ?? []);
    return [...new Set(found)].sort(inOrder);
  }

  /** Forgets all but these, and writes them in their order. */
  keepOnly(records: readonly PointRecord[]): void {
    this.#records.clear();
    for (const record of records) this.#records.set(keyOf(record.outcome.scenario), record);
    this.#rewrite();
  }

  #rewrite(): void {
    const temporary = `${this.#file}.new`;
    const lines = [...this.#records.values()].map((record) => `${JSON.stringify(record)}\n`);
    writeFileSync(temporary, lines.join(""));
    renameSync(temporary, this.#file);
  }
}

/** The records of a folder, oldest first; none if there is no file. A last line that was cut off does not count. */
export function readRecords(folder: string): PointRecord[] {
  const file = join(folder, RECORDS_FILE);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, "utf8").split("\n");
  const whole = lines.slice(0, -1);
  return whole.map((line, index) => {
    try {
      return JSON.parse(line) as PointRecord;
    } catch {
      throw new ConfigurationError(
        `${file}, line ${index + 1}, is no record; take the line or the file away`,
      );
    }
  });
}

function inOrder(a: PointRecord, b: PointRecord): number {
  const [one, other] = [rank(a.outcome.scenario), rank(b.outcome.scenario)];
  for (const [index, value] of one.entries()) {
    const against = other[index] ?? value;
    if (value !== against) return value < against ? -1 : 1;
  }
  return keyOf(a.outcome.scenario) < keyOf(b.outcome.scenario) ? -1 : 1;
}

function rank({ protocol, replicas, batch, payloadBytes, load, seed }: Scenario): (string | number)[] {
  return [protocol, replicas, batch, payloadBytes, load.type === "closed" ? load.clientsPerRegion : 0, seed];
}
