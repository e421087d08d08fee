import { availableParallelism } from "node:os";
import { join } from "node:path";
import { CATALOGUE, findProtocol } from "@destiny/core/catalogue";
import { FIGURES, type FigureName } from "@destiny/experiments/experiments/catalogue";
import { Processes } from "@destiny/experiments/experiments/processes";
import { type FigureResult, runFigure } from "@destiny/experiments/experiments/run-figure";
import { codeVersion } from "@destiny/experiments/records/code-version";
import { Argument, Command, InvalidArgumentError, Option } from "commander";
import { interruption } from "../output/interruption.ts";
import { formatTable, printJson, printLine } from "../output/print.ts";
import { Progress } from "../output/progress.ts";
import { watchExperiment } from "../output/watch-experiment.ts";
import { calibrateCommand } from "./calibrate.ts";
import { jsonOption, whole } from "./options.ts";

const EXAMPLES = `
Examples:
  destiny experiment fig3
  destiny experiment fig8 --quick
  destiny experiment fig10 --protocols destiny,dqpbft

Runs what a figure of the paper needs in the simulator, and writes records (JSON lines), tables and SVG into a folder of its
own. What the records show already is not run again, unless the code that a run depends on has changed; so it can be broken
off with Ctrl-C and gone on with. Exit status 1 if safety was violated in any run.`;

const JOBS_MAX = 256;

interface ExperimentOptions {
  readonly quick?: true;
  readonly out?: string;
  readonly jobs: number;
  readonly protocols?: string[];
  readonly anyVersion?: true;
  readonly draw?: true;
  readonly json?: true;
}

/** `destiny experiment`: the figures of the paper, from specification to drawing. */
export function experimentCommand(): Command {
  return new Command("experiment")
    .description("regenerate a figure of the paper: records, tables, SVG")
    .addArgument(new Argument("<figure>", "which").choices(FIGURES))
    .addOption(new Option("--quick", "small clusters and few points: minutes instead of hours"))
    .addOption(
      new Option(
        "--out <folder>",
        "where the figure's folder is made (default: experiments, or experiments/quick)",
      ),
    )
    .addOption(
      new Option("--jobs <n>", "runs at a time")
        .argParser(whole(1, JOBS_MAX))
        .default(availableParallelism()),
    )
    .addOption(new Option("--protocols <names>", "run these alone, separated by commas").argParser(protocols))
    .addOption(new Option("--any-version", "take records that other versions of the code have made, too"))
    .addOption(new Option("--draw", "run nothing: draw the records that there are"))
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action(experiment)
    .addCommand(calibrateCommand());
}

async function experiment(figure: FigureName, options: ExperimentOptions): Promise<void> {
  const { quick = false, jobs, anyVersion = false, draw = false, json } = options;
  const folder = join(options.out ?? (quick ? "experiments/quick" : "experiments"), figure);
  const processes = new Processes();
  const progress = new Progress();
  try {
    const result = await runFigure({
      figure,
      quick,
      folder,
      ...(options.protocols !== undefined && { protocols: options.protocols }),
      jobs,
      version: codeVersion(),
      anyVersion,
      drawOnly: draw,
      run: processes.run,
      signal: interruption(),
      observe: (courses, outcomeOf) => watchExperiment({ figure, courses, outcomeOf, jobs, progress }),
    });
    progress.clear();
    report(figure, folder, result, json);
  } finally {
    progress.clear();
    processes.close();
  }
}

function report(
  figure: FigureName,
  folder: string,
  { report: made, records }: FigureResult,
  json?: true,
): void {
  const { title, notes, drawings, tables } = made;
  if (json) {
    const files = ["README.md", ...drawings.map(({ file }) => file)];
    printJson({ experiment: figure, folder, records, files, notes, tables });
    return;
  }
  printLine(title);
  const [first] = tables;
  if (first !== undefined) printLine(`\n${formatTable(first.headings, first.rows)}`);
  printLine(`\n${records} records; tables and drawings: ${join(folder, "README.md")}`);
}

function protocols(text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  const unknown = names.find((name) => findProtocol(name) === undefined);
  if (unknown === undefined) return names;
  throw new InvalidArgumentError(`Choose from ${CATALOGUE.map(({ name }) => name).join(", ")}.`);
}
