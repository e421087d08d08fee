import { existsSync } from "node:fs";
import { join } from "node:path";
import { MessageKind } from "@destiny/core/wire/messages";
import { FILES } from "@destiny/node/configuration/replica-configuration";
import { readSettings } from "@destiny/node/configuration/replica-settings";
import { type Inspection, inspectStore } from "@destiny/node/store/inspection";
import { Command } from "commander";
import { Failure, UsageError } from "../output/failure.ts";
import { formatTable, printJson, printLine } from "../output/print.ts";
import { jsonOption } from "./options.ts";

const EXAMPLES = `
Example: destiny inspect cluster/replica-0

Reads every record and verifies every checksum; changes nothing. Exit status 1 if anything is damaged.`;

/** Names of the messages that a log may hold. */
const KINDS: ReadonlyMap<number, string> = new Map(
  Object.entries(MessageKind).map(([name, kind]) => [kind, name]),
);

/** `destiny inspect`: what a stopped replica's store holds. */
export function inspectCommand(): Command {
  return new Command("inspect")
    .description("read a stopped replica's store: records, last votes, checkpoint, damage")
    .argument("<folder>", "the replica's folder, or its data folder")
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES)
    .action(inspect);
}

async function inspect(folder: string, { json }: { readonly json?: true }): Promise<void> {
  const found = await inspectStore(dataFolderOf(folder));
  if (json) printJson(found);
  else printLine(describe(found));
  if (found.damage.length > 0) {
    throw new Failure(
      `${found.damage.length} damaged: restore the folder from a backup, or let the replica join anew`,
    );
  }
}

function dataFolderOf(folder: string): string {
  if (!existsSync(folder)) throw new UsageError(`${folder} does not exist: name a replica's folder`);
  const settings = join(folder, FILES.settings);
  return existsSync(settings) ? join(folder, readSettings(settings).data) : folder;
}

function describe({ cluster, replica, records, checkpoint, damage }: Inspection): string {
  const rows = records.map(({ instance, kind, records: count, bytes, firstSeq, lastSeq }) => {
    return [instance, KINDS.get(kind) ?? `kind ${kind}`, count, bytes, firstSeq, lastSeq];
  });
  const saved =
    checkpoint === null
      ? "no checkpoint yet"
      : `checkpoint at slot ${checkpoint.seq}: ${checkpoint.pages} of ${checkpoint.pageCount} pages, ` +
        `${checkpoint.metaBytes} bytes of other state`;
  return [
    `replica ${replica} of cluster ${cluster}`,
    "",
    formatTable(["instance", "kind", "records", "bytes", "first seq", "last vote"], rows),
    "",
    saved,
    damage.length === 0 ? "no damage" : `DAMAGE:\n${damage.map((each) => `  ${each}`).join("\n")}`,
  ].join("\n");
}
