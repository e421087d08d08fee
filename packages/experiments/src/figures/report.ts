/** Rows under headings; what is a number is shown as one. */
export interface Table {
  readonly title: string;
  readonly headings: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
}

/** A file with a drawing. */
export interface Drawing {
  /** Its name, in the folder of the figure. */
  readonly file: string;
  readonly caption: string;
  readonly svg: string;
}

/** What a figure comes to. */
export interface Report {
  readonly title: string;
  readonly drawings: readonly Drawing[];
  readonly tables: readonly Table[];
  /** What a reader has to know: what is missing, which code made it. */
  readonly notes: readonly string[];
}

/** The report as a page in Markdown, for the folder in which the drawings lie. */
export function markdownOf({ title, drawings, tables, notes }: Report): string {
  const parts = [
    `# ${title}`,
    notes.map((note) => `* ${note}`).join("\n"),
    ...drawings.map(({ file, caption }) => `![${caption}](${file})`),
    ...tables.map((table) => `## ${table.title}\n\n${markdownTable(table)}`),
  ];
  return `${parts.filter((part) => part !== "").join("\n\n")}\n`;
}

/** A table in Markdown, numbers to the right. */
export function markdownTable({ headings, rows }: Omit<Table, "title">): string {
  const numeric = headings.map((_, column) => rows.every((row) => typeof row[column] === "number"));
  const line = (cells: readonly (string | number)[]): string =>
    `| ${cells.map((cell) => String(cell).replaceAll("|", "\\|")).join(" | ")} |`;
  const rule = `|${numeric.map((right) => (right ? "---:" : "---")).join("|")}|`;
  return [line(headings), rule, ...rows.map(line)].join("\n");
}

/** A number with so many digits that matter: 12345, 123, 1.23. */
export function significant(value: number, digits = 3): number {
  if (!Number.isFinite(value)) return value;
  return Math.abs(value) >= 10 ** digits ? Math.round(value) : Number(value.toPrecision(digits));
}
