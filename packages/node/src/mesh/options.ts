import type { Digest, ReplicaId } from "@destiny/core/kernel/ids";
import type { Fingerprint } from "../identity/fingerprint.ts";

/** Another replica: where it listens, and the one certificate that is its identity. */
export interface MeshPeer {
  readonly id: ReplicaId;
  readonly host: string;
  /** Used only for peers with a lower id, since these are the ones that we dial. */
  readonly port: number;
  /** From genesis: the pin. */
  readonly fingerprint: Fingerprint;
  /** The certificate itself, so that the handshake of anyone else fails already within TLS. */
  readonly certPem: string;
}

/** What a mesh spends at most, and how long it waits. */
export interface MeshLimits {
  /** Largest frame, in either direction, without its header. */
  readonly frameBytesMax: number;
  /** Bytes that may wait for one peer, headers included; what comes on top is dropped and counted. */
  readonly backlogBytesMax: number;
  /** From TCP connection to TLS handshake, and again from there to the hello. */
  readonly handshakeTimeoutMillis: number;
  /** A link that has bytes to write and has written none for so long is closed. */
  readonly stallTimeoutMillis: number;
  /** Connections that have not authenticated yet, in all. */
  readonly pendingMax: number;
  /** The same per remote address: replicas behind one address share it. */
  readonly pendingPerAddressMax: number;
  readonly redialMinMillis: number;
  readonly redialMaxMillis: number;
}

export const DEFAULT_LIMITS: MeshLimits = {
  frameBytesMax: 16 << 20,
  backlogBytesMax: 64 << 20,
  handshakeTimeoutMillis: 5_000,
  stallTimeoutMillis: 15_000,
  pendingMax: 512,
  pendingPerAddressMax: 64,
  redialMinMillis: 50,
  redialMaxMillis: 3_000,
};

/**
 * Why a connection was refused or closed, where that was the other side's doing.
 *
 * `crowded`: a cap on unauthenticated connections. `handshake`: not our TLS. `deadline`: too slow to
 * authenticate. `certificate`: not the pinned one. `resumed`: a session instead of a certificate.
 * `direction`: a lower id dialled us. `hello`: not a hello. `version`, `cluster`, `claim`: a hello of other
 * software, another cluster or another replica. `frame-length`: zero or above the limit. `stalled`: did not
 * read.
 */
export type MeshFault =
  | "crowded"
  | "handshake"
  | "deadline"
  | "certificate"
  | "resumed"
  | "direction"
  | "hello"
  | "version"
  | "cluster"
  | "claim"
  | "frame-length"
  | "stalled";

/** What happened, and its particulars: for the operator's log, not for decisions. */
export type MeshLog = (event: string, fields: Readonly<Record<string, string | number>>) => void;

/** All that a mesh must know. */
export interface MeshOptions {
  readonly self: ReplicaId;
  readonly peers: readonly MeshPeer[];
  /** Port 0 takes any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly certPem: string;
  readonly keyPem: string;
  readonly cluster: Digest;
  readonly limits?: Partial<MeshLimits>;
  /** A frame of an authenticated peer: a view, valid as long as it is held. Must not throw for any bytes. */
  readonly onFrame: (from: ReplicaId, frame: Uint8Array) => void;
  /** Called when a link comes up or goes down. A link that replaces another is a down, then an up. */
  readonly onLink: (peer: ReplicaId, up: boolean) => void;
  /** The peer is undefined while nothing authenticated it. */
  readonly report: (peer: ReplicaId | undefined, fault: MeshFault) => void;
  readonly log: MeshLog;
}

/** Totals for one peer since the mesh opened, over all links. Hellos and headers count too. */
export interface PeerStatistics {
  readonly peer: ReplicaId;
  linked: boolean;
  links: number;
  bytesIn: number;
  bytesOut: number;
  framesIn: number;
  /** Frames handed to the socket whole. */
  framesOut: number;
  /**
   * Frames dropped because the queue was full, there was no link, or it went down before they were written.
   */
  framesDropped: number;
}
