import { bytes, digest, hash, pinFrames } from "@destiny/testkit/wire/vectors";
import { expect, test } from "vitest";
import { Anchor } from "./anchor.ts";
import { codedKinds, decodeFrame, encodeFrame } from "./codec.ts";
import { Certificate, CheckpointProof, type Message, MessageKind, Vote } from "./messages.ts";
import { PbftNewView } from "./pbft.ts";
import { DecodeError } from "./reader.ts";
import { SbftShare, SbftViewChange, SbftViewChangeForward, SbftViewState, type SlotReport } from "./sbft.ts";

const slot = { view: 3, seq: 0x0a0b_0c0d_0e0f, digest: digest("value") };
const anchor = new Anchor({
  proof: new CheckpointProof({ seq: 128, root: digest("root"), aggregate: bytes(6, 0xa0) }),
  part: bytes(4, 0x30),
  pageCount: 3,
  path: [digest("a")],
});
const slow = { view: 2, digest: digest("value"), aggregate: bytes(6, 0x60) };
const fast = { view: 3, digest: digest("other"), share: bytes(3, 0x50) };
const slots: readonly SlotReport[] = [
  { seq: 129, slow, fast },
  { seq: 130, slow: null, fast },
  { seq: 132, slow, fast: null },
];
const viewChange = SbftViewChange.of(
  { view: 5, sender: 1, anchor, slots, count: 2, signature: bytes(5, 0xe0) },
  hash,
);
const first = SbftViewChange.of({ ...viewChange, anchor: null, slots: [], signature: bytes(0, 0) }, hash);
const newView = new PbftNewView({
  view: 5,
  changes: [{ sender: 1, digest: viewChange.digest }],
  anchor,
  selections: [{ seq: 129, digest: digest("value"), certificate: bytes(5, 0xc0) }],
  count: 3,
  extension: 145,
  signature: bytes(5, 0xf0),
});
const certificate = (kind: MessageKind): Certificate =>
  new Certificate({ kind, ...slot, extension: 0, aggregate: bytes(6, 0x60) });

const samples: Record<string, Message> = {
  share: new SbftShare({ ...slot, fast: bytes(3, 0x40), share: bytes(3, 0x50) }),
  prepare: certificate(MessageKind.SbftPrepare),
  commitShare: new Vote({ kind: MessageKind.SbftCommitShare, ...slot, share: bytes(3, 0x50) }),
  fast: certificate(MessageKind.SbftFast),
  slow: certificate(MessageKind.SbftSlow),
  viewChange,
  firstViewChange: first,
  viewChangeForward: new SbftViewChangeForward(viewChange),
  viewState: new SbftViewState(viewChange, newView),
  firstViewState: new SbftViewState(first, null),
};

pinFrames(new URL("vectors/sbft-frames.json", import.meta.url), samples);

test("every kind of SBFT's has a vector", () => {
  const kinds = new Set(Object.values(samples).map(({ kind }) => kind));
  const ours = codedKinds().filter((kind) => kind >= MessageKind.SbftShare && kind <= 79);
  expect([...kinds].sort()).toEqual([...ours].sort());
});

test("a slot of which nothing is reported has no spelling", () => {
  const nothing = SbftViewChange.of({ ...viewChange, slots: [{ seq: 1, slow: null, fast: null }] }, hash);
  expect(() => decodeFrame(encodeFrame(0, nothing), hash)).toThrow(DecodeError);
});

test("a view change's name is that of its content, whatever signature it has", () => {
  expect(viewChange.signed(bytes(9, 1)).digest).toBe(viewChange.digest);
  expect(SbftViewChange.of({ ...viewChange, count: 3 }, hash).digest).not.toBe(viewChange.digest);
});
