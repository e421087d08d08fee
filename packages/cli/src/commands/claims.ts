import { existsSync } from "node:fs";
import { evidenceFrom } from "@destiny/experiments/claims/from-folder";
import { claimsPage, claimsTable, explanations, talliesOf } from "@destiny/experiments/claims/page";
import { judgeClaims } from "@destiny/experiments/claims/verdict";
import { Command, Option } from "commander";
import { Failure, UsageError } from "../output/failure.ts";
import { formatTable, printJson, printLine } from "../output/print.ts";
import { jsonOption } from "./options.ts";

const EXAMPLES = `
Examples:
  destiny claims
  destiny claims --from experiments --markdown > docs/experiments/claims.md

Measures each claim of the paper by the records that destiny experiment has written. A claim for which something was not run
is "not yet". Exit status 0 whatever the verdicts are, unless --strict is given.`;

interface ClaimsOptions {
  readonly from: string;
  readonly markdown?: true;
  readonly strict?: true;
  readonly json?: true;
}

/** `destiny claims`: what the paper says against what the records show. */
export function claimsCommand(): Command {
  return new Command("claims")
    .description("the paper's claims against the records: measured, expected, verdict")
    .addOption(new Option("--from <folder>", "where the records are").default("experiments"))
    .addOption(new Option("--markdown", "print a page in Markdown").conflicts("json"))
    .addOption(new Option("--strict", "exit status 1 if any claim fails"))
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action(claims);
}

function claims({ from, markdown, strict, json }: ClaimsOptions): void {
  if (!existsSync(from)) {
    throw new UsageError(
      `there is no folder ${from}; give another with --from, or run destiny experiment first`,
    );
  }
  const { evidence, records, commits } = evidenceFrom(from);
  const verdicts = judgeClaims(evidence);
  const tallies = talliesOf(verdicts);
  const origin = `From ${records} runs in \`${from}\`, by the code of ${commits.join(", ") || "no commit"}.`;
  if (json) printJson({ from, records, commits, tallies, claims: verdicts });
  else if (markdown) process.stdout.write(claimsPage(verdicts, origin));
  else {
    const { headings, rows } = claimsTable(verdicts);
    printLine(formatTable(headings, rows));
    for (const line of explanations(verdicts)) printLine(`\n${line}`);
    printLine(`\n${tallies.pass} pass, ${tallies.fail} fail, ${tallies["not yet"]} not yet`);
  }
  if (strict && tallies.fail > 0) throw new Failure(`${tallies.fail} claims fail`);
}
