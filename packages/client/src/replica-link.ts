import { isIP } from "node:net";
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from "node:tls";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { decodeReplicaMessage, REPLY_BYTES_MAX } from "@destiny/core/wire/client-protocol";
import { encodeFrame, FrameParser } from "@destiny/core/wire/frame-parser";
import { DecodeError } from "@destiny/core/wire/reader";
import type { Reply } from "@destiny/core/wire/reply";
import type { ReplicaAddress } from "./cluster-description.ts";
import { describeRefusal } from "./errors.ts";

/** Names the clients' protocol within TLS, so that a client never talks to another server, nor to the replicas' mesh. */
export const CLIENT_PROTOCOL = "destiny-client/1";

/** From the first packet to the replica's welcome. */
const GREETING_MILLIS = 5000;
const REDIAL_MIN_MILLIS = 50;
const REDIAL_MAX_MILLIS = 5000;
/** What may wait for a replica that does not read. Above, messages are dropped: the session sends again. */
const BACKLOG_BYTES_MAX = 16_777_216;

/** What a link tells. */
export interface LinkEvents {
  /** The replica proved its identity and welcomed us, naming our coordinator. */
  up(replica: ReplicaId, coordinator: ReplicaId): void;
  /** The link broke, or could not be opened. It is tried again. */
  down(replica: ReplicaId, reason: Error): void;
  message(replica: ReplicaId, reply: Reply): void;
}

/** What a link needs. */
export interface LinkOptions {
  readonly address: ReplicaAddress;
  readonly context: SecureContext;
  /** The hello, encoded. */
  readonly hello: Uint8Array;
  readonly events: LinkEvents;
}

/** A connection to one replica, made again whenever it breaks until it is closed. The replica is known by its fingerprint. */
export class ReplicaLink {
  readonly #options: LinkOptions;
  #socket: TLSSocket | undefined;
  #timer: NodeJS.Timeout | undefined;
  #welcomedAt = Number.POSITIVE_INFINITY;
  #failures = 0;
  #closed = false;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Whether the replica has welcomed us. */
  get up(): boolean {
    return this.#welcomedAt !== Number.POSITIVE_INFINITY;
  }

  /** The first attempt. Further ones follow by themselves. */
  dial(): void {
    const { address, context } = this.#options;
    const options: ConnectionOptions = {
      host: address.clientHost,
      port: address.clientPort,
      secureContext: context,
      ALPNProtocols: [CLIENT_PROTOCOL],
      // The certificate is its own authority. What counts is its fingerprint, below.
      rejectUnauthorized: false,
    };
    if (isIP(address.clientHost) === 0) options.servername = address.clientHost;
    const socket = connect(options);
    this.#socket = socket;
    let reason: Error | undefined;
    const fail = (error: Error): void => {
      reason ??= error;
      socket.destroy();
    };
    const late = new Error(`no welcome within ${GREETING_MILLIS} ms`);
    this.#timer = setTimeout(() => fail(late), GREETING_MILLIS);
    socket.setNoDelay(true);
    socket.once("secureConnect", () => this.#greet(socket, fail));
    socket.on("error", fail);
    socket.once("end", () => fail(new Error("the replica closed the connection")));
    socket.once("close", () => this.#onClose(reason ?? new Error("the connection broke")));
  }

  /** Sends a message if the link is up and the replica reads. */
  send(message: Uint8Array): void {
    const socket = this.#socket;
    if (socket === undefined || !this.up || socket.writableLength > BACKLOG_BYTES_MAX) return;
    socket.write(encodeFrame(message));
  }

  /** Ends the link for good. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  #greet(socket: TLSSocket, fail: (error: Error) => void): void {
    const { address, hello } = this.#options;
    const presented = socket.getPeerX509Certificate()?.fingerprint256.replaceAll(":", "").toLowerCase();
    // A resumed session would show no certificate. We offer none, so nobody can resume one.
    if (presented !== address.fingerprint || socket.isSessionReused()) {
      return fail(new Error("its certificate is not the one in the cluster's description"));
    }
    const parser = new FrameParser(REPLY_BYTES_MAX, (frame) => {
      try {
        this.#onFrame(frame, fail);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        parser.stop();
        fail(error);
      }
    });
    socket.on("data", (chunk: Buffer) => {
      // Plain bytes: a Buffer's slice would be a view where a copy is meant.
      const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
      if (!parser.push(bytes)) fail(new Error("bytes that are no frame"));
    });
    socket.write(encodeFrame(hello));
  }

  #onFrame(frame: Uint8Array, fail: (error: Error) => void): void {
    const { address, events } = this.#options;
    const message = decodeReplicaMessage(frame);
    if (message.type !== "welcome") {
      if (this.up) return events.message(address.id, message);
      if (message.type === "refusal") return fail(new Error(describeRefusal(message.code)));
      throw new DecodeError("a reply before the welcome");
    }
    if (message.replica !== address.id)
      throw new DecodeError(`it says that it is replica ${message.replica}`);
    clearTimeout(this.#timer);
    this.#welcomedAt = Math.min(this.#welcomedAt, performance.now());
    events.up(address.id, message.coordinator);
  }

  #onClose(reason: Error): void {
    clearTimeout(this.#timer);
    if (performance.now() - this.#welcomedAt > REDIAL_MAX_MILLIS) this.#failures = 0;
    this.#welcomedAt = Number.POSITIVE_INFINITY;
    if (this.#closed) return;
    const span = Math.min(REDIAL_MIN_MILLIS * 2 ** Math.min(this.#failures, 16), REDIAL_MAX_MILLIS);
    this.#failures += 1;
    // Half to all of the span, so that clients do not come back in step.
    this.#timer = setTimeout(() => this.dial(), span * (0.5 + Math.random() / 2));
    this.#options.events.down(this.#options.address.id, reason);
  }
}
