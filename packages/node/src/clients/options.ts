import type { Digest, ReplicaId } from "@destiny/core/kernel/ids";
import type { AssignRequest } from "@destiny/core/wire/messages";
import type { Request } from "@destiny/core/wire/request";

/** What a server of clients spends at most, and how long it waits. */
export interface ClientLimits {
  /** Connections past their hello, in all. */
  readonly connectionsMax: number;
  /** The same under one client's name. */
  readonly connectionsPerClientMax: number;
  /** Connections before their hello, in all. */
  readonly pendingMax: number;
  /** The same per remote address. */
  readonly pendingPerAddressMax: number;
  /** From TCP connection to TLS handshake, and again from there to the hello. */
  readonly handshakeTimeoutMillis: number;
  /** From the first byte of a frame to its last. */
  readonly frameTimeoutMillis: number;
  /** A connection that has replies to write and has written none for so long is closed. */
  readonly stallTimeoutMillis: number;
  /** Bytes of replies that may wait for one connection; above, it is closed. */
  readonly backlogBytesMax: number;
  /** Bytes of requests of one connection that may be under way in the owner; above, we stop reading from it. */
  readonly underWayBytesMax: number;
  /** The same for all connections together. */
  readonly underWayBytesTotalMax: number;
}

const MEBIBYTE = 1_048_576;

export const DEFAULT_CLIENT_LIMITS: ClientLimits = {
  connectionsMax: 1_024,
  connectionsPerClientMax: 4,
  pendingMax: 512,
  pendingPerAddressMax: 256,
  handshakeTimeoutMillis: 5_000,
  frameTimeoutMillis: 30_000,
  stallTimeoutMillis: 15_000,
  backlogBytesMax: 16 * MEBIBYTE,
  underWayBytesMax: 4 * MEBIBYTE,
  underWayBytesTotalMax: 64 * MEBIBYTE,
};

/**
 * Why a connection was refused or closed, where that was the other side's doing.
 *
 * `crowded`: a cap on connections. `handshake`: not our TLS. `deadline`: too slow until its hello. `hello`: the first
 * message is none. `cluster`: it means another cluster. `not-admitted`: the genesis does not list it. `frame-length`:
 * zero or above the limit. `malformed`: not a message. `impostor`: a message in another client's name. `slow-frame`: a
 * frame that does not end. `slow-reader`: too many replies wait. `stalled`: it reads nothing.
 */
export type ClientFault =
  | "crowded"
  | "handshake"
  | "deadline"
  | "hello"
  | "cluster"
  | "not-admitted"
  | "frame-length"
  | "malformed"
  | "impostor"
  | "slow-frame"
  | "slow-reader"
  | "stalled";

/** The connection that a message came over. */
export interface ClientLink {
  /**
   * The owner found a signature of the client in what came over this connection. A name in a hello is worth nothing: when
   * places are scarce, connections that never proved theirs go first.
   */
  prove(): void;
}

/** All that a server of clients must know. */
export interface ClientServerOptions {
  readonly replica: ReplicaId;
  readonly cluster: Digest;
  /** Port 0 takes any free one. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly certPem: string;
  readonly keyPem: string;
  readonly limits?: Partial<ClientLimits>;
  /** Who coordinates the client now: the welcome says so. */
  readonly coordinatorOf: (client: Digest) => ReplicaId;
  /** Whether the genesis lets the client submit. */
  readonly admits: (client: Digest) => boolean;
  /**
   * A request in the name of the connection's client, its signature unchecked. What it returns settles when the request
   * has been checked and taken or refused: until then its bytes count as under way.
   */
  readonly onSubmit: (request: Request, from: ClientLink) => void | Promise<void>;
  /** A wish for another coordinator, its signature unchecked. */
  readonly onAssign: (assign: AssignRequest, from: ClientLink) => void | Promise<void>;
  /** The client is undefined before its hello. */
  readonly report: (fault: ClientFault, client: Digest | undefined) => void;
}

/** Totals since the server opened, and what is there now. */
export interface ClientServerStatistics {
  readonly connections: number;
  readonly clients: number;
  /** Bytes of requests whose check is under way. */
  readonly underWayBytes: number;
  readonly accepted: number;
  readonly framesIn: number;
  readonly framesOut: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
}
