import { existsSync } from "node:fs";
import { join } from "node:path";
import { CLUSTER_FILES } from "@destiny/node/configuration/init-cluster";
import type { Genesis } from "@destiny/node/genesis/genesis";
import { readGenesis } from "@destiny/node/genesis/read-genesis";
import type { StatusReport } from "@destiny/node/observability/status-report";
import { Command, Option } from "commander";
import { instanceTable } from "../cluster/instance-table.ts";
import { divergences, fetchStatuses } from "../cluster/statuses.ts";
import { Failure, UsageError } from "../output/failure.ts";
import { formatTable, printJson, printLine } from "../output/print.ts";
import { jsonOption } from "./options.ts";

const EXAMPLES = `
Example: destiny status --dir cluster

The first table has a line for each replica; lag is in slots of the global order. The second one has a line for each
instance: O orders, D0 disseminates what replica 0 coordinates, and so on; decided is the slot up to which it is. Whoever is
away coordinates nobody: its clients go elsewhere until it is reinstated. On probation, an instance is ordered only once its
slots are disseminated. Signer is the end of the boot epoch of a replica's trusted signer, and the configuration that has it: 0
from the start, a later one if it lost its memory and was admitted again; until then it awaits admission, and votes for nothing.
Views of a later configuration are told with its number. Where replicas see an instance differently, it has a line for each opinion.
Exit status 1 if no replica answers, or two of them have different states after the same slot.`;

/** `destiny status`: how each replica is. */
export function statusCommand(): Command {
  return new Command("status")
    .description("how each replica and each instance is: views, suspicions, checkpoints, lag")
    .addOption(new Option("--dir <folder>", "the cluster's folder").env("DESTINY_DIR").makeOptionMandatory())
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action(status);
}

async function status({ dir, json }: { readonly dir: string; readonly json?: true }): Promise<void> {
  const path = join(dir, CLUSTER_FILES.genesis);
  if (!existsSync(path)) throw new UsageError(`there is no cluster in ${dir}: make one with destiny init`);
  const genesis = readGenesis(path);
  const statuses = await fetchStatuses(genesis);
  const differences = divergences(statuses);
  const answering = statuses.filter((each) => each !== null).length;
  if (json) printJson({ answering, divergences: differences, replicas: statuses.map(toJson) });
  else printLine(tableOf(genesis, statuses));
  if (differences.length > 0) throw new Failure(`THE REPLICAS DISAGREE: ${differences.join("; ")}`);
  if (answering === 0) throw new Failure("no replica answers: start them with destiny up or destiny start");
}

function toJson(report: StatusReport | null, replica: number): unknown {
  return report === null ? { replica, answers: false } : { answers: true, ...report };
}

/** How each replica is, and under it how each instance is. */
function tableOf(genesis: Genesis, statuses: readonly (StatusReport | null)[]): string {
  const rows = statuses.map((report, id) => {
    if (report !== null) return rowOf(report, genesis.parameters.checkpointPeriod);
    const why = genesis.replicas[id]?.http === null ? "no gateway" : "down";
    return [id, why, ...HEADINGS.slice(2).map(() => "-")];
  });
  const instances = instanceTable(statuses.filter((report) => report !== null));
  return `${formatTable(HEADINGS, rows)}\n\n${instances}`.trimEnd();
}

const HEADINGS = ["id", "state", "executed", "stable", "checkpoint", "lag", "clients", "signer", "pid"];

function rowOf(report: StatusReport, checkpointPeriod: number): (string | number)[] {
  const { replica, executed, stable, checkpoint, lag, clients, pid } = report;
  const digest = checkpoint.digest === null ? "-" : `${checkpoint.seq}:${checkpoint.digest.slice(0, 12)}`;
  const state = stateOf(report, checkpointPeriod);
  return [replica, state, executed, stable, digest, lag, clients, signerOf(report), pid];
}

/** The end of its boot epoch, and the configuration that admitted it: 0 is the genesis. */
function signerOf({ bootEpoch, admittedWith }: StatusReport): string {
  const epoch = bootEpoch.toString(16).padStart(12, "0").slice(-6);
  return `${epoch}@${admittedWith ?? "-"}`;
}

/** Some lag is nothing: peers speak of slots that are on their way. */
function stateOf(report: StatusReport, checkpointPeriod: number): string {
  const { lag, transfer } = report;
  if (transfer !== null) {
    const { seq, pages, pagesDone } = transfer;
    return pages === 0 ? `fetching state ${seq}` : `fetching state ${seq}: ${pagesDone} of ${pages} pages`;
  }
  if (report.admittedWith === null) return "awaiting admission";
  return lag >= checkpointPeriod ? "catching up" : "serving";
}
