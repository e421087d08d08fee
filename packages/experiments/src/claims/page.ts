import { markdownTable, significant, type Table } from "../figures/report.ts";
import type { Range } from "./claim.ts";
import type { Measured, Verdict } from "./verdict.ts";

const SHOWN_MAX = 3;
const PROTOCOL = "protocol ";
const NOT_FOUND = "the reason is not found yet.";

/** How many claims came to which verdict. */
export function talliesOf(verdicts: readonly Verdict[]): Record<Verdict["verdict"], number> {
  const count = (wanted: Verdict["verdict"]): number =>
    verdicts.filter(({ verdict }) => verdict === wanted).length;
  return { pass: count("pass"), fail: count("fail"), "not yet": count("not yet") };
}

/** The claims as a table for a terminal. */
export function claimsTable(verdicts: readonly Verdict[]): Table {
  return {
    title: "Claims",
    headings: ["id", "figure", "level", "measured", "expected", "accepted", "verdict", "what is missing"],
    rows: verdicts.map((verdict) => [
      verdict.id,
      verdict.figure,
      verdict.level,
      measuredText(verdict.measured),
      String(verdict.expected),
      rangeText(verdict.accept),
      verdict.verdict,
      missingText(verdict.missing),
    ]),
  };
}

/** Why claims fail, a line each. */
export function explanations(verdicts: readonly Verdict[]): string[] {
  return verdicts.filter(isOutside).map(({ id, reason }) => `${id} is out of range: ${reason ?? NOT_FOUND}`);
}

/** The claims as a page in Markdown. */
export function claimsPage(verdicts: readonly Verdict[], origin: string): string {
  const tallies = talliesOf(verdicts);
  const failing = verdicts.filter(isOutside);
  const parts = [
    "# The paper's claims",
    `${origin} Written by \`destiny claims --markdown\`; not edited by hand.`,
    `${verdicts.length} claims: **${tallies.pass} pass, ${tallies.fail} fail, ${tallies["not yet"]} not yet** ` +
      "(something that they need was not run). A claim passes if everything measured for it is within what is accepted. No " +
      "constant of the simulator is fitted to a claim; what fails is explained below.",
    markdownTable({
      headings: ["id", "figure", "claim", "measured", "expected", "accepted", "verdict"],
      rows: verdicts.map((verdict) => [
        verdict.id,
        verdict.figure,
        `${verdict.claim}${verdict.level === "should" ? " *(should)*" : ""}`,
        measuredText(verdict.measured),
        String(verdict.expected),
        rangeText(verdict.accept),
        verdict.verdict === "not yet" ? `not yet: ${missingText(verdict.missing)}` : `**${verdict.verdict}**`,
      ]),
    }),
    "## What is out of range, and why",
    ...(failing.length === 0 ? ["Nothing."] : failing.map(explanation)),
    "## Every number",
    markdownTable({
      headings: ["id", "metric", "of", "measured", "accepted", ""],
      rows: verdicts.flatMap(({ id, metric, measured }) =>
        measured.map(({ label, value, accept, within }) => [
          id,
          metric,
          label,
          significant(value),
          rangeText(accept),
          within ? "" : "out of range",
        ]),
      ),
    }),
  ];
  return `${parts.join("\n\n")}\n`;
}

function explanation({ id, claim, measured, reason }: Verdict): string {
  const outside = measured.filter(({ within }) => !within);
  return `**${id}** (${claim}): ${measuredText(outside)}. ${reason ?? NOT_FOUND}`;
}

function isOutside({ measured }: Verdict): boolean {
  return measured.some(({ within }) => !within);
}

/** One number as it is; several as a range, with the names of those out of range. */
function measuredText(measured: readonly Measured[]): string {
  const values = measured.map(({ value }) => value);
  if (values.length === 0) return "–";
  const [low, high] = [significant(Math.min(...values)), significant(Math.max(...values))];
  const range = low === high ? `${low}` : `${low} to ${high}`;
  const outside = measured.filter(({ within, label }) => !within && label !== "");
  const names = outside.map(({ label, value }) => `${label}: ${significant(value)}`);
  return outside.length === 0 ? range : `${range} (${listText(names, "; ")})`;
}

/** Protocols by name, runs by how many of each figure. */
function missingText(missing: readonly string[]): string {
  const protocols = missing
    .filter((what) => what.startsWith(PROTOCOL))
    .map((what) => what.slice(PROTOCOL.length));
  const runs = new Map<string, number>();
  for (const what of missing) {
    const [figure = ""] = what.split(" ");
    if (figure.startsWith("fig")) runs.set(figure, (runs.get(figure) ?? 0) + 1);
  }
  const counted = [...runs].map(
    ([figure, count]) => `${count} ${count === 1 ? "line" : "lines"} of ${figure}`,
  );
  return [...protocols, ...counted].join(", ");
}

function rangeText([least, most]: Range): string {
  if (most === null) return least === null ? "any" : `≥ ${least}`;
  if (least === null) return `≤ ${most}`;
  return least === most ? `${least}` : `${least} to ${most}`;
}

function listText(items: readonly string[], separator = ", "): string {
  const more = items.length - SHOWN_MAX;
  return items.slice(0, SHOWN_MAX).join(separator) + (more > 0 ? `${separator}${more} more` : "");
}
