import { randomBytes } from "node:crypto";
import { invariant, present } from "@destiny/core/kernel/invariant";
import type { Parameters } from "@destiny/core/parameters";
import { homeOf } from "@destiny/core/replica/client-table";
import { toDigest } from "@destiny/core/wire/reader";
import type { BlsBackend } from "@destiny/crypto/bls/backend";
import {
  dealThreshold,
  generateListKey,
  generateMultisigKey,
  type SchemeKeys,
} from "@destiny/crypto/certificates/keys";
import { openEd25519 } from "@destiny/crypto/signatures/ed25519";
import { faultsOf, protocolOf } from "../genesis/check-genesis.ts";
import { GENESIS_FORMAT, type Genesis } from "../genesis/genesis.ts";
import { createReplicaCertificate } from "../identity/certificates.ts";
import type { ReplicaAddresses } from "./addresses.ts";
import type { ReplicaSecrets } from "./key-files.ts";

const SEED_BYTES = 32;
const EPOCH_BYTES = 6;

/** What the trusted dealer makes keys for. */
export interface DealPlan {
  readonly name: string;
  readonly protocol: string;
  readonly parameters: Parameters;
  readonly addresses: readonly ReplicaAddresses[];
  readonly schemes: { readonly commits: SchemeKeys["kind"]; readonly replies: SchemeKeys["kind"] };
  /** Clients beside the default one and the gateways, if not anyone may submit; in hex. */
  readonly admitted: readonly string[] | "anyone";
}

/** One replica's secrets: its own, those for its signer alone, and its TLS key. */
export interface DealtReplica {
  readonly secrets: ReplicaSecrets;
  readonly signer: { readonly identitySeed: string; readonly shareSecret: string };
  readonly tlsKeyPem: string;
}

/** A new cluster, with every secret that there is in it. */
export interface DealtCluster {
  readonly genesis: Genesis;
  readonly replicas: readonly DealtReplica[];
  /** Ed25519 seed of the default client, in hex. */
  readonly clientSeed: string;
}

interface KeyPair {
  readonly seed: string;
  readonly publicKey: string;
}

/** Plays the trusted dealer: draws all keys of a new cluster. Who holds the result holds the cluster. */
export async function dealCluster(plan: DealPlan, backend: BlsBackend): Promise<DealtCluster> {
  const n = plan.addresses.length;
  const faults = faultsOf(plan.protocol, n, plan.parameters.slowReplicas);
  const commits = dealScheme(backend, plan.schemes.commits, n, faults.quorum);
  const replies = dealScheme(backend, plan.schemes.replies, n, faults.oneCorrect);
  const fast = hasFastPath(plan) ? dealScheme(backend, plan.schemes.commits, n, faults.fastQuorum) : null;
  const gateways = drawGateways(n);
  const client = drawKeyPair();
  const dealt = await Promise.all(
    plan.addresses.map(async ({ host, reached }, id) => {
      const [hostKey, identity] = [drawKeyPair(), drawKeyPair()];
      const gateway = present(gateways[id], "a gateway per replica");
      const tls = await createReplicaCertificate({ replica: id, cluster: plan.name, hosts: [host] });
      const signer = {
        identityKey: identity.publicKey,
        bootEpoch: randomBytes(EPOCH_BYTES).readUIntBE(0, EPOCH_BYTES),
      };
      const entry = {
        id,
        ...reached,
        certificate: { fingerprint: tls.fingerprint, pem: tls.certPem },
        hostKey: hostKey.publicKey,
        signer,
        gatewayKey: gateway.publicKey,
      };
      const secrets = {
        hostSeed: hostKey.seed,
        replyShareSecret: replies.secret(id),
        ...(fast !== null && { fastShareSecret: fast.secret(id) }),
        gatewaySeed: gateway.seed,
      };
      const signerSecrets = { identitySeed: identity.seed, shareSecret: commits.secret(id) };
      return { entry, replica: { secrets, signer: signerSecrets, tlsKeyPem: tls.keyPem } };
    }),
  );
  const clients = [client.publicKey, ...gateways.map(({ publicKey }) => publicKey)];
  const genesis: Genesis = {
    format: GENESIS_FORMAT,
    name: plan.name,
    protocol: plan.protocol,
    parameters: plan.parameters,
    replicas: dealt.map(({ entry }) => entry),
    schemes: { commits: commits.keys, replies: replies.keys, ...(fast !== null && { fast: fast.keys }) },
    admission:
      plan.admitted === "anyone"
        ? { type: "anyone" }
        : { type: "list", clients: [...new Set([...clients, ...plan.admitted])] },
  };
  return { genesis, replicas: dealt.map(({ replica }) => replica), clientSeed: client.seed };
}

function hasFastPath({ protocol }: DealPlan): boolean {
  return protocolOf(protocol).fastPath === true;
}

function dealScheme(
  backend: BlsBackend,
  kind: SchemeKeys["kind"],
  n: number,
  threshold: number,
): { keys: SchemeKeys; secret: (id: number) => string } {
  if (kind === "threshold") {
    const { keys, secrets } = dealThreshold(backend, n, threshold, randomBytes);
    return { keys, secret: (id) => present(secrets[id], "a share per replica") };
  }
  if (kind === "list") {
    const made = Array.from({ length: n }, () => generateListKey(randomBytes));
    const keys = { kind, threshold, keys: made.map(({ publicKey }) => publicKey) };
    return { keys, secret: (id) => present(made[id], "a share per replica").secret };
  }
  const pairs = Array.from({ length: n }, () => generateMultisigKey(backend, randomBytes));
  const keys = { kind, threshold, members: pairs.map(({ member }) => member) };
  return { keys, secret: (id) => present(pairs[id], "a share per replica").secret };
}

/**
 * A client key for each gateway, such that its own replica coordinates it: keys choose coordinators (`homeOf`), so keys
 * are drawn until there is one for each.
 */
function drawGateways(n: number): readonly KeyPair[] {
  const gateways = new Map<number, KeyPair>();
  while (gateways.size < n) {
    const pair = drawKeyPair();
    const home = homeOf(toDigest(Buffer.from(pair.publicKey, "hex")), n);
    if (!gateways.has(home)) gateways.set(home, pair);
  }
  invariant(gateways.size === n, "homes are replicas");
  return Array.from({ length: n }, (_, id) => present(gateways.get(id), "a gateway per replica"));
}

function drawKeyPair(): KeyPair {
  const seed = randomBytes(SEED_BYTES);
  const publicKey = Buffer.from(openEd25519().publicKeyFromSeed(seed)).toString("hex");
  return { seed: seed.toString("hex"), publicKey };
}
