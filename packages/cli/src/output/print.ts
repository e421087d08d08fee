/** Where results go: tables for people, or exactly one JSON value. Everything else goes to standard error. */
export function printLine(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The one JSON value of a command. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, undefined, 2)}\n`);
}

/** A line for people that is no result. */
export function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Columns as wide as need be, numbers to the right. */
export function formatTable(
  headings: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): string {
  const cells = [headings, ...rows.map((row) => row.map(String))];
  const widths = headings.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
  const numeric = headings.map((_, column) => rows.every((row) => typeof row[column] === "number"));
  const lines = cells.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return numeric[column] === true ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  lines.splice(1, 0, rule);
  return lines.join("\n");
}

/** Two columns: what, and how much. */
export function formatPairs(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `${name.padEnd(width)}  ${text}`).join("\n");
}

/** A number with as many digits as it deserves. */
export function round(value: number, digits = 2): number {
  return Number(value.toFixed(digits));
}

/** Bytes in mebibytes, for people. */
export function mebibytes(bytes: number): string {
  return `${(bytes / 1_048_576).toFixed(0)} MiB`;
}
