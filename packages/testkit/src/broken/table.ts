import type { Finding } from "./detect.ts";
import type { PlantedBug } from "./planted-bug.ts";

/** One line for people. */
export function describeFinding({ bug, noticed, seeds, seconds }: Finding): string {
  const mark = noticed === null ? "- MISSED" : "+";
  const after = seeds === null ? detectorOf(bug) : `${seeds} seeds`;
  return `${mark} ${bug.id}: ${bug.title} | ${after}, ${seconds.toFixed(1)} s | ${shorten(noticed ?? "nothing noticed it")}`;
}

/** The table of all bugs as Markdown rows. */
export function table(findings: readonly Finding[]): string {
  const rows = findings.map(({ bug, noticed, seeds, seconds }) => {
    const cells = [
      `\`${bug.id}\``,
      bug.title,
      bug.source,
      `${bug.protocol}, ${bug.replicas}`,
      detectorOf(bug),
    ];
    const catching = noticed === null ? "**not caught**" : shorten(noticed);
    return `| ${[...cells, seeds ?? "-", seconds.toFixed(1), catching].map((cell) => escaped(`${cell}`)).join(" | ")} |`;
  });
  const head =
    "| Bug | What the product then does | Source | Run | Caught by | Seeds | Seconds | How it showed |";
  return `${[head, "| --- | --- | --- | --- | --- | ---: | ---: | --- |", ...rows].join("\n")}\n`;
}

function detectorOf({ caughtBy }: PlantedBug): string {
  switch (caughtBy.by) {
    case "simulation":
      return "simulation";
    case "scenario":
      return `scenario ${caughtBy.name}`;
    case "test":
      return `test "${caughtBy.name}"`;
  }
}

function shorten(text: string): string {
  const line = text.split("\n")[0] ?? "";
  return line.length > 110 ? `${line.slice(0, 107)}...` : line;
}

function escaped(cell: string): string {
  return cell.replaceAll("|", "\\|").replaceAll("\n", " ");
}
