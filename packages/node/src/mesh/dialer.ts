import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import { Backoff } from "./backoff.ts";
import type { MeshFault, MeshLimits, MeshPeer } from "./options.ts";
import { checkPin } from "./tls.ts";

/**
 * What a dialer needs. `onSecure` takes the socket over; whoever has it calls {@link Dialer.retry} when it is
 * gone.
 */
export interface DialerOptions {
  readonly peer: MeshPeer;
  readonly tls: ConnectionOptions;
  readonly limits: MeshLimits;
  readonly onSecure: (socket: TLSSocket) => void;
  /** An attempt failed; the fault is undefined if nobody answered. */
  readonly onFailure: (error: Error | undefined, fault: MeshFault | undefined) => void;
}

/** Dials one peer until it answers, and again whenever it is gone, for ever. One attempt at a time. */
export class Dialer {
  readonly #options: DialerOptions;
  readonly #backoff: Backoff;
  #socket: TLSSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #securedMillis = Number.POSITIVE_INFINITY;
  #stopped = false;

  constructor(options: DialerOptions) {
    this.#options = options;
    this.#backoff = new Backoff(options.limits.redialMinMillis, options.limits.redialMaxMillis);
  }

  /** The first attempt, at once. */
  start(): void {
    this.#dial();
  }

  /** The next attempt, after a pause: a short one only if the last connection had lasted for a while. */
  retry(): void {
    if (this.#stopped) return;
    const lasted = performance.now() - this.#securedMillis;
    if (lasted > this.#options.limits.redialMaxMillis) this.#backoff.reset();
    this.#securedMillis = Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#dial(), this.#backoff.next());
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #dial(): void {
    const { peer, tls, limits } = this.#options;
    const socket = connect({ ...tls, host: peer.host, port: peer.port, checkServerIdentity: checkPin(peer) });
    this.#socket = socket;
    const attempt: Attempt = { connected: false, late: false, error: undefined };
    this.#timer = setTimeout(() => {
      attempt.late = true;
      socket.destroy();
    }, limits.handshakeTimeoutMillis);
    const onClose = (): void => this.#onFailure(socket, attempt);
    socket.once("connect", () => {
      attempt.connected = true;
    });
    socket.on("error", (error) => {
      attempt.error = error;
    });
    socket.once("close", onClose);
    socket.once("secureConnect", () => {
      socket.off("close", onClose);
      clearTimeout(this.#timer);
      this.#securedMillis = performance.now();
      this.#options.onSecure(socket);
    });
  }

  #onFailure(socket: TLSSocket, attempt: Attempt): void {
    clearTimeout(this.#timer);
    if (this.#stopped) return;
    this.#options.onFailure(attempt.error, faultOf(socket, attempt));
    this.retry();
  }
}

interface Attempt {
  connected: boolean;
  late: boolean;
  error: Error | undefined;
}

function faultOf(socket: TLSSocket, attempt: Attempt): MeshFault | undefined {
  if (socket.authorizationError) return "certificate";
  if (!attempt.connected) return undefined;
  return attempt.late ? "deadline" : "handshake";
}
