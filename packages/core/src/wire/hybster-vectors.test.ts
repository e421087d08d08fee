import { bytes, digest, hash, pinFrames } from "@destiny/testkit/wire/vectors";
import { expect, test } from "vitest";
import { codedKinds, decodeFrame, encodeFrame } from "./codec.ts";
import { commitCertificate, proofOf } from "./hybster.ts";
import { LIMITS } from "./limits.ts";
import { Certificate, type Message, MessageKind, Proposal, Vote } from "./messages.ts";
import { Value } from "./value.ts";
import { NewView, NewViewAck, ViewState } from "./view-change.ts";

const slot = { view: 3, seq: 0x0a0b_0c0d_0e0f, digest: digest("value") };
const proof = {
  prepare: bytes(5, 0xc0),
  commits: [
    { signer: 1, signature: bytes(3, 1) },
    { signer: 0x0203, signature: bytes(3, 4) },
  ],
};
const certificate = commitCertificate({ ...slot, extension: 7 }, proof);
const newView = NewView.of(
  { view: 3, viewChanges: [], anchor: null, prepares: [], count: 1, certificate: bytes(5, 0xf0) },
  hash,
);
const ack = new NewViewAck({ view: 3, digest: newView.digest, sender: 2, certificate: bytes(5, 0xc0) });
const samples: Record<string, Message> = {
  commit: new Vote({ kind: MessageKind.HybsterCommit, ...slot, share: bytes(5, 0x50) }),
  certificate,
  viewState: new ViewState({
    view: 3,
    base: 3,
    kept: [{ newView, acks: [ack], commit: certificate }],
    chain: [],
    own: null,
    opening: [],
  }),
  orderWithEvidence: new Proposal({
    kind: MessageKind.Prepare,
    ...slot,
    digest: Value.of(bytes(4, 0xd0), hash).digest,
    extension: 7,
    certificate: bytes(5, 0xc0),
    share: bytes(0, 0),
    value: Value.of(bytes(4, 0xd0), hash),
    evidence: [{ instance: 2, message: certificate }],
  }),
};

pinFrames(new URL("vectors/hybster-frames.json", import.meta.url), samples);

test("every kind of Hybster's has a vector", () => {
  const kinds = new Set<number>(Object.values(samples).map(({ kind }) => kind));
  const ours = codedKinds().filter((kind) => kind >= 80 && kind <= 95);
  expect(ours.every((kind) => kinds.has(kind))).toBe(true);
});

test("a certificate holds its proof, and what is none is no proof", () => {
  expect(proofOf(certificate)).toEqual(proof);
  const { aggregate } = certificate;
  for (let length = 0; length < aggregate.length; length += 1) {
    expect(proofOf(new Certificate({ ...certificate, aggregate: aggregate.slice(0, length) }))).toBeNull();
  }
  expect(
    proofOf(new Certificate({ ...certificate, aggregate: Buffer.concat([aggregate, aggregate]) })),
  ).toBeNull();
});

test("a quorum of 1024 replicas fits into a certificate", () => {
  const commits = Array.from({ length: 512 }, (_, signer) => ({ signer, signature: new Uint8Array(64) }));
  const large = commitCertificate({ ...slot, extension: 0 }, { prepare: new Uint8Array(64), commits });
  expect(large.aggregate.length).toBeLessThanOrEqual(LIMITS.evidenceBytesMax);
  expect(decodeFrame(encodeFrame(0, large), hash).message).toEqual(large);
});
