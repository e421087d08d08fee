import { readFileSync } from "node:fs";
import { KeyValueClient } from "@destiny/client/key-value-client";
import { Command } from "commander";
import { type ClientOptions, connectTo, withClientOptions } from "../cluster/find-cluster.ts";
import { UsageError } from "../output/failure.ts";
import { printJson, printLine } from "../output/print.ts";
import { answered } from "./answered.ts";
import { jsonOption } from "./options.ts";

const EXAMPLES = `
Examples:
  destiny put greeting hello --dir cluster
  destiny put picture - --dir cluster < picture.png`;

/** `destiny put`: sets a key. */
export function putCommand(): Command {
  const command = new Command("put")
    .description("set a key of the built-in key-value service")
    .argument("<key>", "the key")
    .argument("<value>", "its value; - for what standard input holds")
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES);
  return withClientOptions(command).action(put);
}

async function put(
  key: string,
  value: string,
  options: ClientOptions & { readonly json?: true },
): Promise<void> {
  const bytes = value === "-" ? readInput() : value;
  const { client } = await connectTo(options);
  try {
    const { value: replaced, reply } = await answered(new KeyValueClient(client).put(key, bytes));
    if (options.json) printJson({ key, replaced, seq: reply.seq });
    else printLine(`${replaced ? "replaced" : "created"} at slot ${reply.seq}`);
  } finally {
    await client.close();
  }
}

function readInput(): Uint8Array {
  try {
    return readFileSync(0);
  } catch (error) {
    throw new UsageError(
      `standard input cannot be read (${(error as NodeJS.ErrnoException).code}): pipe a file`,
    );
  }
}
