import type { Digest, ReplicaId, SequenceNumber } from "../kernel/ids.ts";
import { Leaf, merkleRoot, rootFromPath } from "./merkle.ts";
import type { Hash } from "./value.ts";
import { Writer } from "./writer.ts";

/** What a replica tells a client. */
export type Reply = ProvenReply | PlainReply | Refusal;

/** One command's result: what the service returned, or why there is nothing. */
export type Outcome =
  | { readonly ok: true; readonly result: Uint8Array }
  | { readonly ok: false; readonly code: OutcomeCode };

/** Why a command has no result. The same at every replica. */
export const OutcomeCode = {
  /** The service threw. */
  ServiceFailed: 1,
  /** The operation is not one that the service knows how to read. */
  Malformed: 2,
  /** The result is above its limit. */
  ResultTooLarge: 3,
} as const;
export type OutcomeCode = (typeof OutcomeCode)[keyof typeof OutcomeCode];

/** Results of a request, with the one proof that a client needs (linear-hybster.md 5). */
export interface ProvenReply {
  readonly type: "proven";
  readonly client: Digest;
  readonly timestamp: number;
  /** Where the request's batch stands in the global order. */
  readonly seq: SequenceNumber;
  readonly entry: number;
  /** Which of the entry's answered requests this is, of how many. */
  readonly index: number;
  readonly count: number;
  readonly path: readonly Digest[];
  /** Aggregate over the root that results and path lead to. */
  readonly aggregate: Uint8Array;
  readonly results: readonly Uint8Array[];
}

/** Results as one replica says they are: a client believes the oneCorrect-th equal one. */
export interface PlainReply {
  readonly type: "plain";
  readonly client: Digest;
  readonly timestamp: number;
  readonly seq: SequenceNumber;
  readonly entry: number;
  readonly results: readonly Uint8Array[];
}

/** Why a request was not taken. */
export const RefusalCode = {
  BadSignature: 1,
  /** The genesis does not let this client submit. */
  NotAdmitted: 2,
  /** Another replica coordinates this client; see `coordinator`. */
  NotCoordinator: 3,
  /** Another request with this timestamp has executed, or this one has and its reply is forgotten. */
  TimestampUsed: 4,
  /** This one has not executed, and a later request of this client has, so it never will. */
  Superseded: 5,
  /** Too many requests of this client, or of all, are waiting. */
  Busy: 6,
  /** Above a limit, or not a request at all. */
  Malformed: 7,
  /** The client table is full (only where anyone may submit). */
  TooManyClients: 8,
  /** The client's coordinator cannot serve it where its instance is now; others that cannot are in `away` (dqbft.md H25). */
  NoHome: 9,
} as const;
export type RefusalCode = (typeof RefusalCode)[keyof typeof RefusalCode];

/** A request not taken. A hint of one replica: it proves nothing. */
export interface Refusal {
  readonly type: "refusal";
  readonly client: Digest;
  readonly timestamp: number;
  readonly code: RefusalCode;
  /** Who coordinates the client, for `NotCoordinator`. */
  readonly coordinator: ReplicaId;
  /** Coordinators that serve nobody now, for `NoHome` alone. */
  readonly away?: readonly ReplicaId[];
}

const OK = 0;
const FAILED = 1;

/** The bytes that are hashed and sent for a command's outcome. */
export function encodeOutcome(outcome: Outcome): Uint8Array {
  if (!outcome.ok) return Uint8Array.of(FAILED, outcome.code);
  const bytes = new Uint8Array(outcome.result.length + 1);
  bytes[0] = OK;
  bytes.set(outcome.result, 1);
  return bytes;
}

/** The outcome in these bytes, which a proof or enough replicas vouched for. */
export function decodeOutcome(bytes: Uint8Array): Outcome {
  if (bytes[0] === OK) return { ok: true, result: bytes.subarray(1) };
  return { ok: false, code: (bytes[1] ?? OutcomeCode.Malformed) as OutcomeCode };
}

/** The leaf of one command within its request. */
export function resultLeaf(result: Uint8Array, hash: Hash): Digest {
  return hash(new Writer(1 + result.length).u8(Leaf.Result).raw(result).finish());
}

/** The leaf of one request within its entry: client, timestamp and the root over its commands' results. */
export function requestLeaf(
  request: { readonly client: Digest; readonly timestamp: number },
  results: readonly Uint8Array[],
  hash: Hash,
): Digest {
  // Most results of a bundle of writes are the same few bytes.
  let last: { readonly result: Uint8Array; readonly leaf: Digest } | null = null;
  const leaves = results.map((result) => {
    if (last === null || !sameBytes(last.result, result)) last = { result, leaf: resultLeaf(result, hash) };
    return last.leaf;
  });
  const out = new Writer(75)
    .u8(Leaf.Request)
    .digest(request.client)
    .u48(request.timestamp)
    .u32(leaves.length);
  return hash(out.digest(merkleRoot(leaves, hash)).finish());
}

/** Whether these are the same bytes. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** The result root that a proven reply claims; null if its path does not fit. Its aggregate must be checked against it. */
export function rootOfReply(reply: ProvenReply, hash: Hash): Digest | null {
  return rootFromPath(requestLeaf(reply, reply.results, hash), reply, reply.path, hash);
}
