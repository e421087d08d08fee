import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import { clusterDescriptionToJson } from "@destiny/client/cluster-description";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { defaultParameters, type Parameters } from "@destiny/core/parameters";
import type { BlsBackend } from "@destiny/crypto/bls/backend";
import { openBls } from "@destiny/crypto/bls/open";
import type { SchemeKeys } from "@destiny/crypto/certificates/keys";
import { createSignerDirectory } from "@destiny/crypto/trusted/signer-directory";
import { toJsonText, writeNewFile } from "../files/secret-file.ts";
import { faultsOf, tryParameters } from "../genesis/check-genesis.ts";
import { describeCluster } from "../genesis/describe-cluster.ts";
import { type Genesis, instanceCountOf, preambleOf } from "../genesis/genesis.ts";
import { parseGenesis } from "../genesis/read-genesis.ts";
import { type HttpExposure, hostsOf, planAddresses, type ReplicaAddresses } from "./addresses.ts";
import { type DealtCluster, type DealtReplica, dealCluster } from "./deal.ts";
import { writeClientKey, writeReplicaKey } from "./key-files.ts";
import { FILES } from "./replica-configuration.ts";
import {
  DEFAULT_REPLICA_LIMITS,
  type LogLevel,
  type ReplicaSettings,
  SETTINGS_FORMAT,
} from "./replica-settings.ts";

/** Names of the files beside the replicas' folders. */
export const CLUSTER_FILES = {
  genesis: "genesis.json",
  client: "client.json",
  clientKey: "client.key",
} as const;

/** Largest cluster whose certificates are lists of signatures unless the plan says otherwise. */
const LIST_REPLICAS_MAX = 9;

/** What a new cluster is to be. Whatever is absent has a default. */
export interface ClusterPlan {
  readonly replicas: number;
  /** Made; may be there if it is empty. */
  readonly directory: string;
  readonly protocol?: string | undefined;
  readonly name?: string | undefined;
  /** Host of each replica, `{i}` standing for its id; `127.0.0.1` if absent. */
  readonly hostTemplate?: string | undefined;
  /** First port on each host; if absent, free ones are found on this machine, and 7100 is taken on others. */
  readonly basePort?: number | undefined;
  /** Who reaches the HTTP gateways; `loopback` if absent. */
  readonly http?: HttpExposure | undefined;
  /** Who may submit: anyone, or the default client, the gateways and these Ed25519 keys in hex; anyone if absent. */
  readonly admission?: "anyone" | readonly string[] | undefined;
  readonly parameters?: Partial<Parameters> | undefined;
  /** Kinds of certificates; if absent, lists of signatures in small clusters, else BLS. */
  readonly schemes?: Partial<Record<"commits" | "replies", SchemeKeys["kind"]>> | undefined;
  readonly logLevel?: LogLevel | undefined;
}

/** A cluster that was made. */
export interface InitialCluster {
  readonly directory: string;
  readonly genesis: Genesis;
  /** One per replica, each all that this replica needs. */
  readonly replicaDirectories: readonly string[];
}

/**
 * Makes a cluster: genesis, a folder for each replica, a description and a key for clients. All of it appears at once or
 * not at all. Throws {@link ConfigurationError} for a plan that cannot be, and the signal's reason when it aborts.
 */
