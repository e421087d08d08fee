import type { Digest, SequenceNumber } from "../kernel/ids.ts";

/** Results kept for one client, in bytes: older answers are forgotten first. 1 MiB. */
export const CLIENT_BYTES_MAX = 1_048_576;
/** Replies kept for all clients together, in bytes, what surrounds their results included: 256 MiB. */
export const KEPT_BYTES_MAX = 268_435_456;
/** What one reply takes beside its results and its path. */
const REPLY_BYTES = 256;
const DIGEST_BYTES = 32;
const RESULT_BYTES = 64;
/** Replies taken from the head of the queue before it is made anew. */
const COMPACT_REPLIES = 4_096;

/** An executed request's answer, kept for a client that did not get it. */
export interface KeptReply {
  readonly timestamp: number;
  /** Digest of the request that executed: another one with its timestamp is refused. */
  readonly request: Digest;
  readonly seq: SequenceNumber;
  readonly entry: number;
  readonly index: number;
  readonly count: number;
  readonly path: readonly Digest[];
  readonly results: readonly Uint8Array[];
}

interface Kept {
  readonly client: Digest;
  readonly reply: KeptReply;
}

/** Bytes of the results of a reply. */
export function resultBytes({ results }: KeptReply): number {
  let bytes = 0;
  for (const result of results) bytes += result.length;
  return bytes;
}

/** Bytes that a reply counts for: all that is kept of it, about. */
function bytesOf(reply: KeptReply): number {
  const { path, results } = reply;
  return REPLY_BYTES + path.length * DIGEST_BYTES + results.length * RESULT_BYTES + resultBytes(reply);
}

/**
 * Which replies are the oldest of all that are kept, by the place of their requests in the global order: a function of the
 * replicated state, so that all replicas forget the same ones.
 */
export class KeptReplies {
  readonly #bytesMax: number;
  /** In the order of execution. What was forgotten before its turn is passed over. */
  #queue: Kept[] = [];
  #head = 0;
  readonly #alive = new Set<KeptReply>();
  #bytes = 0;

  constructor(bytesMax: number = KEPT_BYTES_MAX) {
    this.#bytesMax = bytesMax;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** The newest of all. */
  add(client: Digest, reply: KeptReply): void {
    this.#queue.push({ client, reply });
    this.#alive.add(reply);
    this.#bytes += bytesOf(reply);
  }

  /** It is kept no more. */
  forget(reply: KeptReply): void {
    if (this.#alive.delete(reply)) this.#bytes -= bytesOf(reply);
  }

  /** The oldest, which must go, as long as there is too much; never the newest. */
  takeExcess(): Kept | null {
    while (this.#bytes > this.#bytesMax && this.#head < this.#queue.length - 1) {
      const oldest = this.#queue[this.#head];
      this.#head += 1;
      if (this.#head > COMPACT_REPLIES) {
        this.#queue = this.#queue.slice(this.#head);
        this.#head = 0;
      }
      if (oldest === undefined || !this.#alive.has(oldest.reply)) continue;
      this.forget(oldest.reply);
      return oldest;
    }
    return null;
  }

  /** All that a state holds, in any order. */
  load(kept: readonly Kept[]): void {
    this.#alive.clear();
    this.#bytes = 0;
    this.#queue = [];
    this.#head = 0;
    for (const { client, reply } of [...kept].sort(inOrderOfExecution)) this.add(client, reply);
  }
}

function inOrderOfExecution({ reply: a }: Kept, { reply: b }: Kept): number {
  return a.seq - b.seq || a.entry - b.entry || a.index - b.index;
}
