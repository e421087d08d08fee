import type { Digest, ReplicaId } from "@destiny/core/kernel/ids";
import type { Parameters } from "@destiny/core/parameters";
import { encodeJson } from "@destiny/core/service/canonical-json";
import type { Preamble } from "@destiny/core/wire/statement";
import type { SchemeKeys } from "@destiny/crypto/certificates/keys";
import { digestOf } from "@destiny/crypto/hash/sha256";

/** Version of the file's format. */
export const GENESIS_FORMAT = 1;
/** Configuration that a cluster starts with; reconfiguration would count up from here (hybster.md 10.1). */
const FIRST_CONFIGURATION = 0;

/** Where something listens, as others reach it: a DNS name or an IP address, and a TCP port. */
export interface HostPort {
  readonly host: string;
  readonly port: number;
}

/** One replica as all others and all clients know it. Keys are in lower-case hex. */
export interface GenesisReplica {
  /** Its place in the list. */
  readonly id: ReplicaId;
  /** For the other replicas. */
  readonly mesh: HostPort;
  /** For clients. */
  readonly client: HostPort;
  /** For the HTTP gateway's users, if it has one. */
  readonly http: HostPort | null;
  /** Its TLS certificate: the fingerprint is its identity on the network. */
  readonly certificate: { readonly fingerprint: string; readonly pem: string };
  /** Ed25519 public key of the replica itself, 32 bytes. */
  readonly hostKey: string;
  /** Its trusted subsystem: Ed25519 public key of the individual certificates, and which boot of it counts. */
  readonly signer: { readonly identityKey: string; readonly bootEpoch: number };
  /** Ed25519 public key of its HTTP gateway, a client like any other. */
  readonly gatewayKey: string;
}

/** Who may submit commands. */
export type GenesisAdmission =
  | { readonly type: "anyone" }
  /** Only these Ed25519 public keys; the gateways' have to be among them. */
  | { readonly type: "list"; readonly clients: readonly string[] };

/** What all replicas and clients agree on before the first message: the cluster's constitution. */
export interface Genesis {
  readonly format: typeof GENESIS_FORMAT;
  /** For people: it is in certificates. */
  readonly name: string;
  /** Name of a recipe in the core's catalogue. */
  readonly protocol: string;
  readonly parameters: Parameters;
  /** Replica i at place i. */
  readonly replicas: readonly GenesisReplica[];
  readonly schemes: {
    /** `tau`: certificates over slots, in Byzantine protocols of checkpoints too; trusted subsystems make the shares. In order. */
    readonly commits: SchemeKeys;
    /** `pi`: proofs of execution, and of checkpoints in hybrid protocols. One key per replica, in order. */
    readonly replies: SchemeKeys;
    /** `sigma`: certificates of a fast path, whose shares the hosts make. Only if the protocol has one. */
    readonly fast?: SchemeKeys | undefined;
  };
  readonly admission: GenesisAdmission;
}

/** The cluster's identity: SHA-256 of the genesis in its one spelling, however the file is laid out. */
export function clusterOf(genesis: Genesis): Digest {
  return digestOf(encodeJson(genesis));
}

/** What everything that is signed in this cluster starts with. */
export function preambleOf(genesis: Genesis): Preamble {
  return { cluster: clusterOf(genesis), configuration: FIRST_CONFIGURATION };
}

/** How many instances a trusted subsystem certifies for: one per coordinator, and the one that orders. */
export function instanceCountOf(genesis: Genesis): number {
  return genesis.replicas.length + 1;
}
