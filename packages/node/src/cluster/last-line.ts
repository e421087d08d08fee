import { closeSync, fstatSync, openSync, readSync } from "node:fs";

/** How much of a log's end is looked at. */
const TAIL_BYTES = 8_192;
const LINE_MAX = 400;

/** The last line of a log that says something, in plain words if it is a record of the logger; empty if there is none. */
export function lastLineOf(path: string): string {
  const lines = tailOf(path)
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !/^(at |Node\.js v)/.test(line));
  return plain(lines.at(-1) ?? "").slice(0, LINE_MAX);
}

function plain(line: string): string {
  if (!line.startsWith("{")) return line.replace(/^destiny[\w -]*: /, "");
  try {
    const record = JSON.parse(line) as Record<string, unknown>;
    const { msg, error, reason } = record;
    return [msg, reason, error].filter((part) => typeof part === "string").join(": ") || line;
  } catch {
    return line;
  }
}

function tailOf(path: string): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(file);
    const bytes = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(file, bytes, 0, bytes.length, size - bytes.length);
    return bytes.toString("utf8");
  } finally {
    closeSync(file);
  }
}
