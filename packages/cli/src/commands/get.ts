import type { ClusterDescription } from "@destiny/client/cluster-description";
import { KeyValueClient } from "@destiny/client/key-value-client";
import type { VerifiedReply } from "@destiny/client/verified-reply";
import { replyToJson, verifyReply } from "@destiny/client/verify-reply";
import { Command } from "commander";
import { type ClientOptions, connectTo, withClientOptions } from "../cluster/find-cluster.ts";
import { Failure } from "../output/failure.ts";
import { note, printJson, printLine } from "../output/print.ts";
import { answered } from "./answered.ts";
import { jsonOption } from "./options.ts";

const EXAMPLES = `
Examples:
  destiny get greeting --dir cluster
  destiny get greeting --proof --dir cluster > proof.json

The value goes to standard output, exit status 1 if the key has none. With --proof, a JSON value goes there instead that
anybody who has the cluster's client.json can check without the cluster (verifyReply in the client library).`;

interface GetOptions extends ClientOptions {
  readonly proof?: true;
  readonly json?: true;
}

/** `destiny get`: a key's value, and on request what proves it. */
export function getCommand(): Command {
  const command = new Command("get")
    .description("a key's value, linearizable and verified")
    .argument("<key>", "the key")
    .option("--proof", "print the reply with its proof, as JSON, and say what it proves")
    .addOption(jsonOption())
    .addHelpText("after", EXAMPLES);
  return withClientOptions(command).action(get);
}

async function get(key: string, options: GetOptions): Promise<void> {
  const { client, cluster } = await connectTo(options);
  try {
    const { value, reply } = await answered(new KeyValueClient(client).get(key));
    const found = value !== undefined;
    if (options.proof || options.json) {
      const proof = options.proof ? await provenPart(reply, cluster) : {};
      printJson({ key, found, ...(found ? valuePart(value) : {}), seq: reply.seq, ...proof });
    } else if (found) printLine(Buffer.from(value).toString("utf8"));
    if (found) return;
    if (!options.json && !options.proof) note(`destiny: ${key} has no value`);
    process.exitCode = 1;
  } finally {
    await client.close();
  }
}

/** As text where it is text. */
function valuePart(value: Uint8Array): { readonly value: string } | { readonly valueBase64: string } {
  const bytes = Buffer.from(value);
  const text = bytes.toString("utf8");
  return Buffer.from(text).equals(bytes) ? { value: text } : { valueBase64: bytes.toString("base64") };
}

async function provenPart(
  reply: VerifiedReply,
  cluster: ClusterDescription,
): Promise<Record<string, unknown>> {
  if (!(await verifyReply(reply, cluster))) {
    throw new Failure("the reply has no proof: this cluster's replies come without certificates");
  }
  const { n, oneCorrect } = cluster.faults;
  const proves =
    `at least ${oneCorrect} of the ${n} replicas, one correct among them, certify that the cluster executed this client's ` +
    `request ${reply.timestamp} as entry ${reply.entry} of slot ${reply.seq} of the one global order, with exactly ` +
    "these results; it does not say what the request asked, so keep that with it";
  note(proves);
  return { verified: true, proves, reply: replyToJson(reply) };
}
