import { runCampaign, type Seeds } from "@destiny/check/campaign/campaign";
import { describeFinding, replay } from "@destiny/check/campaign/replay";
import { type NamedSubject, subjectOf } from "@destiny/check/campaign/subject";
import { missingIn } from "@destiny/check/campaign/vacuity";
import { faultsOf } from "@destiny/node/genesis/check-genesis";
import { Command, InvalidArgumentError, Option } from "commander";
import { checkReport, describeCheck } from "../output/check-report.ts";
import { Failure } from "../output/failure.ts";
import { interruption } from "../output/interruption.ts";
import { printJson, printLine } from "../output/print.ts";
import { Progress } from "../output/progress.ts";
import { jsonOption, protocolOption, replicasOption, slowOption, whole } from "./options.ts";

const EXAMPLES = `
Examples:
  destiny check --seeds 1..500
  destiny check --protocol destiny --replicas 4 --replay 17
  destiny check --protocol single-sbft --replicas 6 --slow 1

Each seed is one simulation: a cluster, clients, and faults of every kind drawn from the seed, up to f replicas Byzantine,
with every oracle on. Then the faults end, and all commands must be answered in time. A seed that shows a violation is
shrunk to the few events that matter. Exit status 1 if there is any.`;

const SEED_MAX = 0xffff_ffff;
const JOBS_MAX = 256;

interface CheckOptions {
  readonly replicas: number;
  readonly protocol: string;
  readonly slow: number;
  readonly seeds: Seeds;
  readonly jobs: number;
  readonly replay?: number;
  readonly json?: true;
}

/** `destiny check`: random simulations with faults, under every oracle. */
export function checkCommand(): Command {
  return new Command("check")
    .description("look for violations in random simulations with faults and Byzantine replicas")
    .addOption(replicasOption().default(4))
    .addOption(protocolOption().default("destiny"))
    .addOption(slowOption())
    .addOption(
      new Option("--seeds <range>", "which simulations, A..B")
        .argParser(range)
        .default(range("1..100"), "1..100"),
    )
    .addOption(new Option("--jobs <n>", "processes that share them").argParser(whole(1, JOBS_MAX)).default(2))
    .addOption(
      new Option("--replay <seed>", "this one alone, and what happens in it").argParser(whole(0, SEED_MAX)),
    )
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action(check);
}

async function check(options: CheckOptions): Promise<void> {
  const { protocol, replicas, slow, replay: seed, json } = options;
  // Says what is wrong with a choice that no cluster can be made of.
  if (slow > 0) faultsOf(protocol, replicas, slow);
  const subject = { protocol, n: replicas, slow };
  if (seed === undefined) return campaign(subject, options);
  const replayed = replay(subjectOf(subject), seed);
  if (json) printJson(replayed);
  else printLine(describeFinding(replayed));
  if (replayed.finding !== null) throw new Failure(`seed ${seed} violates ${replayed.finding.oracle}`);
}

async function campaign(subject: NamedSubject, { seeds, jobs, json }: CheckOptions): Promise<void> {
  const progress = new Progress();
  const startedAt = performance.now();
  const total = seeds.last - seeds.first + 1;
  const result = await runCampaign({
    ...subject,
    seeds,
    jobs,
    signal: interruption(),
    onSeed: (done, failures) => progress.update(progressLine(done, total, failures, startedAt)),
  });
  progress.clear();
  const seconds = (performance.now() - startedAt) / 1000;
  const [first] = result.failures;
  const shrunk = first === undefined ? null : replay(subjectOf(subject), first.seed);
  const report = { subject, seconds, result, shrunk };
  if (json) printJson(checkReport(report));
  else printLine(describeCheck(report));
  const missing = missingIn(result);
  if (result.failures.length > 0) {
    throw new Failure(`${result.failures.length} of ${total} seeds show a violation`);
  }
  if (missing.length > 0) throw new Failure(`nothing was checked: no ${missing.join(", no ")}`);
}

function progressLine(done: number, total: number, failures: number, startedAt: number): string {
  const seconds = (performance.now() - startedAt) / 1000;
  const left = (seconds / done) * (total - done);
  return `${done} of ${total} seeds, ${failures} violations, ${left.toFixed(0)} s left`;
}

function range(text: string): Seeds {
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(text);
  const first = Number(match?.[1] ?? Number.NaN);
  const last = Number(match?.[2] ?? first);
  if (first <= last && last <= SEED_MAX) return { first, last };
  throw new InvalidArgumentError("Give a range of seeds, such as 1..500.");
}
