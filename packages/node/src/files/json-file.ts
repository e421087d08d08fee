import { readFileSync } from "node:fs";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { z } from "zod";
import { nearest } from "./nearest.ts";

/** Problems that one message names: the first is mostly the cause of the rest. */
const PROBLEMS_MAX = 3;

/**
 * Reads a JSON file of this shape. Throws {@link ConfigurationError} with the place of what is wrong, and never with a
 * value: the file may hold secrets.
 */
export function readJsonFile<T>(path: string, schema: z.ZodType<T>, remedy: string): T {
  return checkShape(path, parseJson(path, readText(path, remedy)), schema, remedy);
}

/** The value, if it is of this shape; else throws {@link ConfigurationError}. */
export function checkShape<T>(where: string, value: unknown, schema: z.ZodType<T>, remedy: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const known = knownKeys(schema);
  const problems = parsed.error.issues.slice(0, PROBLEMS_MAX).map((issue) => describe(issue, known));
  throw new ConfigurationError(`${where}: ${problems.join("; ")}: ${remedy}`);
}

/** The text of a file. Throws {@link ConfigurationError} if it cannot be read. */
export function readText(path: string, remedy: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new ConfigurationError(`${path} is missing: ${remedy}`);
    throw new ConfigurationError(`${path} cannot be read (${code}): make it a file that this user may read`);
  }
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The engine's message would quote the file.
    const hint = text.startsWith("\uFEFF") ? "remove the byte order mark at its start" : "check its commas";
    throw new ConfigurationError(`${path} is not JSON: ${hint}`);
  }
}

function describe(issue: z.core.$ZodIssue, known: readonly string[]): string {
  const place = issue.path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : `${text}${text && "."}${String(step)}`),
    "",
  );
  if (issue.code !== "unrecognized_keys") return `${place === "" ? "" : `"${place}": `}${issue.message}`;
  const names = issue.keys.map((key) => {
    const meant = nearest(key, known);
    return `"${key.slice(0, 40)}"${meant === undefined ? "" : ` (did you mean "${meant}"?)`}`;
  });
  return `unknown setting ${names.join(", ")}${place === "" ? "" : ` in "${place}"`}`;
}

/** Every key that the shape has, at whatever depth. */
function knownKeys(schema: z.ZodType): string[] {
  const keys = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== "object" || node === null) return;
    for (const [name, child] of Object.entries(node)) {
      if (name === "properties") for (const key of Object.keys(child as object)) keys.add(key);
      visit(child);
    }
  };
  visit(z.toJSONSchema(schema, { unrepresentable: "any" }));
  return [...keys];
}
