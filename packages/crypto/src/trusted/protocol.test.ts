import { DecodeError } from "@destiny/core/wire/reader";
import { Counter } from "@destiny/core/wire/statement";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FRAME_BYTES_MAX, FrameCutter, frame } from "./frames.ts";
import {
  decodeAttested,
  decodeCertified,
  decodeHello,
  decodeHostFrame,
  encodeAttest,
  encodeAttested,
  encodeCertified,
  encodeCertify,
  encodeHello,
} from "./protocol.ts";
import { type CertifyOutcome, type CertifyRequest, MESSAGE_BYTES_MAX } from "./request.ts";
import type { SubsystemDescription } from "./subsystem.ts";

const description: SubsystemDescription = {
  tier: "T1",
  preamble: { cluster: "c".repeat(32), configuration: 3 },
  replica: 2,
  bootEpoch: 2 ** 40,
  instances: 6,
  identityKey: new Uint8Array(32).fill(1),
  shareProof: new Uint8Array(0),
  shareKey: new Uint8Array(96).fill(2),
};
const requests: CertifyRequest[] = [
  request("independent", Uint8Array.of(1, 2)),
  request("unique", Uint8Array.of(3)),
  request("continuing", new Uint8Array(0)),
];
const outcomes: CertifyOutcome[] = [
  { ok: true, certificate: new Uint8Array(64).fill(1), share: new Uint8Array(96).fill(2) },
  { ok: true, certificate: new Uint8Array(64).fill(3), old: { view: 4, seq: 2 ** 40 } },
  { ok: true, certificate: new Uint8Array(64).fill(5) },
  { ok: false, refusal: "valueBehind" },
];

function request(kind: CertifyRequest["kind"], message: Uint8Array): CertifyRequest {
  return { kind, instance: 1, counter: Counter.NewView, value: { view: 1, seq: 2 ** 47 }, message };
}

test("every frame is read as it was written", () => {
  expect(decodeHello(encodeHello(description))).toEqual(description);
  expect(decodeHostFrame(encodeCertify(requests))).toEqual({ kind: "certify", requests });
  expect(decodeHostFrame(encodeAttest(Uint8Array.of(9)))).toEqual({
    kind: "attest",
    nonce: Uint8Array.of(9),
  });
  expect(decodeCertified(encodeCertified(outcomes), 4)).toEqual(outcomes);
  const attestation = { description, signature: new Uint8Array(64).fill(7) };
  expect(decodeAttested(encodeAttested(attestation))).toEqual(attestation);
});

test("whatever bytes come, a decoder answers or throws DecodeError", () => {
  const frames = [
    encodeHello(description),
    encodeCertify(requests),
    encodeAttest(Uint8Array.of(9)),
    encodeCertified(outcomes),
  ];
  const damaged = fc
    .tuple(fc.constantFrom(...frames), fc.nat(400), fc.nat(255), fc.nat(400))
    .map(([bytes, at, byte, length]) => {
      const copy = bytes.slice(0, Math.max(1, bytes.length - (length % bytes.length)));
      copy[at % copy.length] = byte;
      return copy;
    });
  fc.assert(
    fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 200 })), (bytes) => {
      for (const decode of [
        decodeHello,
        decodeHostFrame,
        decodeAttested,
        (b: Uint8Array) => decodeCertified(b, 4),
      ]) {
        expectDecodeErrorAtWorst(() => decode(bytes));
      }
    }),
    { numRuns: 500, seed: 1 },
  );
});

test("what a host may not say is refused", () => {
  const refused = (bytes: Uint8Array): void => expect(() => decodeHostFrame(bytes)).toThrow(DecodeError);
  refused(encodeHello(description));
  refused(Uint8Array.of(...encodeCertify(requests), 0));
  refused(encodeCertify([request("independent", new Uint8Array(MESSAGE_BYTES_MAX + 1))]));
  refused(encodeCertify(Array.from({ length: 257 }, () => request("independent", new Uint8Array(0)))));
  refused(encodeAttest(new Uint8Array(65)));
  expect(() => decodeCertified(encodeCertified(outcomes), 3)).toThrow(DecodeError);
});

test("a stream is cut into its frames, wherever its chunks end", () => {
  const payloads = [Uint8Array.of(1), new Uint8Array(FRAME_BYTES_MAX).fill(2), Uint8Array.of(3, 4)];
  const stream = Buffer.concat(payloads.map(frame));
  for (const size of [1000, 65_536, stream.length]) {
    const cutter = new FrameCutter();
    const cut: Uint8Array[] = [];
    for (let at = 0; at < stream.length; at += size) cut.push(...cutter.cut(stream.subarray(at, at + size)));
    expect(cut.map((payload) => payload.length)).toEqual([1, FRAME_BYTES_MAX, 2]);
    expect(cut[2]).toEqual(Uint8Array.of(3, 4)); // And not a Buffer, whose slices are views.
  }
});

test("an empty frame and one above the limit are refused at their length", () => {
  expect(() => new FrameCutter().cut(Uint8Array.of(0, 0, 0, 0))).toThrow(DecodeError);
  expect(() => new FrameCutter().cut(Uint8Array.of(1, 0, 2, 0))).toThrow(DecodeError);
});

function expectDecodeErrorAtWorst(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}
