import type { Digest, ReplicaId } from "@destiny/core/kernel/ids";
import type { Admission } from "@destiny/core/replica/executor";
import { Replica, type ReplicaOptions } from "@destiny/core/replica/replica";
import { KeyValue } from "@destiny/core/service/key-value";
import type { Service } from "@destiny/core/service/service";
import { KEPT_KINDS } from "@destiny/core/wire/messages";
import { fromDigest, toDigest } from "@destiny/core/wire/reader";
import { CheckQueue } from "@destiny/crypto/bls/check-queue";
import { openBls } from "@destiny/crypto/bls/open";
import { replaceKeys } from "@destiny/crypto/certificates/keys";
import type { CertificateScheme, ShareSigner } from "@destiny/crypto/certificates/scheme";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { type Ed25519Key, openEd25519 } from "@destiny/crypto/signatures/ed25519";
import { SignatureVerifier } from "@destiny/crypto/signatures/verifier";
import type { SignerBirth } from "@destiny/crypto/trusted/signer-directory";
import { spawnSigner } from "@destiny/crypto/trusted/spawn";
import { ClientServer } from "../clients/client-server.ts";
import {
  openFastShares,
  openReplyShares,
  type ReplicaConfiguration,
} from "../configuration/replica-configuration.ts";
import { faultsOfGenesis, protocolOf } from "../genesis/check-genesis.ts";
import { type Genesis, instanceCountOf, preambleOf } from "../genesis/genesis.ts";
import { canReadmit, checkSubsystem, openSchemes } from "../genesis/open-schemes.ts";
import { Mesh } from "../mesh/mesh.ts";
import { Store } from "../store/store.ts";
import { KeyTables } from "./key-tables.ts";
import { ReplicaDriver } from "./replica-driver.ts";
import { RunningNode } from "./running-node.ts";
import { admissionVerifier, introduce, membersOf } from "./subsystems.ts";
import type { HostLog, HostRecorder, RunningReplica } from "./types.ts";
import { Verifier } from "./verifier.ts";

/** What a replica runs with, beside its configuration. */
export interface HostOptions {
  readonly log: HostLog;
  readonly recorder: HostRecorder;
  /** The key-value store if absent. */
  readonly service?: Service | undefined;
}

/**
 * Starts a replica from its folder: store, trusted signer, links to its peers, and its port for clients. Throws
 * ConfigurationError for what the operator can mend; nothing is left running then.
 */
export async function startReplica(
  configuration: ReplicaConfiguration,
  options: HostOptions,
): Promise<RunningReplica> {
  const node = new RunningNode(configuration, options.log);
  try {
    await assemble(node, configuration, options);
  } catch (error) {
    await node.stop();
    throw error;
  }
  return node;
}

/** From the disk outwards, so that nothing is heard before there is somebody to take it. */
async function assemble(
  node: RunningNode,
  configuration: ReplicaConfiguration,
  { log, recorder, service = new KeyValue() }: HostOptions,
): Promise<void> {
  const { genesis, preamble, id, self } = configuration;
  const failed = (error: Error): void => node.fail(error);
  const { verifier, ...cryptography } = await openCryptography(node, configuration, log);
  const store = await Store.open({
    dir: configuration.dataDirectory,
    cluster: preamble.cluster,
    replica: id,
    historyBytesMax: configuration.limits.historyBytesMax,
    keptKinds: KEPT_KINDS,
    failed,
    synced: (records, seconds) => recorder.groupSynced(records, seconds),
  });
  node.onStop(() => store.close());
  const subsystem = await spawnSigner(configuration.signerDirectory, {
    socketPath: configuration.signerSocketPath,
    birth: birthOf(genesis, id),
    onLog: (text) => log("warn", "signer", { text: text.trimEnd() }),
  });
  node.onStop(() => subsystem.close());
  checkSubsystem(genesis, id, subsystem.description);
  const identities = canReadmit(genesis)
    ? { genesis: membersOf(genesis), own: await introduce(subsystem) }
    : undefined;

  const links: { mesh: Mesh | null } = { mesh: null };
  const replies: { server: ClientServer | null } = { server: null };
  const driver = new ReplicaDriver({
    self: id,
    create: (outbox) => createReplica(configuration, { service, outbox, identities }),
    store,
    verifier,
    links: {
      send: (to, frame) => links.mesh?.send(to, frame),
      broadcast: (frame) => links.mesh?.broadcast(frame),
      pause: (peer) => links.mesh?.pause(peer),
      resume: (peer) => links.mesh?.resume(peer),
    },
    jobs: { preamble, ...cryptography, subsystem },
    recorder,
    reply: (reply) => replies.server?.send(reply.client, reply),
    report: (peer, reason) => node.report(peer, reason),
    failed,
  });
  node.onStop(async () => driver.stop());
  await driver.recover();

  links.mesh = await openMesh(node, configuration, driver, log);
  driver.start();
  replies.server = await openClientServer(node, configuration, driver);
  node.run({ driver, store, mesh: links.mesh, clients: replies.server, subsystem: subsystem.description });
  log("info", "serving", { replica: id, client: `${self.client.host}:${replies.server.port}` });
}

