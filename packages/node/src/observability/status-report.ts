import type { Digest, ReplicaId } from "@destiny/core/kernel/ids";
import type { InstanceStatus } from "@destiny/core/ordering/orderer";
import type { TransferProgress } from "@destiny/core/replica/state-transfer/state-transfer";
import { fromDigest } from "@destiny/core/wire/reader";
import type { TrustTier } from "@destiny/crypto/trusted/subsystem";
import type { HostPort } from "../genesis/genesis.ts";
import type { NodeStatus } from "../host/types.ts";

/** Where a running replica listens. */
export interface NodeAddresses {
  readonly mesh: HostPort;
  readonly client: HostPort;
  /** Null if it has no gateway. */
  readonly http: HostPort | null;
}

/** How a running replica is, as `GET /status` says it: plain JSON, digests in hex. */
export interface StatusReport {
  readonly replica: ReplicaId;
  readonly cluster: string;
  readonly protocol: string;
  readonly n: number;
  readonly f: number;
  /** How well the trusted signer is kept apart. */
  readonly trust: TrustTier;
  /** Boot epoch of the trusted signer: another one after it has lost its memory (hybster.md 10.1). */
  readonly bootEpoch: number;
  /** How many signers were admitted again in this cluster, as far as this replica has executed. */
  readonly configuration: number;
  /** The configuration that first has its own signer; null while it waits to be admitted. */
  readonly admittedWith: number | null;
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
  /** The state that it fetches from peers, by pages; null if it fetches none. */
  readonly transfer: TransferProgress | null;
  readonly clients: number;
  readonly queuedBytes: number;
  readonly instances: readonly InstanceStatus[];
  /** What peers and clients sent that was refused: how often, by `peer reason`. */
  readonly refused: Readonly<Record<string, number>>;
}

/** Puts the status of a replica in the form in which others get it. */
export function statusReport(status: NodeStatus, cluster: Digest, addresses: NodeAddresses): StatusReport {
  const { replica, protocol, n, f, tier, bootEpoch, uptimeSeconds, core, peers, misbehaviour } = status;
  const { executed, commands, stable, checkpoint, lag, transfer, clients, queuedBytes, instances } = core;
  return {
    replica,
    cluster: hex(cluster),
    protocol,
    n,
    f,
    trust: tier,
    bootEpoch,
    configuration: core.configuration,
    admittedWith: core.admittedWith,
    pid: process.pid,
    uptimeSeconds: Math.round(uptimeSeconds),
    addresses,
    links: peers.filter(({ linked }) => linked).map(({ peer }) => peer),
    executed,
    commands,
    stable,
    checkpoint: { seq: checkpoint.seq, digest: checkpoint.root === null ? null : hex(checkpoint.root) },
    lag,
    transfer,
    clients,
    queuedBytes,
    instances,
    refused: Object.fromEntries(misbehaviour),
  };
}

function hex(digest: Digest): string {
  return Buffer.from(fromDigest(digest)).toString("hex");
}
