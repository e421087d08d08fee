import type { Digest, SequenceNumber } from "@destiny/core/kernel/ids";
import { decodeOutcome, type Outcome, type PlainReply, type ProvenReply } from "@destiny/core/wire/reply";

/** What lets anybody check a reply without the cluster: the way from the results to a root that a certificate is over. */
export interface ReplyProof {
  /** Root over the results of all requests of the entry. */
  readonly root: Digest;
  /** The certificate over (seq, entry, root). */
  readonly aggregate: Uint8Array;
  /** Which of the entry's answered requests this is, of how many. */
  readonly index: number;
  readonly count: number;
  readonly path: readonly Digest[];
}

/** What became of a request: executed, once, at one place of the global order. */
export interface VerifiedReply {
  readonly client: Digest;
  readonly timestamp: number;
  readonly seq: SequenceNumber;
  readonly entry: number;
  /** One per operation, in order. */
  readonly outcomes: readonly Outcome[];
  /** Null if not a certificate but enough equal replies vouched for it. */
  readonly proof: ReplyProof | null;
}

/** The reply in the form that callers get, with results of its own: what came in is a view of a whole frame. */
export function toVerifiedReply(reply: ProvenReply | PlainReply, proof: ReplyProof | null): VerifiedReply {
  const { client, timestamp, seq, entry } = reply;
  const outcomes = reply.results.map((result) => decodeOutcome(Uint8Array.from(result)));
  return { client, timestamp, seq, entry, outcomes, proof };
}
