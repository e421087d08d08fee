import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type Client, connect } from "@destiny/client/client";
import {
  type ClusterDescription,
  ClusterDescriptionError,
  parseClusterDescription,
} from "@destiny/client/cluster-description";
import { CLUSTER_FILES } from "@destiny/node/configuration/init-cluster";
import { readClientKey } from "@destiny/node/configuration/key-files";
import { type Command, Option } from "commander";
import { decimal } from "../commands/options.ts";
import { UsageError } from "../output/failure.ts";
import { note } from "../output/print.ts";

/** Options of every command that is a client of a running cluster. */
export interface ClientOptions {
  readonly dir?: string;
  readonly connect?: string;
  readonly key?: string;
  /** In seconds. */
  readonly deadline: number;
}

/** Adds the options that say which cluster, as whom, and for how long. */
export function withClientOptions(command: Command): Command {
  return withClusterOptions(command)
    .option("--key <file>", "key of the client (default: client.key beside the description, or a new key)")
    .addOption(
      new Option("--deadline <seconds>", "give up after this long").argParser(decimal(0.1, 3600)).default(30),
    );
}

/** Adds the options that say which cluster. */
export function withClusterOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--dir <folder>", "the cluster's folder, as destiny init or up made it").env("DESTINY_DIR"),
    )
    .addOption(
      new Option("--connect <file>", "the cluster's client.json, for a cluster elsewhere").env(
        "DESTINY_CONNECT",
      ),
    );
}

/** The cluster that the options name. Throws {@link UsageError} that says how to name one. */
export function findCluster(options: Pick<ClientOptions, "dir" | "connect">): ClusterDescription {
  const path = descriptionPath(options);
  try {
    return parseClusterDescription(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    if (error instanceof ClusterDescriptionError) throw new UsageError(`${path}: ${error.message}`);
    if (error instanceof SyntaxError) throw new UsageError(`${path} is not JSON: copy the file again`);
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(`${path} cannot be read (${code}): name a cluster with --dir or --connect`);
  }
}

/** Connects as the client that the options name. */
export async function connectTo(options: ClientOptions): Promise<{
  readonly cluster: ClusterDescription;
  readonly client: Client;
}> {
  const cluster = findCluster(options);
  const seed = seedOf(options);
  const deadlineMillis = options.deadline * 1000;
  const connectMillis = Math.ceil(deadlineMillis);
  const common = { cluster, deadlineMillis: connectMillis, connectMillis, log: note };
  return { cluster, client: await connect(seed === undefined ? common : { ...common, seed }) };
}

function descriptionPath({ dir, connect: file }: Pick<ClientOptions, "dir" | "connect">): string {
  if (file !== undefined) return file;
  if (dir !== undefined) return join(dir, CLUSTER_FILES.client);
  throw new UsageError("which cluster? Give --dir FOLDER, or --connect client.json");
}

function seedOf(options: ClientOptions): Uint8Array | undefined {
  if (options.key !== undefined) return readClientKey(options.key);
  const beside = join(dirname(descriptionPath(options)), CLUSTER_FILES.clientKey);
  return existsSync(beside) ? readClientKey(beside) : undefined;
}
