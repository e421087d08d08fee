import type { ReplicaId } from "@destiny/core/kernel/ids";
import { Command } from "commander";
import { type ThrowawayScene, withThrowawayCluster } from "../cluster/throwaway-cluster.ts";
import { type Crash, crashUnderLoad } from "../demo/crash.ts";
import { type Recovery, restartAndCompare } from "../demo/recovery.ts";
import { type Drive, Writers } from "../demo/writers.ts";
import { interruption } from "../output/interruption.ts";
import { formatPairs, printJson, printLine, round } from "../output/print.ts";
import { Progress } from "../output/progress.ts";
import { jsonOption, protocolOption, replicasOption } from "./options.ts";

const EXAMPLES = `
Example: destiny demo

Starts a cluster in a temporary folder, writes 1,000 keys through all coordinators, and reads them back with verified proofs.
Then, in the middle of writing 1,000 more, it kills two replicas with SIGKILL: the one that orders, and another coordinator
(where only one may fail: the one that orders). It shows how long nobody was answered, who orders now, and
when all clients were served again; starts the two again, waits until all replicas have the same state, and reads back what
was written meanwhile. Every number in the table was measured in this run.`;

const KEYS = 1_000;
const KEYS_DURING_CRASH = 1_000;
/** Answers after which the crash comes. */
const ANSWERS_BEFORE_CRASH = 200;

/** What the demonstration measured. */
interface DemoReport {
  readonly protocol: string;
  readonly replicas: number;
  readonly f: number;
  /** Replicas that coordinated clients, before the crash. */
  readonly coordinators: number;
  readonly write: Drive;
  readonly read: Drive;
  readonly crash: Crash;
  readonly recovery: Omit<Recovery, "statuses">;
  /** Of what was written during the crash. */
  readonly readAgain: Drive;
  readonly seconds: number;
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
    progress.stage(`writing ${KEYS} keys by ${n} clients`);
    const write = await writers.write(0, KEYS);
    const coordinators = new Set(writers.coordinators()).size;
    progress.stage("reading them back, and verifying the replies");
    const read = await writers.read(0, KEYS);
    const crash = await crashUnderLoad(cluster, writers, {
      ...{ first: KEYS, count: KEYS_DURING_CRASH, after: ANSWERS_BEFORE_CRASH },
      onCrash: (victims) => progress.stage(`killing ${rolesOf(victims)} in the middle of writing`),
    });
    progress.stage(`starting ${namesOf(crash.replicas)} again, until all states are equal`);
    const next = KEYS + KEYS_DURING_CRASH;
    const { statuses: _, ...recovery } = await restartAndCompare(scene, crash.replicas, writers, next);
    progress.stage(`reading back what was written meanwhile`);
    const readAgain = await writers.read(KEYS, KEYS_DURING_CRASH);
    const { protocol } = cluster.genesis;
    return { protocol, replicas: n, f, coordinators, write, read, crash, recovery, readAgain };
  } finally {
    signal.removeEventListener("abort", give);
    await writers.close();
  }
}

function namesOf(replicas: readonly ReplicaId[]): string {
  return replicas.length === 1 ? `replica ${replicas[0]}` : `replicas ${replicas.join(" and ")}`;
}

function rolesOf([primary, coordinator]: readonly ReplicaId[]): string {
  const orders = `replica ${primary}, which orders`;
  return coordinator === undefined ? `${orders},` : `${orders}, and replica ${coordinator}, a coordinator,`;
}

function describe(report: DemoReport): string {
  const { protocol, replicas, f, coordinators, write, read, crash, recovery, readAgain, seconds } = report;
  const through = coordinators === 1 ? "1 coordinator" : `${coordinators} coordinators`;
  return formatPairs([
    ["cluster", `${protocol}, ${replicas} replicas of which ${f} may fail`],
    ["written", `${write.commands} keys through ${through}: ${speed(write)}`],
    ["read back", `${read.commands} keys, all as written: ${speed(read)}`],
    ["killed", `${rolesOf(crash.replicas)} by SIGKILL, in the middle of ${crash.write.commands} more`],
    ["silent", `nobody was answered for ${round(crash.silentSeconds)} s`],
    [
      "ordered on",
      `by replica ${crash.primary}, in view ${crash.view}; instances that changed views: ${crash.instancesMoved}`,
    ],
    ["all clients", `served again after ${round(crash.servedSeconds)} s, by ${servers(crash)}`],
    ["started again", `${namesOf(crash.replicas)}, serving after ${round(recovery.servingSeconds)} s`],
    ["recovered", `the others' state after ${round(recovery.equalSeconds)} s`],
    ["state digest", `${recovery.digest} at slot ${recovery.seq}, the same at all ${replicas}`],
    ["read back", `the ${readAgain.commands} keys that were written around the crash, all as written`],
    ["verified", verified([write, read, crash.write, readAgain])],
    ["took", `${round(seconds, 1)} s in all`],
  ]);
}

function verified(drives: readonly Drive[]): string {
  const sum = (count: (drive: Drive) => number): number => drives.reduce((all, each) => all + count(each), 0);
  const replies = sum(({ commands }) => commands);
  const proven = sum(({ proofs }) => proofs);
  if (proven === 0) return `${replies} replies, each since enough replicas said the same`;
  return `${proven} of ${replies} replies by ${sum(({ certificates }) => certificates)} certificates`;
}

/** Those that coordinate a client now. */
function servers({ coordinators }: Crash): string {
  const ids = [...new Set(coordinators)].filter((id) => id !== null).sort((a, b) => a - b);
  return ids.length === 1 ? `replica ${ids[0]}` : `replicas ${ids.join(", ")}`;
}

function speed({ commands, seconds, latencyMs }: Drive): string {
  const perSecond = Math.round(commands / seconds);
  return `${perSecond} commands/s, latency p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms`;
}
