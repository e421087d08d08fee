import { type CampaignResult, runCampaign, type Seeds } from "@destiny/check/campaign/campaign";
import { describeFinding, replay } from "@destiny/check/campaign/replay";
import { missingIn } from "@destiny/check/campaign/vacuity";
import { findProtocol } from "@destiny/core/catalogue";
import { present } from "@destiny/core/kernel/invariant";
import { Command, InvalidArgumentError, Option } from "commander";
import { Failure } from "../output/failure.ts";
import { interruption } from "../output/interruption.ts";
import { formatPairs, printJson, printLine } from "../output/print.ts";
import { Progress } from "../output/progress.ts";
import { jsonOption, protocolOption, replicasOption, whole } from "./options.ts";

const EXAMPLES = `
Examples:
  destiny check --seeds 1..500
  destiny check --protocol destiny --replicas 4 --replay 17

Each seed is one simulation: a cluster, clients, and faults of every kind drawn from the seed, up to f replicas Byzantine,
with every oracle on. Then the faults end, and all commands must be answered in time. A seed that shows a violation is
shrunk to the few events that matter. Exit status 1 if there is any.`;

const SEED_MAX = 0xffff_ffff;
const JOBS_MAX = 256;

interface CheckOptions {
  readonly replicas: number;
  readonly protocol: string;
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
  if (options.replay === undefined) return campaign(options);
  const { protocol, replicas, replay: seed, json } = options;
  const subject = { protocol: present(findProtocol(protocol), "a protocol of this name"), n: replicas };
  const replayed = replay(subject, seed);
  if (json) printJson(replayed);
  else printLine(describeFinding(replayed));
  if (replayed.finding !== null) throw new Failure(`seed ${seed} violates ${replayed.finding.oracle}`);
}

async function campaign(options: CheckOptions): Promise<void> {
  const { protocol, replicas, seeds, jobs } = options;
  const progress = new Progress();
  const startedAt = performance.now();
  const total = seeds.last - seeds.first + 1;
  const result = await runCampaign({
    protocol,
    n: replicas,
    seeds,
    jobs,
    signal: interruption(),
    onSeed: (done, failures) => progress.update(progressLine(done, total, failures, startedAt)),
  });
  progress.clear();
  const seconds = (performance.now() - startedAt) / 1000;
  report(options, result, seconds);
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

function report(options: CheckOptions, result: CampaignResult, seconds: number): void {
  const { protocol, replicas, json } = options;
  const { seeds, tally, failures } = result;
  const subject = { protocol: present(findProtocol(protocol), "a protocol of this name"), n: replicas };
  const first = failures[0];
  const shrunk = first === undefined ? null : replay(subject, first.seed);
  if (json) {
    const { counts, faults } = tally;
    printJson({
      protocol,
      replicas,
      seeds,
      seconds,
      counts,
      faults,
      violations: failures.length,
      failures,
      shrunk,
    });
    return;
  }
  const counts = Object.entries(tally.counts).map(([name, count]): [string, string] => [name, `${count}`]);
  const faults = Object.entries(tally.faults).map(([kind, count]): [string, string] => [
    `fault: ${kind}`,
    `${count}`,
  ]);
  printLine(
    formatPairs([
      ["protocol", `${protocol}, ${replicas} replicas`],
      ["seeds", `${seeds} in ${seconds.toFixed(1)} s`],
      ...counts.sort(),
      ...faults.sort(),
      ["violations", `${failures.length}`],
    ]),
  );
  for (const { seed, finding } of failures) {
    const command = `destiny check --protocol ${protocol} --replicas ${replicas} --replay ${seed}`;
    printLine(`seed ${seed}: ${finding?.oracle}: ${finding?.message.split("\n")[0]}\n  ${command}`);
  }
  if (shrunk !== null) printLine(`\n${describeFinding(shrunk)}`);
}

function range(text: string): Seeds {
  const match = /^(\d+)(?:\.\.(\d+))?$/.exec(text);
  const first = Number(match?.[1] ?? Number.NaN);
  const last = Number(match?.[2] ?? first);
  if (first <= last && last <= SEED_MAX) return { first, last };
  throw new InvalidArgumentError("Give a range of seeds, such as 1..500.");
}
