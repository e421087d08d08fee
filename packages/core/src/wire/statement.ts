import type { Digest, InstanceId, ReplicaId, SequenceNumber, View } from "../kernel/ids.ts";
import { Writer } from "./writer.ts";

/** Version of everything that is signed and sent. */
export const PROTOCOL_VERSION = 1;

/** What makes signatures of one cluster and configuration useless in another. */
export interface Preamble {
  /** SHA-256 of the genesis. */
  readonly cluster: Digest;
  /** Number of the configuration (hybster.md 10.1), 0 at genesis. */
  readonly configuration: number;
}

/** First field of everything that is signed: no statement of one purpose is a statement of another. */
export const Purpose = {
  /** An independent trusted certificate or share (linear-hybster.md 1). */
  Independent: 1,
  /** A continuing trusted certificate. */
  Continuing: 2,
  /** A trusted MAC. */
  TrustedMac: 3,
  /** A trusted certificate over several counters. */
  Multi: 4,
  /** Wraps one of the above with the identity of the trusted subsystem. */
  Identity: 5,
  /** A trusted subsystem's description of itself. */
  Attestation: 6,
  /** A share or proof of execution, scheme pi (linear-hybster.md 2). */
  Execution: 10,
  /** A share or proof of a checkpoint. */
  Checkpoint: 11,
  /** A share or certificate of a quorum, without a counter (`tau` of sbft.md 1). */
  Vote: 12,
  /** A share or certificate of all but c replicas (`sigma` of sbft.md 1). */
  Fast: 13,
  /** A client's signature over its request. */
  Request: 20,
  /** A client's signature over its wish to change coordinators. */
  Assign: 21,
} as const;
export type Purpose = (typeof Purpose)[keyof typeof Purpose];

/** Which of an instance's trusted counters. */
export const Counter = { Order: 0, NewView: 1 } as const;
export type Counter = (typeof Counter)[keyof typeof Counter];

/** A value of a trusted counter, `[v|o]`: compared first by view, then by order number (pbft.md 0). */
export interface CounterValue {
  readonly view: View;
  readonly seq: SequenceNumber;
}

/** Below 0 if `a` comes before `b`, above 0 if after. */
export function compareCounterValues(a: CounterValue, b: CounterValue): number {
  return a.view - b.view || a.seq - b.seq;
}

function begin(preamble: Preamble, purpose: Purpose): Writer {
  return new Writer(160)
    .u8(PROTOCOL_VERSION)
    .u8(purpose)
    .digest(preamble.cluster)
    .u32(preamble.configuration);
}

/**
 * `T` of linear-hybster.md 1: what every share over one slot signs, the same bytes for all signers. `message` is the
 * SHA-256 that the trusted subsystem computed itself.
 */
export function independentStatement(
  preamble: Preamble,
  at: { readonly instance: InstanceId; readonly counter: Counter; readonly value: CounterValue },
  message: Digest,
): Uint8Array {
  return begin(preamble, Purpose.Independent)
    .u16(at.instance)
    .u8(at.counter)
    .u48(at.value.view)
    .u48(at.value.seq)
    .digest(message)
    .finish();
}

/** A continuing certificate's statement: it reveals the value that the counter had before. */
export function continuingStatement(
  preamble: Preamble,
  at: {
    readonly instance: InstanceId;
    readonly counter: Counter;
    readonly value: CounterValue;
    readonly old: CounterValue;
  },
  message: Digest,
): Uint8Array {
  return begin(preamble, Purpose.Continuing)
    .u16(at.instance)
    .u8(at.counter)
    .u48(at.value.view)
    .u48(at.value.seq)
    .u48(at.old.view)
    .u48(at.old.seq)
    .digest(message)
    .finish();
}

/** A trusted MAC's statement: authentic, and without a counter. */
export function trustedMacStatement(preamble: Preamble, instance: InstanceId, message: Digest): Uint8Array {
  return begin(preamble, Purpose.TrustedMac).u16(instance).digest(message).finish();
}

/** What a share signs that is bound to no counter. */
export function voteStatement(preamble: Preamble, instance: InstanceId, message: Digest): Uint8Array {
  return begin(preamble, Purpose.Vote).u16(instance).digest(message).finish();
}

/** What a share of the fast path signs. */
export function fastStatement(preamble: Preamble, instance: InstanceId, message: Digest): Uint8Array {
  return begin(preamble, Purpose.Fast).u16(instance).digest(message).finish();
}

/** What an individual certificate signs: a trusted statement under the identity of one trusted subsystem. */
export function identityStatement(
  preamble: Preamble,
  signer: { readonly replica: ReplicaId; readonly bootEpoch: number },
  statement: Uint8Array,
): Uint8Array {
  return begin(preamble, Purpose.Identity)
    .u16(signer.replica)
    .u48(signer.bootEpoch)
    .bytes(statement)
    .finish();
}

/** What an execution share signs: the Merkle root of one ordered entry's results (linear-hybster.md 2). */
export function executionStatement(
  preamble: Preamble,
  at: { readonly seq: SequenceNumber; readonly entry: number },
  resultRoot: Digest,
): Uint8Array {
  return begin(preamble, Purpose.Execution).u48(at.seq).u16(at.entry).digest(resultRoot).finish();
}

/** What a checkpoint share signs: the digest of the replicated state after executing `seq`. */
export function checkpointStatement(preamble: Preamble, seq: SequenceNumber, root: Digest): Uint8Array {
  return begin(preamble, Purpose.Checkpoint).u48(seq).digest(root).finish();
}

/** What a client signs: its request's digest, which covers client, timestamp and operations. */
export function requestStatement(preamble: Preamble, request: Digest): Uint8Array {
  return begin(preamble, Purpose.Request).digest(request).finish();
}

/** What a client signs to be served by another coordinator (DQBFT 3.2.6). */
export function assignStatement(preamble: Preamble, coordinator: ReplicaId, nonce: number): Uint8Array {
  return begin(preamble, Purpose.Assign).u16(coordinator).u48(nonce).finish();
}
