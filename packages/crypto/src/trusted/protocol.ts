import { DecodeError, Reader } from "@destiny/core/wire/reader";
import type { Counter, CounterValue } from "@destiny/core/wire/statement";
import { Writer } from "@destiny/core/wire/writer";
import {
  type CertifyOutcome,
  type CertifyRequest,
  isCounted,
  MESSAGE_BYTES_MAX,
  type Refusal,
  SIGNATURE_BYTES_MAX,
} from "./request.ts";
import { type Attestation, NONCE_BYTES_MAX, type SubsystemDescription, type TrustTier } from "./subsystem.ts";

/** Version of what host and signer say to each other, the first thing that a signer says. */
const SIGNER_PROTOCOL = 2;
/** Most requests in one frame. */
export const REQUESTS_PER_FRAME = 256;
/** Bytes of a request beside its message. */
export const REQUEST_BYTES = 20;

/** First byte of every frame. The signer speaks first, with a hello; then each frame of the host has one answer, in order. */
const FrameKind = { Hello: 1, Certify: 2, Certified: 3, Attest: 4, Attested: 5 } as const;
type FrameKind = (typeof FrameKind)[keyof typeof FrameKind];

const KINDS = ["independent", "continuing", "trustedMac", "vote", "unique"] as const;
const REFUSALS: readonly Refusal[] = [
  "unknownInstance",
  "unknownCounter",
  "valueOutOfRange",
  "messageTooLong",
  "valueUsed",
  "valueBehind",
];
/** In the order of their numbers on the wire. */
export const TIERS: readonly TrustTier[] = ["T0", "T1"];

/** What a host may ask. */
export type HostFrame =
  | { readonly kind: "certify"; readonly requests: readonly CertifyRequest[] }
  | { readonly kind: "attest"; readonly nonce: Uint8Array };

/** The signer's greeting. */
export function encodeHello(description: SubsystemDescription): Uint8Array {
  const body = new Writer().u8(FrameKind.Hello).u16(SIGNER_PROTOCOL);
  return body.raw(encodeDescription(description)).finish();
}

/** Throws `DecodeError` unless the payload is the hello of this protocol version. */
export function decodeHello(payload: Uint8Array): SubsystemDescription {
  const input = answer(payload, FrameKind.Hello);
  if (input.u16() !== SIGNER_PROTOCOL) throw new DecodeError("a signer of another version");
  return ended(input, readDescription(input));
}

/** At most {@link REQUESTS_PER_FRAME} requests, none of which {@link REQUEST_BYTES} and its message make too long. */
export function encodeCertify(requests: readonly CertifyRequest[]): Uint8Array {
  const out = new Writer(1024).u8(FrameKind.Certify).u32(requests.length);
  for (const { kind, instance, counter, value, message } of requests) {
    const counted = isCounted(kind);
    out
      .u8(KINDS.indexOf(kind))
      .u16(instance)
      .u8(counted ? counter : 0);
    out
      .u48(counted ? value.view : 0)
      .u48(counted ? value.seq : 0)
      .bytes(message);
  }
  return out.finish();
}

/** Asks for an attestation. */
export function encodeAttest(nonce: Uint8Array): Uint8Array {
  return new Writer().u8(FrameKind.Attest).bytes(nonce).finish();
}

/** Throws `DecodeError` on anything that a host may not say. Messages are views of the payload. */
export function decodeHostFrame(payload: Uint8Array): HostFrame {
  const input = new Reader(payload);
  const kind = input.u8();
  if (kind === FrameKind.Attest) return ended(input, { kind: "attest", nonce: input.bytes(NONCE_BYTES_MAX) });
  if (kind !== FrameKind.Certify) throw new DecodeError(`a frame of kind ${kind}`);
  const count = input.count(REQUESTS_PER_FRAME, REQUEST_BYTES);
  const requests: CertifyRequest[] = [];
  for (let i = 0; i < count; i += 1) requests.push(readRequest(input));
  return ended(input, { kind: "certify", requests });
}

