import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import { DecodeError } from "@destiny/core/wire/reader";
import { FrameCutter, frame } from "./frames.ts";
import { decodeHostFrame, encodeAttested, encodeCertified, encodeHello } from "./protocol.ts";
import type { CertifyOutcome, CertifyRequest } from "./request.ts";
import { prepareSocketPath } from "./socket-path.ts";
import { type Attestation, SignerUnavailable, type SubsystemDescription } from "./subsystem.ts";

/** What a signer's server needs of the signer behind it. */
export interface ServedSigner {
  readonly description: SubsystemDescription;
  certify(requests: readonly CertifyRequest[]): Promise<readonly CertifyOutcome[]>;
  attest(nonce: Uint8Array): Attestation;
}

/** Most frames of a host that wait for an answer before no more are read. */
const FRAMES_WAITING_MAX = 64;

/** Answers one host at a time on a UNIX socket. Whoever breaks the protocol is disconnected. */
export class SignerServer {
  readonly #signer: ServedSigner;
  readonly #server: Server;
  readonly #log: (line: string) => void;
  #host: Socket | undefined;

  private constructor(signer: ServedSigner, log: (line: string) => void) {
    this.#signer = signer;
    this.#log = log;
    this.#server = createServer((socket) => this.#welcome(socket));
  }

  /** Listens on `path`, in a directory of mode 0700; throws `ConfigurationError` if it cannot. */
  static async listen(
    path: string,
    signer: ServedSigner,
    log: (line: string) => void,
  ): Promise<SignerServer> {
    await prepareSocketPath(path);
    const server = new SignerServer(signer, log);
    server.#server.listen(path);
    await once(server.#server, "listening");
    return server;
  }

  /** Disconnects the host, and removes the socket. */
  async close(): Promise<void> {
    const closed = once(this.#server, "close");
    this.#server.close();
    this.#host?.destroy();
    await closed;
  }

  #welcome(socket: Socket): void {
    socket.on("error", (error) => this.#log(`connection failed: ${error.message}`));
    if (this.#host !== undefined) {
      this.#log("a second host was turned away");
      socket.destroy();
      return;
    }
    this.#host = socket;
    socket.once("close", () => {
      this.#host = undefined;
    });
    const lane = new Lane(socket, this.#signer);
    socket.on("data", (chunk: Buffer) => {
      try {
        lane.take(chunk);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
        this.#log(`a malformed frame: ${error.message}`);
        socket.destroy();
      }
    });
  }
}

/** One connection: frames in, answers out in the same order. */
class Lane {
  readonly #socket: Socket;
  readonly #signer: ServedSigner;
  readonly #cutter = new FrameCutter();
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor(socket: Socket, signer: ServedSigner) {
    this.#socket = socket;
    this.#signer = signer;
    socket.write(frame(encodeHello(signer.description)));
  }

  take(chunk: Uint8Array): void {
    for (const payload of this.#cutter.cut(chunk)) {
      this.#waiting += 1;
      this.#last = this.#answerAfter(this.#last, this.#answer(payload));
    }
    if (this.#waiting > FRAMES_WAITING_MAX) this.#socket.pause();
  }

  async #answer(payload: Uint8Array): Promise<Uint8Array> {
    const asked = decodeHostFrame(payload);
    if (asked.kind === "attest") return encodeAttested(this.#signer.attest(asked.nonce));
    return encodeCertified(await this.#signer.certify(asked.requests));
  }

  async #answerAfter(earlier: Promise<void>, answer: Promise<Uint8Array>): Promise<void> {
    const settled = answer.catch((error: unknown) => error as Error);
    await earlier;
    const bytes = await settled;
    this.#waiting -= 1;
    if (bytes instanceof Uint8Array) this.#socket.write(frame(bytes));
    else this.#refuse(bytes);
    if (this.#socket.isPaused() && this.#waiting <= FRAMES_WAITING_MAX / 2) this.#socket.resume();
  }

  /** A malformed frame, or a signer that failed: both end the connection, and only what we did not expect is thrown. */
  #refuse(error: Error): void {
    this.#socket.destroy();
    if (!(error instanceof DecodeError || error instanceof SignerUnavailable)) throw error;
  }
}
