import { existsSync } from "node:fs";
import { join } from "node:path";
import { CLUSTER_FILES } from "@destiny/node/configuration/init-cluster";
import type { Genesis } from "@destiny/node/genesis/genesis";
import { readGenesis } from "@destiny/node/genesis/read-genesis";
import type { StatusReport } from "@destiny/node/observability/status-report";
import { Command, Option } from "commander";
import { divergences, fetchStatuses } from "../cluster/statuses.ts";
import { Failure, UsageError } from "../output/failure.ts";
import { formatTable, printJson, printLine } from "../output/print.ts";
import { jsonOption } from "./options.ts";

const EXAMPLES = `
Example: destiny status --dir cluster

O is the sequence number up to which the ordering instance has decided, D the same for the instance that the replica
itself coordinates. Lag is in slots of the global order. Exit status 1 if no replica answers, or two of them have
different states after the same slot.`;

/** `destiny status`: how each replica is. */
export function statusCommand(): Command {
  return new Command("status")
    .description("view, sequence numbers, checkpoint and lag of each replica")
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

function tableOf(genesis: Genesis, statuses: readonly (StatusReport | null)[]): string {
  const headings = [
    "id",
    "view",
    "primary",
    "O",
    "D",
    "executed",
    "stable",
    "checkpoint",
    "lag",
    "clients",
    "pid",
  ];
  const rows = statuses.map((report, id) => {
    if (report !== null) return rowOf(report);
    const why = genesis.replicas[id]?.http === null ? "no gateway" : "down";
    return [id, why, ...headings.slice(2).map(() => "-")];
  });
  return formatTable(headings, rows);
}

function rowOf(report: StatusReport): (string | number)[] {
  const { replica, instances, executed, stable, checkpoint, lag, clients, pid } = report;
  // Instances 0 to n - 1 disseminate; the one that orders comes last. A protocol with one primary has only that.
  const ordering = instances.at(-1);
  const own = instances.length > 1 ? instances.find(({ instance }) => instance === replica) : undefined;
  const digest = checkpoint.digest === null ? "-" : `${checkpoint.seq}:${checkpoint.digest.slice(0, 12)}`;
  return [
    replica,
    ordering?.view ?? "-",
    ordering?.primary ?? "-",
    ordering?.decided ?? "-",
    own?.decided ?? "-",
    executed,
    stable,
    digest,
    lag,
    clients,
    pid,
  ];
}
