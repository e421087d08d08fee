import { readEvents } from "@destiny/experiments/run/events-file";
import { closedLoad } from "@destiny/experiments/run/loads";
import type { ModelPart, Scenario } from "@destiny/experiments/run/scenario";
import { type RunProgress, simulate } from "@destiny/experiments/run/simulate";
import { faultsOf } from "@destiny/node/genesis/check-genesis";
import { Command, InvalidArgumentError, Option } from "commander";
import { Failure } from "../output/failure.ts";
import { note, printJson, printLine } from "../output/print.ts";
import { Progress } from "../output/progress.ts";
import { describeSimulation, simulationReport } from "../output/simulation-report.ts";
import { decimal, jsonOption, protocolOption, replicasOption, slowOption, whole } from "./options.ts";

const EXAMPLES = `
Examples:
  destiny sim --protocol destiny --replicas 97 --wan azure --clients 400 --duration 10 --seed 1
  destiny sim --protocol dqpbft --replicas 19 --without cpu,bandwidth --order-delay 0 --json

The protocol is the production code; machines and network are modelled. A client sends one request at a time unless
--in-flight says more, to a replica of its region; a request is a bundle of commands. --faults is a JSON file, a list such as
[{ "type": "crash", "at": 5, "replicas": [1] }]; further types: lag (delayMs), scale-load (factor, regions), partition
(groups, until). The same command gives the same traceHash.`;

const PARTS: readonly ModelPart[] = ["cpu", "bandwidth", "jitter"];
const SECOND = 1_000_000;
const HOUR_SECONDS = 3_600;

interface SimOptions {
  readonly protocol: string;
  readonly replicas: number;
  readonly slow: number;
  readonly seed: number;
  readonly duration: number;
  readonly warmup?: number;
  readonly wan: string;
  readonly batch: number;
  readonly bundle?: number;
  readonly payload: number;
  readonly clients: number;
  readonly inFlight: number;
  readonly rate?: number;
  readonly faults?: string;
  readonly profile: string;
  readonly without: readonly ModelPart[];
  readonly orderDelay?: number;
  readonly exact?: true;
  readonly json?: true;
}

/** `destiny sim`: one deterministic simulation. */
export function simCommand(): Command {
  const command = new Command("sim")
    .description(
      "simulate a cluster of any size: the production protocol code on modelled machines and networks",
    )
    .addOption(replicasOption().default(5))
    .addOption(protocolOption().default("destiny"))
    .addOption(slowOption())
    .option("-w, --wan <name>", "azure, aws, lan, uniform:<ms>, or a file (CSV or JSON)", "azure")
    .option("--profile <name>", "costs of the machine: paper-2022, modern, or a JSON file", "paper-2022")
    .addOption(
      new Option("--without <parts>", `leave out of the model, any of ${PARTS.join(", ")}`)
        .argParser(parts)
        .default([], "nothing"),
    )
    .option("--faults <file>", "what happens during the run: a JSON list of events")
    .option("--exact", "make every vote an event; else votes among all are counted for their receivers");
  const numeric = (flags: string, text: string, read: (text: string) => number, value?: number): void => {
    const option = new Option(flags, text).argParser(read);
    command.addOption(value === undefined ? option : option.default(value));
  };
  numeric("-s, --seed <n>", "where chance comes from", whole(0, 0xffff_ffff), 1);
  numeric("-d, --duration <seconds>", "virtual time, the warm-up included", decimal(0.1, HOUR_SECONDS), 10);
  numeric("--warmup <seconds>", "virtual time before anything counts (a fifth)", decimal(0, HOUR_SECONDS));
  numeric("-c, --clients <n>", "clients in all regions together", whole(1, 1_000_000), 100);
  numeric("--in-flight <n>", "requests that each client has under way", whole(1, 10_000), 1);
  numeric(
    "--rate <n>",
    "commands per second whatever the answers do, in the place of --clients",
    decimal(0.001, 1e9),
  );
  numeric("-b, --batch <n>", "commands in one proposal", whole(1, 1_000_000), 200);
  numeric("--bundle <n>", "commands that one client signs at once (the whole batch)", whole(1, 1_000_000));
  numeric("--payload <bytes>", "size of each command", whole(0, 1_000_000), 512);
  numeric("--order-delay <ms>", "how long the O-primary collects references (50)", decimal(0, 10_000));
  return command.addOption(jsonOption()).addHelpText("after", EXAMPLES).action(sim);
}

function sim(options: SimOptions): void {
  const progress = new Progress();
  const startedAt = performance.now();
  const outcome = simulate(scenarioOf(options), (at) => progress.update(progressLine(at, startedAt)));
  progress.clear();
  const clients = options.rate === undefined ? options.clients : null;
  if (options.json) printJson(simulationReport(outcome, clients));
  else printLine(describeSimulation(outcome, clients));
  for (const violation of outcome.violations) note(`destiny: ${violation}`);
  if (outcome.violations.length > 0) throw new Failure(`${outcome.violations.length} violations of safety`);
}

function scenarioOf(options: SimOptions): Scenario {
  const { protocol, replicas, seed, wan, batch, payload, profile, without, faults, rate } = options;
  const { slow, duration, warmup = duration / 5, bundle = batch, clients, inFlight, orderDelay } = options;
  // Says what is wrong with a choice that no cluster can be made of.
  if (slow > 0) faultsOf(protocol, replicas, slow);
  return {
    ...{ protocol, replicas, seed, wan, profile, without, batch, bundle },
    duration: Math.round(duration * SECOND),
    warmUp: Math.round(warmup * SECOND),
    payloadBytes: payload,
    load:
      rate === undefined
        ? closedLoad(clients, inFlight, wan)
        : { type: "open", requestsPerSecond: rate / bundle },
    events: faults === undefined ? [] : readEvents(faults, replicas),
    exact: options.exact ?? false,
    parameters: {
      slowReplicas: slow,
      ...(orderDelay !== undefined && { orderBatchDelay: Math.round(orderDelay * 1000) }),
    },
  };
}

function progressLine({ virtual, duration, executed }: RunProgress, startedAt: number): string {
  const seconds = (performance.now() - startedAt) / 1000;
  const left = (seconds / virtual) * (duration - virtual);
  const at = `${(virtual / SECOND).toFixed(1)} of ${(duration / SECOND).toFixed(1)} virtual s`;
  return `${at}, ${executed} commands, ${left.toFixed(0)} s left`;
}

function parts(text: string): readonly ModelPart[] {
  return text.split(",").map((name) => {
    const part = PARTS.find((known) => known === name.trim());
    if (part === undefined) throw new InvalidArgumentError(`Choose any of ${PARTS.join(", ")}.`);
    return part;
  });
}
