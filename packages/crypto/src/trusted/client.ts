import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { invariant } from "@destiny/core/kernel/invariant";
import { FRAME_BYTES_MAX, FrameCutter, frame } from "./frames.ts";
import {
  decodeAttested,
  decodeCertified,
  decodeHello,
  encodeAttest,
  encodeCertify,
  REQUEST_BYTES,
  REQUESTS_PER_FRAME,
} from "./protocol.ts";
import { type CertifyOutcome, type CertifyRequest, objection } from "./request.ts";
import {
  type Attestation,
  NONCE_BYTES_MAX,
  SignerUnavailable,
  type SubsystemDescription,
  type TrustedSubsystem,
  type TrustTier,
} from "./subsystem.ts";

/** Bytes of unanswered requests above which a host's further ones are rejected. */
const UNANSWERED_BYTES_MAX = 64 * 1024 * 1024;

/** How to reach a signer. */
export interface ConnectOptions {
  /** For how long to try again while nobody answers; 5000 if absent. */
  readonly timeoutMillis?: number;
}

/** One call of `certify`, which may be spread over several frames. */
interface Call {
  readonly outcomes: CertifyOutcome[];
  left: number;
  readonly resolve: (outcomes: readonly CertifyOutcome[]) => void;
  readonly reject: (reason: SignerUnavailable) => void;
}

interface Asked {
  readonly call: Call;
  /** Position among the call's outcomes. */
  readonly position: number;
  readonly request: CertifyRequest;
}

/** A frame that was sent and what to do with its answer, or with its absence. */
interface Sent {
  answer(payload: Uint8Array): void;
  reject(reason: SignerUnavailable): void;
}

/**
 * Connects to the signer that listens on `path`, and waits for its hello. Rejects with {@link SignerUnavailable} if
 * there is none in time. Whether it is the right signer is for the caller to see in `description` and by `attest`.
 */
export async function connectSigner(path: string, options: ConnectOptions = {}): Promise<TrustedSubsystem> {
  const deadline = performance.now() + (options.timeoutMillis ?? 5000);
  for (;;) {
    try {
      return await SignerConnection.open(path, deadline - performance.now());
    } catch (error) {
      if (performance.now() + RETRY_MILLIS > deadline) throw error;
    }
    await sleep(RETRY_MILLIS);
  }
}

const RETRY_MILLIS = 20;

class SignerConnection implements TrustedSubsystem {
  readonly #socket: Socket;
  readonly #cutter: FrameCutter;
  readonly description: SubsystemDescription;
  readonly #sent: Sent[] = [];
  #asked: Asked[] = [];
  #unansweredBytes = 0;
  #failure: SignerUnavailable | undefined;

  private constructor(socket: Socket, cutter: FrameCutter, description: SubsystemDescription) {
    this.#socket = socket;
    this.#cutter = cutter;
    this.description = description;
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", (cause) => this.#fail(new SignerUnavailable("the connection failed", { cause })));
    socket.on("close", () => this.#fail(new SignerUnavailable("the signer closed the connection")));
  }

  static async open(path: string, timeoutMillis: number): Promise<SignerConnection> {
    const socket = connect(path);
    const cutter = new FrameCutter();
    try {
      const hello = await firstPayload(socket, cutter, timeoutMillis);
      return new SignerConnection(socket, cutter, decodeHello(hello));
    } catch (cause) {
      socket.destroy();
      throw new SignerUnavailable(`no signer answers on ${path}`, { cause });
    }
  }

  get tier(): TrustTier {
    return this.description.tier;
  }

  certify(requests: readonly CertifyRequest[]): Promise<readonly CertifyOutcome[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#unansweredBytes > UNANSWERED_BYTES_MAX) {
      return Promise.reject(new SignerUnavailable("too many requests are unanswered"));
    }
    return new Promise((resolve, reject) => {
      const call: Call = { outcomes: [], left: requests.length, resolve, reject };
      for (const [position, request] of requests.entries()) this.#ask({ call, position, request });
      if (requests.length === 0) resolve([]);
    });
  }

