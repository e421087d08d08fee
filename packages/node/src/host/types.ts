import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { ReplicaStatus } from "@destiny/core/replica/replica";
import type { TrustTier } from "@destiny/crypto/trusted/subsystem";
import type { ClientServerStatistics } from "../clients/options.ts";
import type { PeerStatistics } from "../mesh/options.ts";
import type { StoreStatistics } from "../store/store.ts";

/** What a running replica tells its operator. */
export type HostLog = (
  level: "debug" | "info" | "warn" | "error",
  event: string,
  fields: Readonly<Record<string, string | number | boolean>>,
) => void;

/** Takes the measurements that the host makes. Each call is on the hot path: it must be cheap and must not throw. */
export interface HostRecorder {
  /** This replica proposed a batch. */
  batchProposed(bytes: number): void;
  /** Our own shares were made, that many together. */
  certified(count: number, seconds: number): void;
  /** Shares were combined into a certificate, or not. */
  combined(seconds: number): void;
  /** Certificates and signatures of a message were checked, queueing included. */
  verified(count: number, seconds: number): void;
  /** A group of records became durable. */
  groupSynced(records: number, seconds: number): void;
  /** A request was refused. */
  refused(code: number): void;
}

/** How a running replica is, for people, metrics and tests. */
export interface NodeStatus {
  readonly replica: ReplicaId;
  readonly protocol: string;
  readonly n: number;
  readonly f: number;
  /** What protects the trusted subsystem. */
  readonly tier: TrustTier;
  /** Of the trusted subsystem (hybster.md 10.1). */
  readonly bootEpoch: number;
  readonly uptimeSeconds: number;
  readonly core: ReplicaStatus;
  readonly peers: readonly PeerStatistics[];
  readonly clients: ClientServerStatistics;
  readonly store: StoreStatistics;
  /** Effects that wait for the disk. */
  readonly held: number;
  /** Refused input of peers, by `peer reason`. */
  readonly misbehaviour: ReadonlyMap<string, number>;
}

/** A replica at work. */
export interface RunningReplica {
  status(): NodeStatus;
  /** Where it listens, with the ports that were free if none was asked for. */
  readonly ports: { readonly mesh: number; readonly client: number };
  /** Stops taking part, makes durable what was written, and ends the trusted signer. Once. */
  stop(): Promise<void>;
  /** Resolves if the replica had to stop by itself: a failed disk or signer, or a broken invariant. */
  readonly failed: Promise<Error>;
}