/** The answers to one frame of requests. */
export function encodeCertified(outcomes: readonly CertifyOutcome[]): Uint8Array {
  const out = new Writer(256 * outcomes.length + 8).u8(FrameKind.Certified).u32(outcomes.length);
  for (const outcome of outcomes) {
    if (!outcome.ok) {
      out.u8(0).u8(REFUSALS.indexOf(outcome.refusal));
      continue;
    }
    const { share, certificate, old } = outcome;
    out
      .u8(1)
      .bytes(certificate)
      .u8(share ? 1 : 0)
      .u8(old ? 1 : 0);
    if (share) out.bytes(share);
    if (old) out.u48(old.view).u48(old.seq);
  }
  return out.finish();
}

/** Throws `DecodeError` unless the payload holds exactly `expected` outcomes. They are copies. */
export function decodeCertified(payload: Uint8Array, expected: number): CertifyOutcome[] {
  const input = answer(payload, FrameKind.Certified);
  if (input.count(REQUESTS_PER_FRAME, 2) !== expected)
    throw new DecodeError("not as many outcomes as requests");
  const outcomes: CertifyOutcome[] = [];
  for (let i = 0; i < expected; i += 1) outcomes.push(readOutcome(input));
  return ended(input, outcomes);
}

/** The answer to an attest frame. */
export function encodeAttested(attestation: Attestation): Uint8Array {
  const description = encodeDescription(attestation.description);
  return new Writer().u8(FrameKind.Attested).raw(description).bytes(attestation.signature).finish();
}

/** Throws `DecodeError` on anything but an attestation. */
export function decodeAttested(payload: Uint8Array): Attestation {
  const input = answer(payload, FrameKind.Attested);
  const description = readDescription(input);
  return ended(input, { description, signature: input.bytes(SIGNATURE_BYTES_MAX).slice() });
}

/** A description in its one encoding, which an attestation signs. */
export function encodeDescription(description: SubsystemDescription): Uint8Array {
  const { tier, preamble, replica, bootEpoch, instances, identityKey, shareKey, shareProof } = description;
  const out = new Writer().u8(TIERS.indexOf(tier)).digest(preamble.cluster).u32(preamble.configuration);
  return out
    .u16(replica)
    .u48(bootEpoch)
    .u32(instances)
    .bytes(identityKey)
    .bytes(shareKey)
    .bytes(shareProof)
    .finish();
}

function readDescription(input: Reader): SubsystemDescription {
  const tier = oneOf(TIERS, input.u8());
  const preamble = { cluster: input.digest(), configuration: input.u32() };
  const who = { replica: input.u16(), bootEpoch: input.u48(), instances: input.u32() };
  const identityKey = input.bytes(SIGNATURE_BYTES_MAX).slice();
  const shareKey = input.bytes(SIGNATURE_BYTES_MAX).slice();
  const shareProof = input.bytes(SIGNATURE_BYTES_MAX).slice();
  return { tier, preamble, ...who, identityKey, shareKey, shareProof };
}

function readRequest(input: Reader): CertifyRequest {
  const kind = oneOf(KINDS, input.u8());
  const at = { kind, instance: input.u16(), counter: input.u8() as Counter };
  const value = readValue(input);
  return { ...at, value, message: input.bytes(MESSAGE_BYTES_MAX) };
}

function readOutcome(input: Reader): CertifyOutcome {
  if (!input.flag()) return { ok: false, refusal: oneOf(REFUSALS, input.u8()) };
  const certificate = input.bytes(SIGNATURE_BYTES_MAX).slice();
  const hasShare = input.flag();
  const hasOld = input.flag();
  const share = hasShare ? { share: input.bytes(SIGNATURE_BYTES_MAX).slice() } : {};
  return { ok: true, certificate, ...share, ...(hasOld && { old: readValue(input) }) };
}

function readValue(input: Reader): CounterValue {
  return { view: input.u48(), seq: input.u48() };
}

function answer(payload: Uint8Array, kind: FrameKind): Reader {
  const input = new Reader(payload);
  if (input.u8() !== kind) throw new DecodeError("not the answer that was due");
  return input;
}

function oneOf<T>(values: readonly T[], index: number): T {
  const value = values[index];
  if (value === undefined) throw new DecodeError(`no such choice: ${index}`);
  return value;
}

function ended<T>(input: Reader, value: T): T {
  input.end();
  return value;
}
