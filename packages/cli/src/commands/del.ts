import { KeyValueClient } from "@destiny/client/key-value-client";
import { Command } from "commander";
import { type ClientOptions, connectTo, withClientOptions } from "../cluster/find-cluster.ts";
import { printJson, printLine } from "../output/print.ts";
import { answered } from "./answered.ts";
import { jsonOption } from "./options.ts";

/** `destiny del`: removes a key. */
export function delCommand(): Command {
  const command = new Command("del")
    .description("remove a key of the built-in key-value service")
    .argument("<key>", "the key")
    .addOption(jsonOption())
    .addHelpText("after", "\nExample: destiny del greeting --dir cluster");
  return withClientOptions(command).action(del);
}

async function del(key: string, options: ClientOptions & { readonly json?: true }): Promise<void> {
  const { client } = await connectTo(options);
  try {
    const { value: existed, reply } = await answered(new KeyValueClient(client).delete(key));
    if (options.json) printJson({ key, existed, seq: reply.seq });
    else printLine(`${existed ? "removed" : "was not there"} at slot ${reply.seq}`);
  } finally {
    await client.close();
  }
}
