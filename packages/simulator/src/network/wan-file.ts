import { ConfigurationError } from "@destiny/core/kernel/configuration-error";

/** How much gets through. */
export interface Bandwidth {
  /** Of a replica's network interface, each way. */
  readonly interfaceMbps: number;
  /** Of a pair of replicas no further apart than `pairRttMs`; it falls with the `exponent` of the round-trip time beyond that. */
  readonly pairMbps: number;
  readonly pairRttMs: number;
  readonly exponent: number;
  /** But never below this. */
  readonly floorMbps: number;
}

/** What a file says about a WAN. */
export interface WanTable {
  readonly name: string;
  readonly regions: readonly string[];
  /** There and back, in milliseconds; row: from, column: to. Need not be symmetric: half of it is the way there. */
  readonly rttMs: readonly (readonly number[])[];
  readonly bandwidth: Bandwidth;
}

const BANDWIDTH_KEYS: readonly (keyof Bandwidth)[] = [
  "interfaceMbps",
  "pairMbps",
  "pairRttMs",
  "exponent",
  "floorMbps",
];
/** Ten minutes. */
const RTT_MAX_MS = 600_000;

/** Reads `{ regions, rttMs, bandwidth }`. Throws `ConfigurationError`. */
export function parseWanJson(text: string, path: string): WanTable {
  const parsed = fieldsOf(parse(text, path), path);
  const { regions, rttMs, bandwidth } = parsed;
  if (!Array.isArray(regions)) throw wrong(path, '"regions" must be a list of names');
  if (!Array.isArray(rttMs)) throw wrong(path, '"rttMs" must be a list of rows of milliseconds');
  const name = typeof parsed["name"] === "string" ? parsed["name"] : path;
  const named = regions.map((region) => nameOf(region, path));
  return checked({ name, regions: named, rttMs, bandwidth: bandwidthOf(bandwidth, path) }, path);
}

/**
 * Reads a table: the first line names the regions, after an empty cell; every other line is a region and its round-trip times in
 * milliseconds to those. Throws `ConfigurationError`.
 */
export function parseWanCsv(text: string, path: string, bandwidth: Bandwidth): WanTable {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !line.startsWith("#"));
  const [head = [], ...rows] = lines.map((line) => line.split(",").map((cell) => cell.trim()));
  const regions = head.slice(1);
  for (const [index, row] of rows.entries()) {
    if (row[0] === regions[index]) continue;
    throw wrong(path, `row ${index + 2} is of "${row[0]}", where the first line has "${regions[index]}"`);
  }
  const rttMs = rows.map((row) => row.slice(1).map((cell) => (cell === "" ? Number.NaN : Number(cell))));
  return checked({ name: path, regions, rttMs, bandwidth }, path);
}

function checked(table: WanTable, path: string): WanTable {
  const { regions, rttMs } = table;
  if (regions.length === 0) throw wrong(path, "it has no regions");
  if (new Set(regions).size < regions.length) throw wrong(path, "two regions have the same name");
  const size = regions.length;
  if (rttMs.length !== size) throw wrong(path, `${size} regions need ${size} rows, not ${rttMs.length}`);
  for (const [from, row] of rttMs.entries()) {
    if (!Array.isArray(row) || row.length !== size) {
      throw wrong(path, `the row of "${regions[from]}" must have ${size} times`);
    }
    const to = row.findIndex((rtt) => typeof rtt !== "number" || !(rtt >= 0 && rtt <= RTT_MAX_MS));
    if (to >= 0) {
      throw wrong(path, `from "${regions[from]}" to "${regions[to]}": ${row[to]} is no time in milliseconds`);
    }
  }
  return table;
}

function bandwidthOf(value: unknown, path: string): Bandwidth {
  const fields = fieldsOf(value, path, '"bandwidth"');
  for (const key of BANDWIDTH_KEYS) {
    const number = fields[key];
    const least = key === "exponent" ? 0 : Number.MIN_VALUE;
    if (typeof number === "number" && number >= least && number < Number.POSITIVE_INFINITY) continue;
    throw wrong(path, `"bandwidth" needs "${key}", a number above 0`);
  }
  return fields as unknown as Bandwidth;
}

function parse(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw wrong(path, "it is no JSON");
  }
}

function fieldsOf(value: unknown, path: string, what = "it"): Record<string, unknown> {
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw wrong(path, `${what} must be an object with fields`);
}

function nameOf(region: unknown, path: string): string {
  if (typeof region === "string" && region !== "") return region;
  throw wrong(path, "every region needs a name");
}

function wrong(path: string, what: string): ConfigurationError {
  return new ConfigurationError(`The WAN file "${path}" cannot be used: ${what}.`);
}
