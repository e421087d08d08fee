import type { TLSSocket } from "node:tls";
import type { Digest } from "@destiny/core/kernel/ids";
import { encodeReplicaMessage } from "@destiny/core/wire/client-protocol";
import { encodeFrame, FrameParser, HEADER_BYTES } from "@destiny/core/wire/frame-parser";
import { LIMITS } from "@destiny/core/wire/limits";
import type { RefusalCode } from "@destiny/core/wire/reply";
import type { ClientFault, ClientLimits } from "./options.ts";
import type { Traffic } from "./traffic.ts";

/** Version, kind, cluster and client: no frame before the hello is longer. */
const HELLO_BYTES = 2 + 32 + 32;
/** Version, kind, length and a request. */
const MESSAGE_BYTES_MAX: number = 2 + 4 + LIMITS.requestBytesMax;
/** Replies that may wait, whatever their size: each costs memory beside its bytes. */
const WAITING_WRITES_MAX = 8_192;
/** How long a refused client may take to read why. */
const FAREWELL_MILLIS = 1_000;
const KEEP_ALIVE_MILLIS = 15_000;

/** Whom a connection tells. */
export interface ConnectionOwner {
  readonly limits: ClientLimits;
  readonly traffic: Traffic;
  /** A frame with bytes of its own, to be held as long as need be. */
  onFrame(connection: ClientConnection, frame: Uint8Array): void;
  /** Once: nothing more comes in. The fault is the client's; without one the connection just ended, or we closed it. */
  onClosed(connection: ClientConnection, fault: ClientFault | undefined): void;
  /** Once, last: the socket is gone. */
  onGone(connection: ClientConnection): void;
}

/** One TLS connection of a client: frames in, replies out, both bounded. */
export class ClientConnection {
  /** Whose replies come here, in the order of their hellos: programs with many clients share a connection. */
  readonly clients: Set<Digest> = new Set();
  /** Whether a signature of the client came over it. */
  proven = false;
  /** Bytes of its requests that the owner has not answered for. */
  underWayBytes = 0;
  readonly #socket: TLSSocket;
  readonly #owner: ConnectionOwner;
  readonly #parser: FrameParser;
  #deadline: NodeJS.Timeout;
  #closed = false;
  #corked = false;
  /** Bytes of a frame that is not complete, and when its first one came. */
  #partialBytes = 0;
  #partialSinceMillis = 0;
  #waitingWrites = 0;
  /** When the last write began with none before it, or ended. */
  #progressMillis = 0;

  constructor(socket: TLSSocket, owner: ConnectionOwner) {
    this.#socket = socket;
    this.#owner = owner;
    this.#parser = new FrameParser(HELLO_BYTES, (frame) => this.#onFrame(frame));
    this.#deadline = setTimeout(() => this.close("deadline"), owner.limits.handshakeTimeoutMillis);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MILLIS);
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", () => this.close());
    socket.on("end", () => this.close());
    socket.once("close", () => {
      this.close();
      owner.onGone(this);
    });
  }

  /** A hello was good: longer frames from now on, and no deadline. */
  open(client: Digest): void {
    clearTimeout(this.#deadline);
    this.clients.add(client);
    this.#parser.frameBytesMax = MESSAGE_BYTES_MAX;
  }

  /** Writes a message that was encoded. Closes the connection if it reads too slowly. */
  send(frame: Uint8Array): void {
    if (this.#closed) return;
    const { limits, traffic } = this.#owner;
    const waiting = this.#socket.writableLength + frame.length;
    if (waiting > limits.backlogBytesMax || this.#waitingWrites >= WAITING_WRITES_MAX) {
      return this.close("slow-reader");
    }
    if (this.#waitingWrites === 0) this.#progressMillis = performance.now();
    this.#waitingWrites += 1;
    traffic.framesOut += 1;
    traffic.bytesOut += frame.length;
    // What is sent in one turn goes out in one write: answers come in batches.
    if (!this.#corked) {
      this.#corked = true;
      this.#socket.cork();
      setImmediate(() => {
        this.#corked = false;
        this.#socket.uncork();
      });
    }
    this.#socket.write(frame, this.#written);
  }

  /** Stops reading: TCP slows the client down. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    if (!this.#closed) this.#socket.resume();
  }

  /** What a look at the clock finds: a frame that does not end, or replies that nobody reads. */
  overdue(nowMillis: number): ClientFault | undefined {
    const { frameTimeoutMillis, stallTimeoutMillis } = this.#owner.limits;
    // While we do not read, it is not the client's fault that its frame does not end.
    if (this.#socket.isPaused()) this.#partialSinceMillis = nowMillis;
    if (this.#partialBytes > 0 && nowMillis - this.#partialSinceMillis > frameTimeoutMillis)
      return "slow-frame";
    if (this.#waitingWrites > 0 && nowMillis - this.#progressMillis > stallTimeoutMillis) return "stalled";
    return undefined;
  }

  /** Says why, as far as the client still listens, and ends the connection. */
  refuse(code: RefusalCode, fault: ClientFault, client: Digest): void {
    if (this.#closed) return;
    const refusal = { type: "refusal", client, timestamp: 0, code, coordinator: 0 } as const;
    this.#socket.end(encodeFrame(encodeReplicaMessage(refusal)));
    // What still comes is read and dropped, or the system would answer with a reset that overtakes our words.
    this.#socket.resume();
    this.#shut(fault);
    this.#deadline = setTimeout(() => this.#socket.destroy(), FAREWELL_MILLIS);
  }

  /** Ends the connection at once. */
  close(fault?: ClientFault): void {
    if (this.#closed) {
      clearTimeout(this.#deadline);
      this.#socket.destroy();
      return;
    }
    this.#socket.destroy();
    this.#shut(fault);
  }

  #shut(fault: ClientFault | undefined): void {
    this.#closed = true;
    clearTimeout(this.#deadline);
    this.#parser.stop();
    this.#owner.onClosed(this, fault);
  }

  #read(chunk: Buffer): void {
    this.#owner.traffic.bytesIn += chunk.length;
    if (this.#closed) return;
    if (this.#partialBytes === 0) this.#partialSinceMillis = performance.now();
    this.#partialBytes += chunk.length;
    // Plain bytes: a Buffer's slice would be a view where a copy is meant.
    const fits = this.#parser.push(new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length));
    if (!fits && !this.#closed) this.#owner.onFrame(this, TOO_LONG);
  }

  #onFrame(frame: Uint8Array): void {
    this.#owner.traffic.framesIn += 1;
    this.#partialBytes -= HEADER_BYTES + frame.length;
    this.#partialSinceMillis = performance.now();
    // A request waits long enough for a copy to be cheaper than the chunk that it would keep alive.
    this.#owner.onFrame(this, frame.length === frame.buffer.byteLength ? frame : frame.slice());
  }

  readonly #written = (): void => {
    this.#waitingWrites -= 1;
    this.#progressMillis = performance.now();
  };
}

/** Stands for a frame whose length is out of bounds. */
export const TOO_LONG: Uint8Array = new Uint8Array(0);
