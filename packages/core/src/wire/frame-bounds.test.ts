import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { FaultModel } from "../kernel/fault-model.ts";
import { defaultParameters } from "../parameters.ts";
import { Anchor } from "./anchor.ts";
import { encodeFrame } from "./codec.ts";
import { LIMITS } from "./limits.ts";
import { CheckpointProof, type Message, MessageKind, Proposal } from "./messages.ts";
import { PbftNewView, PbftViewChange, PreparedCertificate } from "./pbft.ts";
import { SbftViewChange } from "./sbft.ts";
import { NewView, ViewChange } from "./view-change.ts";

// The longest messages that correct replicas send, in the largest cluster of the paper with the windows that it has by default.

const N = 301;
const HYBRID = FaultModel.hybrid(N);
const BYZANTINE = FaultModel.byzantine(N);
const { orderWindow } = defaultParameters(N);
const SIGNATURE = new Uint8Array(64);
/** A multi-signature: a point, and who signed. */
const AGGREGATE: Uint8Array = new Uint8Array(48 + Math.ceil(N / 8));
const SHARE: Uint8Array = new Uint8Array(96);
const digestOf = (text: string): string => createHash("sha256").update(text).digest("binary");
const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("binary");

const count = <T>(length: number, make: (i: number) => T): T[] => Array.from({ length }, (_, i) => make(i));

/** Of a state of a million pages; each replica shows a certificate of its own. */
function anchor(by: number): Anchor {
  const proof = new CheckpointProof({
    seq: 64,
    root: digestOf("root"),
    aggregate: AGGREGATE.slice().fill(by),
  });
  return new Anchor({
    proof,
    part: new Uint8Array(16 + 6 * N),
    pageCount: 1e6,
    path: count(20, () => digestOf("page")),
  });
}

function header(seq: number, view: number): Proposal {
  const place = { kind: MessageKind.Prepare, view, seq, digest: digestOf(`${view} ${seq}`), extension: 7 };
  return new Proposal({
    ...place,
    certificate: SIGNATURE,
    share: new Uint8Array(0),
    value: null,
    evidence: [],
  });
}

/** After so many failed views in a row that each replica's base is another. */
function hybridNewView(bases: number): NewView {
  const lists = count(bases, (view) => count(orderWindow, (i) => header(i + 1, view)));
  const viewChanges = count(HYBRID.oneCorrect, (sender) => {
    const base = sender % bases;
    const chain = count(10, (i) => ({
      to: i,
      digest: digestOf("link"),
      old: { view: i, seq: 0 },
      certificate: SIGNATURE,
    }));
    const content = { sender, to: 11, base, baseDigest: digestOf("base"), oLast: orderWindow };
    const shown = { anchor: anchor(sender), prepares: lists[base] ?? [], chain };
    return ViewChange.of({ ...content, ...shown, old: { view: 10, seq: 0 }, certificate: SIGNATURE }, hash);
  });
  const prepares = count(orderWindow, (i) => header(i + 1, 11));
  return NewView.of(
    { view: 11, viewChanges, anchor: anchor(0), prepares, count: 1, certificate: SIGNATURE },
    hash,
  );
}

function byzantineNewView(): PbftNewView {
  const changes = count(N, (sender) => ({ sender, digest: digestOf(`${sender}`) }));
  const selections = count(orderWindow, (i) => ({
    seq: i + 1,
    digest: digestOf(`${i}`),
    certificate: SIGNATURE,
  }));
  return new PbftNewView({
    view: 1,
    changes,
    anchor: anchor(0),
    selections,
    count: 1,
    extension: 1,
    signature: SIGNATURE,
  });
}

/** Every slot prepared, each with a quorum's signatures. */
function signedViewChange(): PbftViewChange {
  const votes = count(BYZANTINE.quorum, (signer) => ({ signer, signature: SIGNATURE }));
  const prepared = count(orderWindow, (i) => {
    const subject = { view: 0, seq: i + 1, digest: digestOf(`${i}`), extension: 0 };
    return new PreparedCertificate({ ...subject, certificate: SIGNATURE, votes });
  });
  const fields = { view: 1, sender: 1, anchor: anchor(1), prepared, preprepared: [], count: 0 };
  return new PbftViewChange({ ...fields, signature: SIGNATURE });
}

function sbftViewChange(): SbftViewChange {
  const slots = count(orderWindow, (i) => {
    const digest = digestOf(`${i}`);
    return {
      seq: i + 1,
      slow: { view: 0, digest, aggregate: AGGREGATE },
      fast: { view: 0, digest, share: SHARE },
    };
  });
  const fields = { view: 1, sender: 1, anchor: anchor(1), slots, count: 0, signature: SIGNATURE };
  return SbftViewChange.of(fields, hash);
}

test.each<[string, () => Message, number]>([
  ["a NewView of Hybster", () => hybridNewView(1), 900_000],
  ["a NewView of Hybster, its view changes of ten different bases", () => hybridNewView(10), 1_200_000],
  ["a NewView of PBFT and SBFT", byzantineNewView, 50_000],
  ["a view change of SBFT", sbftViewChange, 100_000],
  ["a view change of PBFT with signatures", signedViewChange, 4_000_000],
])("n = 301: %s fits into a frame", (_what, make, about) => {
  const { length } = encodeFrame(N, make());
  expect(length).toBeLessThan(about);
  expect(length).toBeGreaterThan(about / 3);
  expect(length).toBeLessThanOrEqual(LIMITS.frameBytesMax);
});
