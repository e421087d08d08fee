import { bytes, digest, hash, pinFrames } from "@destiny/testkit/wire/vectors";
import { expect, test } from "vitest";
import { Anchor } from "./anchor.ts";
import { codedKinds } from "./codec.ts";
import { Certificate, CheckpointProof, type Message, MessageKind, Proposal, Vote } from "./messages.ts";
import {
  CommitStatement,
  FetchStatement,
  PbftNewView,
  PbftStatus,
  PbftViewChange,
  PbftViewChangeAck,
  PbftViewChangeForward,
  PbftViewState,
  PreparedCertificate,
} from "./pbft.ts";
import { decodeStatements, encodeStatements } from "./pbft-codec.ts";
import { Value } from "./value.ts";

const slot = { view: 3, seq: 0x0a0b_0c0d_0e0f };
const value = Value.of(bytes(4, 0xd0), hash);
const anchor = new Anchor({
  proof: new CheckpointProof({ seq: 128, root: digest("root"), aggregate: bytes(6, 0xa0) }),
  part: bytes(4, 0x30),
  pageCount: 3,
  path: [digest("a")],
});
const statement = new CommitStatement({
  ...slot,
  digest: value.digest,
  signer: 2,
  signature: bytes(5, 0xd0),
});
const evidence = new Certificate({
  kind: MessageKind.PbftEvidence,
  view: 0,
  seq: slot.seq,
  digest: value.digest,
  extension: 0,
  aggregate: encodeStatements([statement]),
});
const prepared = new PreparedCertificate({
  ...slot,
  digest: value.digest,
  extension: 7,
  certificate: bytes(5, 0xc0),
  votes: [
    { signer: 1, signature: bytes(3, 1) },
    { signer: 2, signature: bytes(3, 4) },
  ],
});
const viewChange = new PbftViewChange({
  view: 5,
  sender: 1,
  anchor,
  prepared: [prepared],
  preprepared: [{ seq: slot.seq, digest: value.digest, view: 3 }],
  count: 2,
  signature: bytes(5, 0xe0),
});
const first = new PbftViewChange({ ...viewChange, anchor: null, signature: new Uint8Array(0) });
const newView = new PbftNewView({
  view: 5,
  changes: [{ sender: 1, digest: digest("change") }],
  anchor,
  selections: [{ seq: 129, digest: value.digest, certificate: bytes(5, 0xc0) }],
  count: 3,
  extension: 145,
  signature: bytes(5, 0xf0),
});
const proposal = {
  kind: MessageKind.PrePrepare,
  ...slot,
  extension: 7,
  certificate: bytes(5, 0xc0),
  share: new Uint8Array(0),
};
const vote = (kind: MessageKind): Vote =>
  new Vote({ kind, ...slot, digest: value.digest, share: bytes(3, 0x50) });

const samples: Record<string, Message> = {
  prePrepare: new Proposal({
    ...proposal,
    digest: value.digest,
    value,
    evidence: [{ instance: 2, message: evidence }],
  }),
  header: new Proposal({ ...proposal, digest: value.digest, value: null, evidence: [] }),
  prepare: vote(MessageKind.PbftPrepare),
  commit: vote(MessageKind.PbftCommit),
  decided: vote(MessageKind.PbftDecided),
  evidence,
  prepared,
  viewChange,
  firstViewChange: first,
  viewChangeAck: new PbftViewChangeAck({ view: 5, sender: 1, digest: digest("change") }),
  newView,
  viewChangeForward: new PbftViewChangeForward(viewChange),
  commitStatement: statement,
  fetchStatement: new FetchStatement(17),
  status: new PbftStatus(5, [{ sender: 1, digest: digest("change") }]),
  viewState: new PbftViewState(viewChange, newView),
  firstViewState: new PbftViewState(first, null),
};

pinFrames(new URL("vectors/pbft-frames.json", import.meta.url), samples);

test("every kind of PBFT's has a vector", () => {
  const kinds = new Set(Object.values(samples).map(({ kind }) => kind));
  const ours = codedKinds().filter((kind) => kind >= MessageKind.PrePrepare && kind <= 47);
  expect([...kinds].sort()).toEqual([...ours].sort());
});

test("what a piece of evidence is made of comes back, and rubbish is none", () => {
  expect(decodeStatements(evidence)).toEqual([statement]);
  const rubbish = new Certificate({ ...evidence, aggregate: bytes(11, 1) });
  expect(decodeStatements(rubbish)).toBeNull();
});