export async function initCluster(
  plan: ClusterPlan,
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<InitialCluster> {
  const directory = resolve(plan.directory);
  checkEmpty(directory);
  const dealt = await deal(plan, log);
  const draft = makeDraft(directory);
  try {
    await writeCluster(draft, dealt, plan.logLevel ?? "info", signal);
    renameSync(draft, directory);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    throw error;
  }
  const { genesis } = dealt.cluster;
  const replicaDirectories = genesis.replicas.map(({ id }) => join(directory, folderOf(id)));
  return { directory, genesis, replicaDirectories };
}

interface Dealt {
  readonly cluster: DealtCluster;
  readonly addresses: readonly ReplicaAddresses[];
}

async function deal(plan: ClusterPlan, log: (line: string) => void): Promise<Dealt> {
  const { replicas: n, protocol = "destiny", name = "destiny", admission = "anyone", schemes } = plan;
  const parameters = { ...defaultParameters(n), ...plan.parameters };
  faultsOf(protocol, n, parameters.slowReplicas);
  tryParameters(parameters);
  const hosts = hostsOf(plan.hostTemplate ?? "127.0.0.1", n);
  const addresses = await planAddresses({ hosts, basePort: plan.basePort, http: plan.http ?? "loopback" });
  const kinds = { ...defaultSchemes(n), ...schemes };
  const dealPlan = { name, protocol, parameters, addresses, schemes: kinds, admitted: admission };
  const cluster = await withBackend(log, (backend) => dealCluster(dealPlan, backend));
  // What is refused at every start is refused here first.
  parseGenesis(cluster.genesis);
  return { cluster, addresses };
}

/** What measurement chose: see the decision record on certificate schemes. */
function defaultSchemes(n: number): Record<"commits" | "replies", SchemeKeys["kind"]> {
  if (n <= LIST_REPLICAS_MAX) return { commits: "list", replies: "list" };
  return { commits: "multisig", replies: "threshold" };
}

async function withBackend<T>(
  log: (line: string) => void,
  use: (backend: BlsBackend) => Promise<T>,
): Promise<T> {
  const backend = openBls(log);
  try {
    return await use(backend);
  } finally {
    await backend.close();
  }
}

/** A folder beside the one that will be: on the same disk, so that it can become that one in one step. */
function makeDraft(directory: string): string {
  const parent = dirname(directory);
  try {
    mkdirSync(parent, { recursive: true });
    return mkdtempSync(join(parent, `.${basename(directory)}-`));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigurationError(
      `${directory} cannot be made (${code}): choose a folder that this user may make`,
    );
  }
}

async function writeCluster(
  directory: string,
  { cluster, addresses }: Dealt,
  logLevel: LogLevel,
  signal: AbortSignal | undefined,
): Promise<void> {
  const { genesis, replicas, clientSeed } = cluster;
  const genesisText = toJsonText(genesis);
  writeNewFile(join(directory, CLUSTER_FILES.genesis), genesisText, 0o644);
  const description = clusterDescriptionToJson(describeCluster(genesis));
  writeNewFile(join(directory, CLUSTER_FILES.client), toJsonText(description), 0o644);
  writeClientKey(join(directory, CLUSTER_FILES.clientKey), clientSeed);
  for (const [id, replica] of replicas.entries()) {
    // Each waits for the disk several times: let a Ctrl-C come through.
    await setImmediate();
    signal?.throwIfAborted();
    const folder = join(directory, folderOf(id));
    mkdirSync(folder, { mode: 0o700 });
    writeNewFile(join(folder, FILES.genesis), genesisText, 0o644);
    const listen = addresses[id]?.listen;
    if (listen !== undefined) {
      const text = toJsonText(settingsOf(id, listen, logLevel));
      writeNewFile(join(folder, FILES.settings), text, 0o644);
    }
    writeSecrets(folder, genesis, id, replica);
  }
}

function writeSecrets(folder: string, genesis: Genesis, id: number, replica: DealtReplica): void {
  writeReplicaKey(join(folder, FILES.key), replica.secrets);
  writeNewFile(join(folder, FILES.tlsKey), replica.tlsKeyPem, 0o600);
  createSignerDirectory(join(folder, FILES.signer), {
    preamble: preambleOf(genesis),
    replica: id,
    bootEpoch: genesis.replicas[id]?.signer.bootEpoch ?? 0,
    instances: instanceCountOf(genesis),
    scheme: genesis.schemes.commits.kind,
    ...replica.signer,
  });
}

function settingsOf(id: number, listen: ReplicaAddresses["listen"], logLevel: LogLevel): ReplicaSettings {
  const { genesis, data, signer } = FILES;
  return {
    format: SETTINGS_FORMAT,
    id,
    genesis,
    listen,
    data,
    signer,
    logLevel,
    limits: DEFAULT_REPLICA_LIMITS,
  };
}

function folderOf(id: number): string {
  return `replica-${id}`;
}

function checkEmpty(directory: string): void {
  if (!existsSync(directory)) return;
  let content: readonly string[];
  try {
    content = readdirSync(directory);
  } catch {
    throw new ConfigurationError(`${directory} is no folder that this user may read: choose another`);
  }
  if (content.length > 0) {
    throw new ConfigurationError(
      `${directory} is not empty: choose a new folder, a cluster is never overwritten`,
    );
  }
}
