import { constants } from "node:crypto";
import type { TLSSocket, TlsOptions } from "node:tls";
import { CLIENT_PROTOCOL } from "@destiny/client/replica-link";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import type { Digest } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import {
  type ClientMessage,
  decodeClientMessage,
  encodeReplicaMessage,
  type ReplicaMessage,
} from "@destiny/core/wire/client-protocol";
import { encodeFrame } from "@destiny/core/wire/frame-parser";
import { DecodeError } from "@destiny/core/wire/reader";
import { RefusalCode } from "@destiny/core/wire/reply";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { Door } from "../mesh/door.ts";
import { DEFAULT_LIMITS, type MeshFault } from "../mesh/options.ts";
import { ClientConnection, type ConnectionOwner, TOO_LONG } from "./client-connection.ts";
import { ClientRegistry } from "./client-registry.ts";
import {
  type ClientFault,
  type ClientLimits,
  type ClientLink,
  type ClientServerOptions,
  type ClientServerStatistics,
  DEFAULT_CLIENT_LIMITS,
} from "./options.ts";
import { ReadingBudget } from "./reading-budget.ts";
import { newTraffic } from "./traffic.ts";

const SWEEP_MILLIS = 1_000;
const NOBODY: Digest = "\0".repeat(32);
/** Clients that share one connection. */
const CLIENTS_PER_CONNECTION_MAX = 256;

/**
 * Where clients connect: TLS 1.3 with the replica's certificate, frames with one message each. It checks form, not
 * signatures, and keeps everything that a client could make grow within bounds.
 */
export class ClientServer {
  readonly #options: ClientServerOptions;
  readonly #limits: ClientLimits;
  readonly #registry: ClientRegistry;
  readonly #budget: ReadingBudget;
  readonly #owner: ConnectionOwner;
  /** Every connection with a socket, before its hello and after its end too. */
  readonly #connections = new Set<ClientConnection>();
  /** What gives a pending connection's place back once its hello was good. */
  readonly #admissions = new WeakMap<ClientConnection, () => void>();
  #door: Door | undefined;
  #sweep: NodeJS.Timeout | undefined;
  #accepted = 0;
  #closed = false;

