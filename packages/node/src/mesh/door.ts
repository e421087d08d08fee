import { createServer, type Server, type Socket } from "node:net";
import {
  createServer as createTlsServer,
  type TLSSocket,
  type TlsOptions,
  type Server as TlsServer,
} from "node:tls";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import type { MeshFault, MeshLimits } from "./options.ts";

/**
 * What a door needs. `admitted` gives the place among the pending back: call it once the peer has
 * authenticated.
 */
export interface DoorOptions {
  readonly listen: { readonly host: string; readonly port: number };
  readonly tls: TlsOptions;
  readonly limits: MeshLimits;
  readonly onSecure: (socket: TLSSocket, admitted: () => void) => void;
  readonly onFault: (fault: MeshFault) => void;
}

/**
 * The listening port. Connections are counted and capped as plain TCP, before TLS spends anything on them,
 * which is why the TLS server does not listen itself.
 */
export class Door {
  readonly #options: DoorOptions;
  readonly #tcp: Server;
  readonly #tls: TlsServer;
  /** Connections that have not authenticated, by both ends' addresses. */
  readonly #pending = new Map<string, Socket>();
  readonly #pendingPerAddress = new Map<string, number>();
  /** All connections, so that closing the door closes them. */
  readonly #sockets = new Set<Socket>();
  #port = 0;

  private constructor(options: DoorOptions) {
    this.#options = options;
    this.#tls = createTlsServer(options.tls, (socket) => this.#onSecure(socket));
    this.#tls.on("tlsClientError", (error, socket) => this.#onTlsError(error, socket));
    this.#tcp = createServer((socket) => this.#onConnection(socket));
  }

  /** Listens; a {@link ConfigurationError} if it may not or cannot. */
  static async open(options: DoorOptions): Promise<Door> {
    const door = new Door(options);
    await door.#listen();
    return door;
  }

  /** The port that we listen on, or did. */
  get port(): number {
    return this.#port;
  }

  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#tcp.close(resolve));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  #listen(): Promise<void> {
    const { host, port } = this.#options.listen;
    return new Promise((resolve, reject) => {
      this.#tcp.once("error", (error: NodeJS.ErrnoException) => reject(listenError(error, host, port)));
      this.#tcp.listen({ host, port }, () => {
        this.#tcp.removeAllListeners("error");
        // What fails later is one accept, for want of file descriptors: the peer dials again.
        this.#tcp.on("error", () => this.#options.onFault("crowded"));
        const address = this.#tcp.address();
        if (address !== null && typeof address === "object") this.#port = address.port;
        resolve();
      });
    });
  }

  #onConnection(socket: Socket): void {
    const { limits, onFault } = this.#options;
    socket.on("error", () => undefined); // Close follows; without a listener the process would end.
    const address = socket.remoteAddress;
    if (address === undefined) {
      socket.destroy();
      return;
    }
    const fromAddress = this.#pendingPerAddress.get(address) ?? 0;
    if (this.#pending.size >= limits.pendingMax || fromAddress >= limits.pendingPerAddressMax) {
      socket.resetAndDestroy();
      onFault("crowded");
      return;
    }
    const key = keyOf(socket);
    this.#pending.set(key, socket);
    this.#pendingPerAddress.set(address, fromAddress + 1);
    this.#sockets.add(socket);
    socket.on("close", () => {
      this.#sockets.delete(socket);
      this.#release(key, socket, address);
    });
    this.#tls.emit("connection", socket);
  }

  #onSecure(socket: TLSSocket): void {
    const key = keyOf(socket);
    const address = socket.remoteAddress ?? "";
    const raw = this.#pending.get(key);
    if (raw === undefined) socket.destroy();
    else this.#options.onSecure(socket, () => this.#release(key, raw, address));
  }

  /**
   * Node reports a handshake that failed or took too long, but leaves the connection open: closing it is up
   * to us.
   */
  #onTlsError(error: NodeJS.ErrnoException, socket: TLSSocket): void {
    socket.destroy();
    const noCertificate = error.code === "ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE";
    if (error.code === "ERR_TLS_HANDSHAKE_TIMEOUT") this.#options.onFault("deadline");
    else this.#options.onFault(noCertificate || socket.authorizationError ? "certificate" : "handshake");
  }

  #release(key: string, socket: Socket, address: string): void {
    if (this.#pending.get(key) !== socket) return;
    this.#pending.delete(key);
    const left = (this.#pendingPerAddress.get(address) ?? 0) - 1;
    if (left > 0) this.#pendingPerAddress.set(address, left);
    else this.#pendingPerAddress.delete(address);
  }
}

function keyOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort} ${socket.localAddress}`;
}

function listenError(error: NodeJS.ErrnoException, host: string, port: number): ConfigurationError {
  const place = `${host}:${port}`;
  switch (error.code) {
    case "EADDRINUSE":
      return new ConfigurationError(
        `${place} is in use by another process: stop it, or give this replica another port`,
      );
    case "EACCES":
      return new ConfigurationError(`this user may not listen on ${place}: choose a port of 1024 or above`);
    default:
      return new ConfigurationError(
        `cannot listen on ${place} (${error.code ?? error.message}): give an address of this machine`,
      );
  }
}
