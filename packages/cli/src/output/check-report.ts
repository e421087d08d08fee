import type { CampaignResult } from "@destiny/check/campaign/campaign";
import { describeFinding, type Replayed } from "@destiny/check/campaign/replay";
import type { NamedSubject } from "@destiny/check/campaign/subject";
import { formatPairs } from "./print.ts";

/** What a campaign showed: of whom, in how many seconds, and its first violation shrunk; null if there is none. */
export interface CheckReport {
  readonly subject: NamedSubject;
  readonly seconds: number;
  readonly result: CampaignResult;
  readonly shrunk: Replayed | null;
}

/** The report as plain data. */
export function checkReport({ subject, seconds, result, shrunk }: CheckReport): object {
  const { protocol, n, slow } = subject;
  const { seeds, tally, failures } = result;
  const { counts, faults } = tally;
  const violations = failures.length;
  return { protocol, replicas: n, slow, seeds, seconds, counts, faults, violations, failures, shrunk };
}

/** The report for people: each violation with the command that shows it again. */
export function describeCheck({ subject, seconds, result, shrunk }: CheckReport): string {
  const { protocol, n, slow } = subject;
  const { seeds, tally, failures } = result;
  const counts = Object.entries(tally.counts).map(([name, count]): [string, string] => [name, `${count}`]);
  const faults = Object.entries(tally.faults).map(([kind, count]): [string, string] => [
    `fault: ${kind}`,
    `${count}`,
  ]);
  const summary = formatPairs([
    ["protocol", `${protocol}, ${n} replicas${slow === 0 ? "" : `, --slow ${slow}`}`],
    ["seeds", `${seeds} in ${seconds.toFixed(1)} s`],
    ...counts.sort(),
    ...faults.sort(),
    ["violations", `${failures.length}`],
  ]);
  const found = failures.map(
    ({ seed, finding }) =>
      `seed ${seed}: ${finding?.oracle}: ${finding?.message.split("\n")[0]}\n  ${replayCommand(subject, seed)}`,
  );
  return [summary, ...found, ...(shrunk === null ? [] : [`\n${describeFinding(shrunk)}`])].join("\n");
}

/** What to type to see one seed again. */
function replayCommand({ protocol, n, slow }: NamedSubject, seed: number): string {
  const beside = slow === 0 ? "" : ` --slow ${slow}`;
  return `destiny check --protocol ${protocol} --replicas ${n}${beside} --replay ${seed}`;
}
