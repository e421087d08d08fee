import { COUNTER_MAX, type Digest, type InstanceId, ROOT } from "@destiny/core/kernel/ids";
import { Counter, type CounterValue } from "@destiny/core/wire/statement";

/** Longest message that a trusted subsystem hashes in one request, in bytes. */
export const MESSAGE_BYTES_MAX = 65_536;
/** Longest share or certificate of any scheme, the model schemes of tests included, in bytes. */
export const SIGNATURE_BYTES_MAX = 512;

/**
 * What a certificate says about its counter (hybster.md 1): uniqueness, succession, or nothing at all. A unique one is an
 * independent one without a share; a vote is a trusted MAC with one, for protocols that rely on no counter.
 */
export type CertifyKind = "independent" | "unique" | "continuing" | "trustedMac" | "vote";

/** Whether a certificate of this kind has a counter. */
export function isCounted(kind: CertifyKind): kind is "independent" | "unique" | "continuing" {
  return kind === "independent" || kind === "unique" || kind === "continuing";
}

/** One call of the trusted subsystem. Where there is no counter, `counter` and `value` do not count. */
export interface CertifyRequest {
  readonly kind: CertifyKind;
  readonly instance: InstanceId;
  readonly counter: Counter;
  readonly value: CounterValue;
  /** The message itself, at most {@link MESSAGE_BYTES_MAX}: the trusted subsystem hashes it, nobody else. */
  readonly message: Uint8Array;
}

/** Why a trusted subsystem did not sign. All of them are the host's own doing, none is worth a second try. */
export type Refusal =
  /** The instance is none of those that the key file names. */
  | "unknownInstance"
  /** No such counter. */
  | "unknownCounter"
  /** A view or sequence number that is not an integer of 48 bits: counters never wrap. */
  | "valueOutOfRange"
  /** More than {@link MESSAGE_BYTES_MAX}. */
  | "messageTooLong"
  /** The value was spent on another message, or on this one in another kind of certificate. */
  | "valueUsed"
  /** The counter is past this value, and the history has nothing there: never certified, or forgotten. */
  | "valueBehind";

/** What the trusted subsystem answers; it never throws at what a host asks. */
export type CertifyOutcome =
  | {
      readonly ok: true;
      /** Independent certificates and votes only: the share that combines with those of other replicas. */
      readonly share?: Uint8Array;
      /** Ed25519, over `identityStatement`. */
      readonly certificate: Uint8Array;
      /** Continuing certificates only: the value before. */
      readonly old?: CounterValue;
    }
  | { readonly ok: false; readonly refusal: Refusal };

/** One certified value of one counter: what must survive, and all that is needed to sign the same bytes again. */
export interface CounterEntry {
  readonly kind: "independent" | "continuing";
  readonly instance: InstanceId;
  readonly counter: Counter;
  readonly value: CounterValue;
  /** The counter's value before this entry. */
  readonly old: CounterValue;
  /** SHA-256 of the message, computed inside. */
  readonly message: Digest;
}

/** The reason to refuse a request whatever the counters say, or undefined. Host and signer both ask. */
export function objection(request: CertifyRequest, instances: number): Refusal | undefined {
  if (request.message.length > MESSAGE_BYTES_MAX) return "messageTooLong";
  const known = Number.isInteger(request.instance) && request.instance >= 0 && request.instance < instances;
  if (request.kind === "trustedMac")
    return known || request.instance === ROOT ? undefined : "unknownInstance";
  if (!known) return "unknownInstance";
  if (request.kind === "vote") return undefined;
  if (request.counter !== Counter.Order && request.counter !== Counter.NewView) return "unknownCounter";
  return inRange(request.value.view) && inRange(request.value.seq) ? undefined : "valueOutOfRange";
}

function inRange(part: number): boolean {
  return Number.isInteger(part) && part >= 0 && part <= COUNTER_MAX;
}
