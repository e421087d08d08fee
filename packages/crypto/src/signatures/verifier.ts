import { availableParallelism } from "node:os";
import { Thread } from "../threads/thread.ts";
import { type Ed25519, openEd25519, PUBLIC_KEY_BYTES, SIGNATURE_BYTES, type Signed } from "./ed25519.ts";

/** Most signatures verified in one turn of the event loop: 8 of 40 us keep it for a third of a millisecond. */
const SLICE_MAX = 8;
/** Most signatures sent to the thread at once, 10 ms of its time. */
const BATCH_MAX = 256;
/** Batches in the thread: the second waits there while the first is at work. */
const BATCHES_MAX = 2;

/** Signatures on their way to the thread: key, signature and message of each, and where each ends. */
export interface PackedSigned {
  readonly bytes: Uint8Array;
  readonly ends: Uint32Array;
}

interface Waiting {
  readonly signed: Signed;
  readonly resolve: (good: boolean) => void;
}

/**
 * Verifies signatures without keeping the event loop for long: a few at once, more in slices of 8 per turn; where there
 * are cores to spare, more than a slice goes to a thread. First come, first served. How much waits is the callers' to
 * bound.
 */
export class SignatureVerifier {
  readonly #ed25519: Ed25519;
  readonly #thread: Thread<PackedSigned, Uint8Array> | undefined;
  #waiting: Waiting[] = [];
  #scheduled = false;

  /**
   * `threaded`: whether to use a thread. It spares the event loop 38 of 40 us a signature and nobody else anything, so it
   * is worthwhile from three cores: the event loop and BLS have theirs.
   */
  constructor(ed25519: Ed25519 = openEd25519(), threaded: boolean = availableParallelism() > 2) {
    this.#ed25519 = ed25519;
    this.#thread = threaded ? new Thread("signatures/verifier-worker") : undefined;
  }

  /** An answer per item. Never throws for bad bytes. */
  verifyMany(items: readonly Signed[]): Promise<boolean[]> {
    const answers = items.map(
      (signed) => new Promise<boolean>((resolve) => this.#waiting.push({ signed, resolve })),
    );
    if (!this.#scheduled && items.length > 0) {
      this.#scheduled = true;
      queueMicrotask(() => this.#turn());
    }
    return Promise.all(answers);
  }

  async close(): Promise<void> {
    await this.#thread?.close();
  }

  #turn(): void {
    const thread = this.#thread;
    if (thread !== undefined && this.#waiting.length > SLICE_MAX && thread.busy < BATCHES_MAX) {
      void this.#send(thread, this.#take(BATCH_MAX));
    } else {
      for (const { signed, resolve } of this.#take(SLICE_MAX)) resolve(this.#ed25519.verify(signed));
    }
    this.#scheduled = this.#waiting.length > 0;
    if (this.#scheduled) setImmediate(() => this.#turn());
  }

  #take(countMax: number): Waiting[] {
    const taken = this.#waiting.slice(0, countMax);
    this.#waiting = this.#waiting.slice(countMax);
    return taken;
  }

  async #send(thread: Thread<PackedSigned, Uint8Array>, batch: readonly Waiting[]): Promise<void> {
    try {
      const verdicts = await thread.ask(pack(batch));
      for (const [i, { resolve }] of batch.entries()) resolve(verdicts[i] === 1);
    } catch {
      // The thread has ended: this one verifies instead.
      for (const { signed, resolve } of batch) resolve(this.#ed25519.verify(signed));
    }
  }
}

/** The thread's work: 1 for each good signature. */
export function verifyPacked(ed25519: Ed25519, { bytes, ends }: PackedSigned): Uint8Array {
  let at = 0;
  return Uint8Array.from(ends, (end) => {
    const signatureAt = at + PUBLIC_KEY_BYTES;
    const messageAt = signatureAt + SIGNATURE_BYTES;
    const publicKey = bytes.subarray(at, signatureAt);
    const signature = bytes.subarray(signatureAt, messageAt);
    const message = bytes.subarray(messageAt, end);
    at = end;
    return ed25519.verify({ publicKey, signature, message }) ? 1 : 0;
  });
}

/** Keys and signatures of a wrong length become zeros, which are no good signature either. */
function pack(batch: readonly Waiting[]): PackedSigned {
  const ends = new Uint32Array(batch.length);
  let length = 0;
  for (const [i, { signed }] of batch.entries()) {
    length += PUBLIC_KEY_BYTES + SIGNATURE_BYTES + signed.message.length;
    ends[i] = length;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const [i, { signed }] of batch.entries()) {
    const { publicKey, signature, message } = signed;
    if (publicKey.length === PUBLIC_KEY_BYTES && signature.length === SIGNATURE_BYTES) {
      bytes.set(publicKey, at);
      bytes.set(signature, at + PUBLIC_KEY_BYTES);
    }
    bytes.set(message, at + PUBLIC_KEY_BYTES + SIGNATURE_BYTES);
    at = ends[i] ?? at;
  }
  return { bytes, ends };
}