  private constructor(options: ClientServerOptions) {
    this.#options = options;
    this.#limits = { ...DEFAULT_CLIENT_LIMITS, ...options.limits };
    this.#registry = new ClientRegistry(this.#limits.connectionsMax, this.#limits.connectionsPerClientMax);
    this.#budget = new ReadingBudget(this.#limits.underWayBytesMax, this.#limits.underWayBytesTotalMax);
    this.#owner = {
      limits: this.#limits,
      traffic: newTraffic(),
      onFrame: (connection, frame) => this.#onFrame(connection, frame),
      onClosed: (connection, fault) => this.#onClosed(connection, fault),
      onGone: (connection) => void this.#connections.delete(connection),
    };
  }

  /** Listens. Throws {@link ConfigurationError} if the key, the certificate or the port is not right. */
  static async open(options: ClientServerOptions): Promise<ClientServer> {
    const server = new ClientServer(options);
    await server.#start();
    return server;
  }

  /** The port that we listen on. */
  get port(): number {
    return present(this.#door, "an open server listens").port;
  }

  /** Sends a message to every connection of a client; to nobody if it has none. */
  send(client: Digest, message: ReplicaMessage): void {
    let frame: Uint8Array | undefined;
    for (const connection of [...this.#registry.of(client)]) {
      frame ??= encodeFrame(encodeReplicaMessage(message));
      connection.send(frame);
    }
  }

  statistics(): ClientServerStatistics {
    const { size: connections, clients } = this.#registry;
    const underWayBytes = this.#budget.total;
    return { connections, clients, underWayBytes, accepted: this.#accepted, ...this.#owner.traffic };
  }

  /** Closes all connections and the port. No callback comes after it has returned. */
  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#sweep);
    for (const connection of [...this.#connections]) connection.close();
    await this.#door?.close();
  }

  async #start(): Promise<void> {
    const { pendingMax, pendingPerAddressMax } = this.#limits;
    this.#door = await openDoor({
      listen: this.#options.listen,
      tls: tlsOptions(this.#options, this.#limits),
      limits: { ...DEFAULT_LIMITS, pendingMax, pendingPerAddressMax },
      onSecure: (socket, admitted) => this.#onSecure(socket, admitted),
      onFault: (fault) => this.#report(faultOfDoor(fault), undefined),
    });
    this.#sweep = setInterval(() => this.#closeOverdue(), SWEEP_MILLIS);
  }

  #onSecure(socket: TLSSocket, admitted: () => void): void {
    if (this.#closed || socket.alpnProtocol !== CLIENT_PROTOCOL) {
      socket.on("error", () => undefined); // Nobody else listens any more.
      socket.destroy();
      this.#report("handshake", undefined);
      return;
    }
    const connection = new ClientConnection(socket, this.#owner);
    this.#connections.add(connection);
    this.#admissions.set(connection, admitted);
  }

  #onFrame(connection: ClientConnection, frame: Uint8Array): void {
    const [first] = connection.clients;
    if (frame === TOO_LONG) return connection.refuse(RefusalCode.Malformed, "frame-length", first ?? NOBODY);
    const message = decode(frame);
    if (message?.type === "hello") return this.#onHello(connection, message);
    if (first === undefined) return connection.refuse(RefusalCode.Malformed, "hello", NOBODY);
    if (message === undefined) return connection.refuse(RefusalCode.Malformed, "malformed", first);
    const named = message.type === "submit" ? message.request.client : message.assign.client;
    if (!connection.clients.has(named)) return connection.refuse(RefusalCode.Malformed, "impostor", first);
    this.#deliver(connection, message, frame.length);
  }

  #onHello(connection: ClientConnection, { client, cluster }: ClientMessage & { type: "hello" }): void {
    const { replica, admits, coordinatorOf } = this.#options;
    if (cluster !== this.#options.cluster) return connection.refuse(RefusalCode.Malformed, "cluster", client);
    if (connection.clients.has(client)) return connection.refuse(RefusalCode.Malformed, "malformed", client);
    if (!admits(client)) return connection.refuse(RefusalCode.NotAdmitted, "not-admitted", client);
    const displaced = this.#registry.displaced(client);
    const full = connection.clients.size >= CLIENTS_PER_CONNECTION_MAX;
    if (displaced === null || displaced === connection || full) {
      return connection.refuse(RefusalCode.Busy, "crowded", client);
    }
    displaced?.close("crowded");

    if (connection.clients.size === 0) this.#accepted += 1;
    connection.open(client);
    this.#registry.add(client, connection);
    this.#admissions.get(connection)?.();
    const welcome = { type: "welcome", replica, coordinator: coordinatorOf(client) } as const;
    connection.send(encodeFrame(encodeReplicaMessage(welcome)));
  }

  #deliver(
    connection: ClientConnection,
    message: Exclude<ClientMessage, { type: "hello" }>,
    bytes: number,
  ): void {
    const { onSubmit, onAssign } = this.#options;
    const link: ClientLink = { prove: () => this.#prove(connection) };
    const done = message.type === "submit" ? onSubmit(message.request, link) : onAssign(message.assign, link);
    if (done === undefined) return;
    this.#budget.take(connection, bytes);
    // A rejection is the owner's own fault, and stays one that stops the process.
    void done.finally(() => this.#budget.give(connection, bytes));
  }

  #prove(connection: ClientConnection): void {
    if (!connection.proven) this.#registry.prove(connection);
  }

  #onClosed(connection: ClientConnection, fault: ClientFault | undefined): void {
    this.#budget.forget(connection);
    for (const client of connection.clients) this.#registry.remove(client, connection);
    const [first] = connection.clients;
    if (fault !== undefined) this.#report(fault, first);
  }

  #closeOverdue(): void {
    const now = performance.now();
    for (const connection of [...this.#connections]) {
      const fault = connection.overdue(now);
      if (fault !== undefined) connection.close(fault);
    }
  }

  #report(fault: ClientFault, client: Digest | undefined): void {
    if (!this.#closed) this.#options.report(fault, client);
  }
}

function decode(frame: Uint8Array): ClientMessage | undefined {
  try {
    return decodeClientMessage(frame, digestOf);
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}

/** TLS 1.3 alone and no tickets, as between replicas; clients prove who they are by signatures, not by certificates. */
function tlsOptions(options: ClientServerOptions, limits: ClientLimits): TlsOptions {
  return {
    cert: options.certPem,
    key: options.keyPem,
    minVersion: "TLSv1.3",
    maxVersion: "TLSv1.3",
    ciphers: "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256",
    honorCipherOrder: true,
    secureOptions: constants.SSL_OP_NO_TICKET,
    handshakeTimeout: limits.handshakeTimeoutMillis,
    ALPNProtocols: [CLIENT_PROTOCOL],
  };
}

function openDoor(options: Parameters<typeof Door.open>[0]): Promise<Door> {
  return Door.open(options).catch((error: unknown) => {
    if (error instanceof ConfigurationError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(
      `the key does not fit the certificate (${reason}): restore both from the same \`destiny init\``,
    );
  });
}

function faultOfDoor(fault: MeshFault): ClientFault {
  return fault === "crowded" || fault === "deadline" ? fault : "handshake";
}