  attest(nonce: Uint8Array): Promise<Attestation> {
    invariant(nonce.length <= NONCE_BYTES_MAX, `a nonce has at most ${NONCE_BYTES_MAX} bytes`);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#flush();
      this.#send(encodeAttest(nonce), { answer: (payload) => resolve(decodeAttested(payload)), reject });
    });
  }

  async close(): Promise<void> {
    this.#fail(new SignerUnavailable("the connection was closed"));
  }

  /** What the signer would refuse whatever its counters say never leaves: much of it could not even be written. */
  #ask(asked: Asked): void {
    const refusal = objection(asked.request, this.description.instances);
    if (refusal !== undefined) return settle(asked, { ok: false, refusal });
    if (this.#asked.length === 0) queueMicrotask(() => this.#flush());
    this.#asked.push(asked);
    this.#unansweredBytes += bytesOf(asked);
  }

  /** Sends all that was asked in this tick, in as few frames as it fits into. */
  #flush(): void {
    const asked = this.#asked;
    this.#asked = [];
    let first = 0;
    while (first < asked.length) {
      const end = endOfFrame(asked, first);
      this.#sendRequests(asked.slice(first, end));
      first = end;
    }
  }

  #sendRequests(asked: readonly Asked[]): void {
    this.#send(encodeCertify(asked.map(({ request }) => request)), {
      answer: (payload) => {
        const outcomes = decodeCertified(payload, asked.length);
        for (const [i, one] of asked.entries()) {
          this.#unansweredBytes -= bytesOf(one);
          settle(one, outcomes[i] as CertifyOutcome);
        }
      },
      reject: (reason) => {
        for (const one of asked) one.call.reject(reason);
      },
    });
  }

  #send(payload: Uint8Array, sent: Sent): void {
    if (this.#failure !== undefined) return sent.reject(this.#failure);
    this.#sent.push(sent);
    this.#socket.write(frame(payload));
  }

  #receive(chunk: Uint8Array): void {
    try {
      for (const payload of this.#cutter.cut(chunk)) {
        const sent = this.#sent[0];
        if (sent === undefined) throw new SignerUnavailable("the signer spoke out of turn");
        sent.answer(payload);
        this.#sent.shift();
      }
    } catch (cause) {
      this.#fail(new SignerUnavailable("the signer sent what is not an answer", { cause }));
    }
  }

  #fail(failure: SignerUnavailable): void {
    if (this.#failure !== undefined) return;
    this.#failure = failure;
    this.#socket.destroy();
    for (const sent of this.#sent.splice(0)) sent.reject(failure);
    for (const { call } of this.#asked.splice(0)) call.reject(failure);
  }
}

function settle({ call, position }: Asked, outcome: CertifyOutcome): void {
  call.outcomes[position] = outcome;
  call.left -= 1;
  if (call.left === 0) call.resolve(call.outcomes);
}

function bytesOf({ request }: Asked): number {
  return REQUEST_BYTES + request.message.length;
}

/** Index after the last request that fits into one frame with the one at `first`. */
function endOfFrame(asked: readonly Asked[], first: number): number {
  let bytes = 8;
  let end = first;
  while (end < asked.length && end - first < REQUESTS_PER_FRAME) {
    bytes += bytesOf(asked[end] as Asked);
    if (bytes > FRAME_BYTES_MAX) break;
    end += 1;
  }
  return end;
}

/** The first frame of a connection. */
function firstPayload(socket: Socket, cutter: FrameCutter, timeoutMillis: number): Promise<Uint8Array> {
  const patience = AbortSignal.timeout(Math.max(1, Math.ceil(timeoutMillis)));
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      socket.off("error", lost).off("close", closed).off("data", received);
      patience.onabort = null;
    };
    const lost = (reason: unknown): void => {
      settle();
      socket.on("error", () => {}); // Destroyed by the caller; what it says now is nobody's concern.
      reject(reason);
    };
    const closed = (): void => lost(new SignerUnavailable("closed before its hello"));
    const received = (chunk: Uint8Array): void => {
      try {
        const [payload] = cutter.cut(chunk);
        if (payload === undefined) return;
        settle();
        resolve(payload);
      } catch (error) {
        lost(error);
      }
    };
    patience.onabort = () => lost(patience.reason);
    socket.on("error", lost).on("close", closed).on("data", received);
  });
}
