import { shownAs } from "../experiments/protocols.ts";
import type { Count } from "../statistics/counts.ts";
import { MESSAGE_COUNTS } from "../theory/messages.ts";
import { type Report, significant, type Table } from "./report.ts";
import { byProtocol } from "./sweep-figure.ts";

const ORDERINGS = ["optimistic", "pessimistic"];

/** Figure 2: formulas, and what was counted in runs. */
export function countReport(counts: readonly Count[]): Omit<Report, "notes"> {
  return {
    title: "Figure 2: messages and phases",
    drawings: [],
    tables: [formulas(), counted(counts), kinds(counts)],
  };
}

function formulas(): Table {
  return {
    title: "Formulas",
    headings: ["protocol", "messages", "from", "phases", "N = 19", "N = 97", "N = 301"],
    rows: MESSAGE_COUNTS.map(({ label, source, formula, messages, phases }) => [
      label,
      formula,
      source === "paper" ? "paper" : "counted by us",
      phases.join(" or "),
      ...[19, 97, 301].map(messages),
    ]),
  };
}

function counted(counts: readonly Count[]): Table {
  return {
    title: "Counted in runs with one command at a time",
    headings: [
      "protocol",
      "N",
      "order",
      "commands",
      "messages per command",
      "formula",
      "ratio",
      "phases",
      "phases, formula",
    ],
    rows: byProtocol(counts).flatMap(([, own]) => own.map(countedRow)),
  };
}

function countedRow(count: Count): (string | number)[] {
  const { protocol, replicas, ordering, executed, messages, phases } = count;
  const theory = MESSAGE_COUNTS.find((each) => each.protocol === protocol);
  const formula = theory?.messages(replicas) ?? Number.NaN;
  return [
    shownAs(protocol).label,
    replicas,
    theory?.phases.length === 1 ? "–" : ordering,
    executed,
    significant(messages, 4),
    formula,
    significant(messages / formula),
    significant(phases),
    theory?.phases[ORDERINGS.indexOf(ordering)] ?? "–",
  ];
}

function kinds(counts: readonly Count[]): Table {
  return {
    title: "Messages per command, by kind",
    headings: ["protocol", "N", "order", "kind", "messages per command"],
    rows: byProtocol(counts).flatMap(([{ label }, own]) =>
      own.flatMap(({ replicas, ordering, byKind }) =>
        Object.entries(byKind).map(([kind, count]) => [
          label,
          replicas,
          ordering,
          kind,
          significant(count, 4),
        ]),
      ),
    ),
  };
}