/** What a signer is made for whose memory is gone, where the cluster can admit it. */
function birthOf(genesis: Genesis, replica: ReplicaId): SignerBirth | undefined {
  if (!canReadmit(genesis)) return undefined;
  const cluster = Buffer.from(fromDigest(preambleOf(genesis).cluster)).toString("hex");
  return { cluster, replica, instances: instanceCountOf(genesis), scheme: genesis.schemes.commits.kind };
}

function createReplica(
  configuration: ReplicaConfiguration,
  around: Pick<ReplicaOptions, "service" | "outbox" | "identities">,
): Replica {
  const { genesis, id } = configuration;
  const protocol = protocolOf(genesis.protocol);
  return new Replica({
    self: id,
    faults: faultsOfGenesis(genesis),
    ordering: protocol.ordering,
    replies: protocol.replies,
    parameters: genesis.parameters,
    admission: admissionOf(genesis),
    hash: digestOf,
    ...around,
  });
}

interface Cryptography {
  readonly keys: KeyTables;
  readonly hostKey: Ed25519Key;
  readonly pi: CertificateScheme;
  readonly sigma: CertificateScheme | undefined;
  /** This replica's shares of scheme pi. */
  readonly shareSigner: ShareSigner;
  /** And those of scheme sigma. */
  readonly fastSigner: ShareSigner | undefined;
  readonly verifier: Verifier;
}

async function openCryptography(
  node: RunningNode,
  configuration: ReplicaConfiguration,
  log: HostLog,
): Promise<Cryptography> {
  const { genesis, preamble } = configuration;
  const backend = openBls((line) => log("warn", "bls", { line }));
  node.onStop(() => backend.close());
  const queue = new CheckQueue(backend);
  const schemes = await openSchemes(genesis, backend, queue);
  const { commits: tau, replies: pi, fast: sigma } = schemes;
  const signatures = new SignatureVerifier(openEd25519());
  node.onStop(() => signatures.close());
  const keys = new KeyTables({
    ...{ tau, identities: identitiesOf(genesis) },
    replaced: (replaced) => replaceKeys({ backend, queue }, genesis.schemes.commits, replaced),
  });
  const admission = canReadmit(genesis) ? admissionVerifier(genesis, { backend, queue }) : undefined;
  const verifier = new Verifier({ preamble, keys, pi, sigma, signatures, admission });
  const hostKey = openEd25519().keyFromSeed(Buffer.from(configuration.secrets.hostSeed, "hex"));
  const shareSigner = openReplyShares(configuration, backend);
  const fastSigner = openFastShares(configuration, backend);
  return { keys, hostKey, pi, sigma, shareSigner, fastSigner, verifier };
}

async function openMesh(
  node: RunningNode,
  configuration: ReplicaConfiguration,
  driver: ReplicaDriver<Replica>,
  log: HostLog,
): Promise<Mesh> {
  const { genesis, id, self, listen, limits, preamble, tlsKeyPem } = configuration;
  const mesh = await Mesh.open({
    self: id,
    peers: genesis.replicas
      .filter((replica) => replica.id !== id)
      .map(({ id: peer, mesh: { host, port }, certificate: { fingerprint, pem } }) => {
        return { id: peer, host, port, fingerprint, certPem: pem };
      }),
    listen: listen.mesh,
    certPem: self.certificate.pem,
    keyPem: tlsKeyPem,
    cluster: preamble.cluster,
    limits: { backlogBytesMax: limits.meshBacklogBytesMax },
    onFrame: (from, frame) => driver.onFrame(from, frame),
    onLink: (peer, up) => {
      log("info", up ? "link up" : "link down", { peer });
      if (up) driver.onLink();
    },
    report: (peer, fault) => node.report(peer, fault),
    log: (event, fields) => log("debug", event, fields),
  });
  node.onStop(() => mesh.close());
  return mesh;
}

async function openClientServer(
  node: RunningNode,
  configuration: ReplicaConfiguration,
  driver: ReplicaDriver<Replica>,
): Promise<ClientServer> {
  const { id, self, listen, limits, preamble, tlsKeyPem, genesis } = configuration;
  const admission = admissionOf(genesis);
  const server = await ClientServer.open({
    replica: id,
    cluster: preamble.cluster,
    listen: listen.client,
    certPem: self.certificate.pem,
    keyPem: tlsKeyPem,
    limits: { connectionsMax: limits.clientConnectionsMax, backlogBytesMax: limits.clientBacklogBytesMax },
    coordinatorOf: (client) => driver.replica.coordinatorOf(client),
    admits: (client) => admission.type === "anyone" || admission.clients.has(client),
    onSubmit: async (request, from) => {
      if (await driver.submit(request)) from.prove();
    },
    onAssign: async (assign, from) => {
      if (await driver.reassign(assign)) from.prove();
    },
    report: (fault) => node.report(undefined, `client-${fault}`),
  });
  node.onStop(() => server.close());
  return server;
}

function identitiesOf(genesis: Genesis): { bootEpoch: number; publicKey: Uint8Array }[] {
  return genesis.replicas.map(({ signer: { bootEpoch, identityKey } }) => {
    return { bootEpoch, publicKey: Uint8Array.from(Buffer.from(identityKey, "hex")) };
  });
}

function admissionOf(genesis: Genesis): Admission {
  const { admission, parameters } = genesis;
  if (admission.type === "anyone") return { type: "anyone", clientsMax: parameters.clientsMax };
  const clients = new Set<Digest>(admission.clients.map((key) => toDigest(Buffer.from(key, "hex"))));
  return { type: "list", clients };
}
