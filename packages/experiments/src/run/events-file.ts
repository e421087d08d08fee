import { readFileSync } from "node:fs";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import type { Micros } from "@destiny/core/kernel/ids";
import type { ScenarioEvent } from "./scenario.ts";

const SECOND: Micros = 1_000_000;
const MILLI: Micros = 1_000;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads what happens during a run from a JSON file, a list of objects with `type` and `at` in seconds:
 * `{ "type": "crash", "at": 5, "replicas": [1] }`, `{ "type": "lag", …, "replicas": [1], "delayMs": 50 }`,
 * `{ "type": "scale-load", …, "factor": 2, "regions": ["eastus"] }`, `{ "type": "partition", …, "groups": [[0], [1, 2]], "until": 9 }`.
 * Throws ConfigurationError that says which is wrong.
 */
export function readEvents(path: string, replicas: number): readonly ScenarioEvent[] {
  const list = parse(path);
  return list.map((item, index) => {
    try {
      return eventOf(item as Fields, replicas);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      throw new ConfigurationError(`${path}, event ${index + 1}: ${reason}`);
    }
  });
}

function parse(path: string): readonly unknown[] {
  let json: unknown;
  try {
    json = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(`the file of faults ${path} cannot be read: ${reason}`);
  }
  if (Array.isArray(json) && json.every((item) => typeof item === "object" && item !== null)) return json;
  throw new ConfigurationError(`${path} must be a list of events`);
}

function eventOf(fields: Fields, n: number): ScenarioEvent {
  const at = Math.round(number(fields, "at") * SECOND);
  const { type } = fields;
  switch (type) {
    case "crash":
      return { type, at, replicas: replicasOf(fields["replicas"], n) };
    case "lag": {
      const delay = Math.round(number(fields, "delayMs") * MILLI);
      return { type, at, replicas: replicasOf(fields["replicas"], n), delay };
    }
    case "scale-load":
      return { type, at, factor: number(fields, "factor"), ...regionsOf(fields["regions"]) };
    case "partition": {
      const { groups } = fields;
      if (!Array.isArray(groups)) throw new Error('"groups" must be a list of lists of replicas');
      const until = Math.round(number(fields, "until") * SECOND);
      return { type, at, groups: groups.map((group) => replicasOf(group, n)), until };
    }
    default:
      throw new Error('"type" must be crash, lag, scale-load or partition');
  }
}

function number(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value === "number" && value >= 0 && Number.isFinite(value)) return value;
  throw new Error(`"${name}" must be a number, at least 0`);
}

function replicasOf(value: unknown, n: number): readonly number[] {
  const isReplica = (id: unknown): boolean => Number.isInteger(id) && Number(id) >= 0 && Number(id) < n;
  if (Array.isArray(value) && value.every(isReplica)) return value;
  throw new Error(`replicas must be a list of numbers from 0 to ${n - 1}`);
}

function regionsOf(value: unknown): { readonly regions?: readonly string[] } {
  if (value === undefined) return {};
  if (Array.isArray(value) && value.every((name) => typeof name === "string")) return { regions: value };
  throw new Error('"regions" must be a list of names');
}
