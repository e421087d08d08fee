import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { findProtocol } from "@destiny/core/catalogue";
import { urlOf } from "@destiny/node/cluster/fetch-status";
import { LocalCluster } from "@destiny/node/cluster/local-cluster";
import { describeExit } from "@destiny/node/cluster/replica-process";
import { CLUSTER_FILES, initCluster } from "@destiny/node/configuration/init-cluster";
import { Command } from "commander";
import { firstCommand } from "../cluster/first-command.ts";
import { Failure, UsageError } from "../output/failure.ts";
import { aborted, interruption } from "../output/interruption.ts";
import { formatTable, note, printJson, printLine } from "../output/print.ts";
import { Progress } from "../output/progress.ts";
import { jsonOption, portOption, protocolOption, replicasOption, slowOption } from "./options.ts";

const EXAMPLES = `
Examples:
  destiny up
  destiny up --replicas 3 --dir cluster     the same again starts the same cluster, with its data
  destiny up --http 8000                    replica 0 at port 8000, replica 1 at 8003, and so on

Without --dir, the cluster lives in a temporary folder that goes when it stops, unless you --keep it.`;

/** Ports of one replica: mesh, clients, HTTP. */
const HTTP_PLACE = 2;
const REPLICAS = 5;
/** Five Byzantine replicas tolerate one fault, as four do. */
const BYZANTINE_REPLICAS = 4;
const PROTOCOL = "destiny";

interface UpOptions {
  readonly replicas?: number;
  readonly protocol?: string;
  readonly slow?: number;
  readonly dir?: string;
  readonly http?: number;
  readonly keep?: true;
  readonly json?: true;
}

/** `destiny up`: a whole cluster on this machine, until Ctrl-C. */
export function upCommand(): Command {
  return new Command("up")
    .description("run a whole cluster on this machine until Ctrl-C")
    .addOption(
      replicasOption().default(undefined, `${REPLICAS}, or ${BYZANTINE_REPLICAS} without trusted subsystems`),
    )
    .addOption(protocolOption().default(undefined, PROTOCOL))
    .addOption(slowOption().default(undefined, "0"))
    .option("--dir <folder>", "where the cluster lives; made if it is not there")
    .addOption(
      portOption("--http <port>", "HTTP port of replica 0 of a new cluster; each next one is 3 higher"),
    )
    .option("--keep", "keep the temporary folder")
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action(up);
}

async function up(options: UpOptions): Promise<void> {
  const signal = interruption();
  const temporary = options.dir === undefined ? mkdtempSync(join(tmpdir(), "destiny-")) : undefined;
  const directory = temporary === undefined ? resolve(options.dir ?? "") : join(temporary, "cluster");
  try {
    await prepare(directory, options, signal);
    await serve(directory, options, signal);
    if (temporary === undefined || options.keep) note(`start it again with: destiny up --dir ${directory}`);
  } finally {
    if (temporary !== undefined && !options.keep) rmSync(temporary, { recursive: true, force: true });
  }
}

/** Makes the cluster, unless it is there. */
async function prepare(directory: string, options: UpOptions, signal: AbortSignal): Promise<void> {
  if (existsSync(join(directory, CLUSTER_FILES.genesis))) return checkExisting(directory, options);
  const { protocol = PROTOCOL, slow = 0, http } = options;
  const usual = findProtocol(protocol)?.faults(REPLICAS).kind === "byzantine" ? BYZANTINE_REPLICAS : REPLICAS;
  const { replicas = usual } = options;
  const basePort = http === undefined ? undefined : http - HTTP_PLACE;
  const parameters = { slowReplicas: slow };
  await initCluster({ directory, replicas, protocol, parameters, basePort }, note, signal);
}

/** What was chosen when the cluster was made cannot be chosen again. */
function checkExisting(directory: string, { replicas, protocol, slow, http }: UpOptions): void {
  const { genesis } = new LocalCluster(directory);
  const { replicas: all, protocol: runs, parameters } = genesis;
  const has = [all.length, runs, parameters.slowReplicas, all[0]?.http?.port] as const;
  const asked = [replicas, protocol, slow, http] as const;
  for (const [index, name] of ["--replicas", "--protocol", "--slow", "--http"].entries()) {
    const [wish, fact] = [asked[index], has[index]];
    if (wish === undefined || wish === fact) continue;
    throw new UsageError(
      `the cluster in ${directory} was made with ${name} ${fact}: leave ${name} out, or take a new --dir`,
    );
  }
}

async function serve(directory: string, options: UpOptions, signal: AbortSignal): Promise<void> {
  const progress = new Progress();
  const over = new AbortController();
  const cluster: LocalCluster = new LocalCluster(directory, {
    onLost: (lost, exit) => {
      progress.line(
        `destiny: REPLICA ${lost.id} IS DOWN (${describeExit(exit)}), its log is ${lost.logPath}`,
      );
      progress.line(`destiny: ${describeRest(cluster, lost.id)}`);
      if (cluster.processes.size === 0) over.abort(new Failure("all replicas are down: their logs say why"));
    },
  });
  const stop = (): void => void cluster.stop(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    await start(cluster, progress);
    if (options.json) printJson(describe(cluster));
    else printLine(tableOf(cluster));
    await aborted(AbortSignal.any([signal, over.signal]));
    over.signal.throwIfAborted();
    progress.line("stopping");
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    progress.clear();
    await cluster.stop();
  }
}

async function start(cluster: LocalCluster, progress: Progress): Promise<void> {
  const { length: n } = cluster.genesis.replicas;
  progress.stage(`starting ${n} replicas`);
  let ready = 0;
  await cluster.start(() => {
    ready += 1;
    progress.update(`starting ${n} replicas: ${ready} ready`);
  });
  progress.stage("waiting for a first command");
  await firstCommand(cluster.description);
  progress.clear();
}

function describeRest(cluster: LocalCluster, lost: number): string {
  const { n, f, quorum } = cluster.description.faults;
  const { size } = cluster.processes;
  const again = `start it again with: destiny start --config ${cluster.replicaDirectory(lost)}`;
  if (size >= quorum) return `the other ${size} go on, as ${f} of ${n} may fail; ${again}`;
  return `${size} of ${n} are left, and nothing executes with fewer than ${quorum}; ${again}`;
}

function describe({ directory, genesis, processes, description }: LocalCluster): unknown {
  const replicas = genesis.replicas.map(({ id, client, http }) => {
    const address = `${client.host}:${client.port}`;
    return { id, client: address, http: http && urlOf(http), pid: processes.get(id)?.pid ?? null };
  });
  return { directory, protocol: genesis.protocol, f: description.faults.f, replicas };
}

function tableOf({ directory, genesis, processes, description }: LocalCluster): string {
  const rows = genesis.replicas.map(({ id, client, http }) => [
    id,
    `${client.host}:${client.port}`,
    http === null ? "-" : urlOf(http),
    processes.get(id)?.pid ?? 0,
  ]);
  const [first, last] = [genesis.replicas[0]?.http, genesis.replicas.at(-1)?.http];
  const curl = [
    ...(first ? [`  curl -X PUT ${urlOf(first)}/kv/a -d 1`] : []),
    ...(last ? [`  curl ${urlOf(last)}/kv/a`] : []),
    `  destiny status --dir ${directory}`,
  ];
  const { n, f } = description.faults;
  return [
    `${genesis.protocol}: ${n} replicas of which ${f} may fail, in ${directory}`,
    "",
    formatTable(["id", "clients", "HTTP", "pid"], rows),
    "",
    "Try:",
    ...curl,
    "",
    "Ctrl-C stops the cluster.",
  ].join("\n");
}
