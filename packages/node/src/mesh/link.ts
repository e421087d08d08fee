import type { TLSSocket } from "node:tls";
import { FrameParser } from "@destiny/core/wire/frame-parser";
import { HELLO_BYTES } from "./hello.ts";
import type { MeshFault, MeshLimits } from "./options.ts";
import type { Peer } from "./peer.ts";
import { SendQueue } from "./send-queue.ts";

/**
 * Bytes handed to the socket at a time: few enough that a slow peer is seen to make progress, enough to be
 * fast.
 */
const WRITE_BYTES = 262_144;
const KEEP_ALIVE_MILLIS = 5_000;

/** Whom a link tells. Calls come one at a time, never from within `send`. */
export interface LinkOwner {
  /** The first frame. Answer with {@link Link.open} or {@link Link.close}. */
  onHello(link: Link, frame: Uint8Array): void;
  onFrame(link: Link, frame: Uint8Array): void;
  /** Once. The fault is the peer's; without one the connection just ended, or we closed it. */
  onClosed(link: Link, fault: MeshFault | undefined): void;
}

/** Whose connection it is, which end began it, and under which limits. */
export interface LinkOptions {
  readonly peer: Peer;
  readonly dialled: boolean;
  readonly owner: LinkOwner;
  readonly limits: MeshLimits;
}

/** One TLS connection with a peer whose certificate is the pinned one: frames in, frames out. */
export class Link {
  readonly peer: Peer;
  /** Whether we dialled. */
  readonly dialled: boolean;
  readonly #socket: TLSSocket;
  readonly #limits: MeshLimits;
  readonly #owner: LinkOwner;
  readonly #parser: FrameParser;
  readonly #queue: SendQueue;
  readonly #deadline: NodeJS.Timeout;
  #opened = false;
  #closed = false;
  #scheduled = false;
  /** Bytes that the socket has and the kernel does not yet; 0 if no write is under way. */
  #bytesInFlight = 0;
  #framesInFlight = 0;
  /** When the last write began or ended, by `performance.now()`. */
  #progressMillis = 0;

  constructor(socket: TLSSocket, options: LinkOptions) {
    const { peer, dialled, owner, limits } = options;
    this.#socket = socket;
    this.peer = peer;
    this.dialled = dialled;
    this.#owner = owner;
    this.#limits = limits;
    this.#queue = new SendQueue(limits.backlogBytesMax);
    this.#parser = new FrameParser(HELLO_BYTES, (frame) => this.#receive(frame));
    this.#deadline = setTimeout(() => this.close("deadline"), limits.handshakeTimeoutMillis);
    socket.setNoDelay(true);
    socket.setKeepAlive(true, KEEP_ALIVE_MILLIS);
    socket.on("data", (chunk: Uint8Array) => this.#read(chunk));
    socket.on("error", () => this.close());
    socket.on("close", () => this.close());
  }

  /** Bytes of frames that wait, in the queue or in the socket. */
  get backlogBytes(): number {
    return this.#queue.bytes + this.#bytesInFlight;
  }

  /** The hello was good: frames up to the limit from now on, and no deadline. */
  open(): void {
    clearTimeout(this.#deadline);
    this.#opened = true;
    this.#parser.frameBytesMax = this.#limits.frameBytesMax;
  }

  /**
   * Queues a frame, to be written with all others of this turn of the event loop. Drops it if the queue is
   * full.
   */
  send(frame: Uint8Array): void {
    if (!this.#queue.push(frame)) {
      this.peer.statistics.framesDropped += 1;
      return;
    }
    if (this.#scheduled || this.#bytesInFlight > 0) return;
    this.#scheduled = true;
    setImmediate(this.#flush);
  }

  /** Stops reading: the peer is slowed down by TCP. What was read already may still be handed on. */
  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  /** Whether a write has been under way for too long without an end. */
  isStalled(nowMillis: number): boolean {
    return this.#bytesInFlight > 0 && nowMillis - this.#progressMillis > this.#limits.stallTimeoutMillis;
  }

  /** Ends the connection at once; what waits is dropped and counted. */
  close(fault?: MeshFault): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#deadline);
    this.#parser.stop();
    this.peer.statistics.framesDropped += this.#queue.length + this.#framesInFlight;
    this.#queue.clear();
    this.#bytesInFlight = 0;
    this.#socket.destroy();
    this.#owner.onClosed(this, fault);
  }

  #read(chunk: Uint8Array): void {
    this.peer.statistics.bytesIn += chunk.length;
    // Plain bytes: a Buffer's slice is a view, and would keep the whole chunk alive where a copy is meant.
    const bytes = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    if (!this.#parser.push(bytes)) this.close("frame-length");
  }

  #receive(frame: Uint8Array): void {
    this.peer.statistics.framesIn += 1;
    if (this.#opened) this.#owner.onFrame(this, frame);
    else this.#owner.onHello(this, frame);
  }

  /** One write at a time: its end is the sign of progress, and meanwhile the next frames gather. */
  readonly #flush = (): void => {
    this.#scheduled = false;
    if (this.#closed || this.#bytesInFlight > 0) return;
    const waiting = this.#queue.length;
    const pieces = this.#queue.take(WRITE_BYTES);
    const last = pieces.pop();
    if (last === undefined) return;

    this.#framesInFlight = waiting - this.#queue.length;
    this.#bytesInFlight = pieces.reduce((sum, piece) => sum + piece.length, last.length);
    this.#progressMillis = performance.now();
    this.#socket.cork();
    for (const piece of pieces) this.#socket.write(piece);
    this.#socket.write(last, this.#written);
    this.#socket.uncork();
  };

  readonly #written = (error?: Error | null): void => {
    if (this.#closed || error) return; // The socket's close event follows an error.
    this.peer.statistics.bytesOut += this.#bytesInFlight;
    this.peer.statistics.framesOut += this.#framesInFlight;
    this.#bytesInFlight = 0;
    this.#framesInFlight = 0;
    this.#flush();
  };
}
