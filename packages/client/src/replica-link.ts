import { isIP } from "node:net";
import { type ConnectionOptions, connect, type SecureContext, type TLSSocket } from "node:tls";
import type { Digest, ReplicaId } from "@destiny/core/kernel/ids";
import {
  decodeReplicaMessage,
  REPLY_BYTES_MAX,
  type ReplicaMessage,
} from "@destiny/core/wire/client-protocol";
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

/** What a link tells one of its users. */
export interface LinkEvents {
  /** The replica proved its identity and welcomed this client, naming its coordinator. */
  up(replica: ReplicaId, coordinator: ReplicaId): void;
  /** The link broke, or could not be opened. It is tried again. */
  down(replica: ReplicaId, reason: Error): void;
  message(replica: ReplicaId, reply: Reply): void;
}

/** A client that uses a link. */
export interface LinkUser {
  readonly client: Digest;
  /** Its hello, encoded. */
  readonly hello: Uint8Array;
  readonly events: LinkEvents;
}

/** What a link needs. */
export interface LinkOptions {
  readonly address: ReplicaAddress;
  readonly context: SecureContext;
}

interface Attachment {
  readonly user: LinkUser;
  welcomed: boolean;
}

/**
 * A connection to one replica for one client or many, made again whenever it breaks while anybody uses it. The replica is
 * known by its fingerprint.
 */
export class ReplicaLink {
  readonly #options: LinkOptions;
  readonly #users = new Map<Digest, Attachment>();
  /** Hellos that wait for their welcome: they are answered in order. */
  #greeting: Attachment[] = [];
  #socket: TLSSocket | undefined;
  #secure = false;
  #corked = false;
  #timer: NodeJS.Timeout | undefined;
  #welcomedAt = Number.POSITIVE_INFINITY;
  #failures = 0;

  constructor(options: LinkOptions) {
    this.#options = options;
  }

  /** Starts to use the link. The first user makes it dial. */
  attach(user: LinkUser): void {
    const attachment = { user, welcomed: false };
    this.#users.set(user.client, attachment);
    if (this.#secure) this.#hello(attachment);
    else if (this.#users.size === 1 && this.#socket === undefined) this.dial();
  }

  /** Stops using it. The last user ends it. */
  detach(client: Digest): void {
    this.#users.delete(client);
    if (this.#users.size > 0) return;
    clearTimeout(this.#timer);
    this.#socket?.destroy();
  }

  /** Whether nobody uses it. */
  get idle(): boolean {
    return this.#users.size === 0;
  }

  /** Whether the replica has welcomed this client. */
  isUp(client: Digest): boolean {
    return this.#users.get(client)?.welcomed === true;
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

  /** Sends a message of this client if the replica has welcomed it, and reads. */
  send(client: Digest, message: Uint8Array): void {
    const socket = this.#socket;
    if (socket === undefined || !this.isUp(client) || socket.writableLength > BACKLOG_BYTES_MAX) return;
    this.#write(socket, message);
  }

  /** What is sent in one turn goes out in one write: many clients get their answers, and go on, together. */
  #write(socket: TLSSocket, message: Uint8Array): void {
    if (!this.#corked) {
      this.#corked = true;
      socket.cork();
      setImmediate(() => {
        this.#corked = false;
        socket.uncork();
      });
    }
    socket.write(encodeFrame(message));
  }

  #hello(attachment: Attachment): void {
    if (this.#socket === undefined) return;
    this.#greeting.push(attachment);
    this.#write(this.#socket, attachment.user.hello);
  }

  #greet(socket: TLSSocket, fail: (error: Error) => void): void {
    const { address } = this.#options;
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
    this.#secure = true;
    for (const attachment of this.#users.values()) this.#hello(attachment);
  }

  #onFrame(frame: Uint8Array, fail: (error: Error) => void): void {
    const { address } = this.#options;
    const message = decodeReplicaMessage(frame);
    if (message.type === "welcome") return this.#onWelcome(message);
    const attachment = this.#users.get(message.client);
    if (attachment?.welcomed === true) return attachment.user.events.message(address.id, message);
    if (message.type === "refusal") return fail(new Error(describeRefusal(message.code)));
    // A reply to a client that is gone is nobody's fault.
    if (this.#welcomedAt === Number.POSITIVE_INFINITY) throw new DecodeError("a reply before the welcome");
  }

  #onWelcome({ replica, coordinator }: ReplicaMessage & { type: "welcome" }): void {
    const { address } = this.#options;
    if (replica !== address.id) throw new DecodeError(`it says that it is replica ${replica}`);
    clearTimeout(this.#timer);
    this.#welcomedAt = Math.min(this.#welcomedAt, performance.now());
    const greeted = this.#greeting.shift();
    if (greeted !== undefined) {
      greeted.welcomed = true;
      return greeted.user.events.up(address.id, coordinator);
    }
    // One that nobody asked for is a new hint, where it is clear for whom.
    const [only] = this.#users.values();
    if (this.#users.size === 1) only?.user.events.up(address.id, coordinator);
  }

  #onClose(reason: Error): void {
    clearTimeout(this.#timer);
    if (performance.now() - this.#welcomedAt > REDIAL_MAX_MILLIS) this.#failures = 0;
    this.#welcomedAt = Number.POSITIVE_INFINITY;
    this.#socket = undefined;
    this.#secure = false;
    this.#greeting = [];
    if (this.#users.size === 0) return;
    const span = Math.min(REDIAL_MIN_MILLIS * 2 ** Math.min(this.#failures, 16), REDIAL_MAX_MILLIS);
    this.#failures += 1;
    // Half to all of the span, so that clients do not come back in step.
    this.#timer = setTimeout(() => this.dial(), span * (0.5 + Math.random() / 2));
    for (const attachment of [...this.#users.values()]) {
      attachment.welcomed = false;
      attachment.user.events.down(this.#options.address.id, reason);
    }
  }
}
