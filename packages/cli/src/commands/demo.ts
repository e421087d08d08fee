import { Command } from "commander";
import { type ThrowawayScene, withThrowawayCluster } from "../cluster/throwaway-cluster.ts";
import { type Recovery, restartAndCompare } from "../demo/recovery.ts";
import { type Drive, Writers } from "../demo/writers.ts";
import { interruption } from "../output/interruption.ts";
import { formatPairs, printJson, printLine, round } from "../output/print.ts";
import { Progress } from "../output/progress.ts";
import { jsonOption, protocolOption, replicasOption } from "./options.ts";

const EXAMPLES = `
Example: destiny demo

Starts a cluster in a temporary folder, writes 1,000 keys through all coordinators, reads them back with verified proofs,
kills a replica with SIGKILL, keeps writing, starts it again, and waits until its state is the others'. Every number in
the table was measured in this run. The replica that is killed is not the primary of the ordering instance, replica 0:
replacing that one by a view change comes with the next release.`;

const KEYS = 1_000;
const KEYS_DURING_CRASH = 500;

/** What the demonstration measured. */
interface DemoReport {
  readonly protocol: string;
  readonly replicas: number;
  readonly f: number;
  readonly write: Drive;
  readonly read: Drive;
  readonly crash: Crash;
  readonly recovery: Omit<Recovery, "statuses">;
  readonly seconds: number;
}

interface Crash {
  readonly replica: number;
  readonly write: Drive;
  /** From the crash to the first answer to the client that the replica coordinated. */
  readonly failoverSeconds: number;
  /** Who coordinates that client now. */
  readonly coordinator: number | null;
}

/** `destiny demo`: the main job in one go. */
export function demoCommand(): Command {
  return new Command("demo")
    .description("see a cluster survive a crash, in under a minute")
    .addOption(replicasOption().default(5))
    .addOption(protocolOption().default("destiny"))
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action(demo);
}

interface DemoOptions {
  readonly replicas: number;
  readonly protocol: string;
  readonly json?: true;
}

async function demo({ replicas, protocol, json }: DemoOptions): Promise<void> {
  const scene = { signal: interruption(), progress: new Progress() };
  const startedAt = performance.now();
  const measured = await withThrowawayCluster({ replicas, protocol }, scene, perform);
  const report = { ...measured, seconds: (performance.now() - startedAt) / 1000 };
  if (json) printJson(report);
  else printLine(describe(report));
}

async function perform(scene: ThrowawayScene): Promise<Omit<DemoReport, "seconds">> {
  const { cluster, progress, signal } = scene;
  const { n, f } = cluster.description.faults;
  const writers = await Writers.open(cluster.description);
  const give = (): void => void writers.close();
  signal.addEventListener("abort", give, { once: true });
  try {
    progress.stage(`writing ${KEYS} keys through ${n} coordinators`);
    const write = await writers.write(0, KEYS);
    progress.stage("reading them back, and verifying the proofs");
    const read = await writers.read(0, KEYS);
    const crash = await crashOne(scene, writers);
    progress.stage(`starting replica ${crash.replica} again, until its state is the others'`);
    const key = KEYS + KEYS_DURING_CRASH;
    const { statuses: _, ...recovery } = await restartAndCompare(scene, crash.replica, writers, key);
    return { protocol: cluster.genesis.protocol, replicas: n, f, write, read, crash, recovery };
  } finally {
    signal.removeEventListener("abort", give);
    await writers.close();
  }
}

/** The last replica: it is no primary of the ordering instance in the first view. */
async function crashOne({ cluster, progress }: ThrowawayScene, writers: Writers): Promise<Crash> {
  const replica = cluster.description.faults.n - 1;
  progress.stage(`killing replica ${replica}, and writing ${KEYS_DURING_CRASH} more keys`);
  await cluster.kill(replica);
  const killedAt = performance.now();
  let failoverSeconds = Number.NaN;
  const write = await writers.write(KEYS, KEYS_DURING_CRASH, (client) => {
    if (client === replica && Number.isNaN(failoverSeconds)) {
      failoverSeconds = (performance.now() - killedAt) / 1000;
    }
  });
  return { replica, write, failoverSeconds, coordinator: writers.coordinators()[replica] ?? null };
}

function describe({ protocol, replicas, f, write, read, crash, recovery, seconds }: DemoReport): string {
  return formatPairs([
    ["cluster", `${protocol}, ${replicas} replicas of which ${f} may fail`],
    ["written", `${write.commands} keys through ${replicas} coordinators: ${speed(write)}`],
    ["read back", `${read.commands} keys, all as written: ${speed(read)}`],
    [
      "proofs verified",
      `${write.proofs + read.proofs} replies by ${write.certificates + read.certificates} certificates`,
    ],
    ["killed", `replica ${crash.replica}, by SIGKILL`],
    ["written meanwhile", `${crash.write.commands} keys: ${speed(crash.write)}`],
    ["its client moved", `to replica ${crash.coordinator}, answered after ${round(crash.failoverSeconds)} s`],
    ["started again", `serving after ${round(recovery.servingSeconds)} s`],
    ["recovered", `the others' state after ${round(recovery.equalSeconds)} s`],
    ["state digest", `${recovery.digest} at slot ${recovery.seq}, the same at all ${replicas}`],
    ["took", `${round(seconds, 1)} s in all`],
  ]);
}

function speed({ commands, seconds, latencyMs }: Drive): string {
  const perSecond = Math.round(commands / seconds);
  return `${perSecond} commands/s, latency p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms`;
}
