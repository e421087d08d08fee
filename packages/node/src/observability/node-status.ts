import type { Digest, ReplicaId } from "@destiny/core/kernel/ids";
import type { InstanceStatus } from "@destiny/core/ordering/orderer";
import type { ReplicaStatus } from "@destiny/core/replica/replica";
import { fromDigest } from "@destiny/core/wire/reader";
import type { TrustTier } from "@destiny/crypto/trusted/subsystem";
import { faultsOf } from "../genesis/check-genesis.ts";
import type { Genesis, HostPort } from "../genesis/genesis.ts";

/** Where a running replica listens. */
export interface NodeAddresses {
  readonly mesh: HostPort;
  readonly client: HostPort;
  /** Null if it has no gateway. */
  readonly http: HostPort | null;
}

/** How a running replica is, as `GET /status` says it: plain JSON, digests in hex. */
export interface NodeStatus {
  readonly replica: ReplicaId;
  readonly cluster: string;
  readonly name: string;
  readonly protocol: string;
  readonly n: number;
  readonly f: number;
  /** How well the trusted signer is kept apart. */
  readonly trust: TrustTier;
  readonly pid: number;
  readonly uptimeSeconds: number;
  readonly addresses: NodeAddresses;
  /** Peers with a live link. */
  readonly links: readonly ReplicaId[];
  /** Last slot of the global order that is executed. */
  readonly executed: number;
  /** Commands executed since the start. */
  readonly commands: number;
  /** Slot of the newest stable checkpoint. */
  readonly stable: number;
  /** Newest checkpoint taken here: two replicas with the same `seq` must have the same `digest`. */
  readonly checkpoint: { readonly seq: number; readonly digest: string | null };
  /** Slots by which it is behind what any peer has spoken of. */
  readonly lag: number;
  readonly clients: number;
  readonly queuedBytes: number;
  readonly instances: readonly InstanceStatus[];
}

/** What a status is made of. */
export interface NodeStatusParts {
  readonly self: ReplicaId;
  readonly genesis: Genesis;
  /** The genesis' digest. */
  readonly cluster: Digest;
  readonly trust: TrustTier;
  readonly addresses: NodeAddresses;
  readonly links: readonly ReplicaId[];
  readonly replica: ReplicaStatus;
}

/** Puts a status together. */
export function nodeStatus(parts: NodeStatusParts): NodeStatus {
  const { self, genesis, cluster, trust, addresses, links, replica } = parts;
  const { n, f } = faultsOf(genesis.protocol, genesis.replicas.length);
  const { executed, commands, stable, checkpoint, lag, clients, queuedBytes, instances } = replica;
  return {
    replica: self,
    cluster: hex(cluster),
    name: genesis.name,
    protocol: genesis.protocol,
    n,
    f,
    trust,
    pid: process.pid,
    uptimeSeconds: Math.round(process.uptime()),
    addresses,
    links,
    executed,
    commands,
    stable,
    checkpoint: { seq: checkpoint.seq, digest: checkpoint.root === null ? null : hex(checkpoint.root) },
    lag,
    clients,
    queuedBytes,
    instances,
  };
}

function hex(digest: Digest): string {
  return Buffer.from(fromDigest(digest)).toString("hex");
}
