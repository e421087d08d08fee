import type { Claim } from "@destiny/core/wire/claim";
import { HeaderRelay } from "@destiny/core/wire/composition";
import { Certificate, MessageKind, Proposal, Vote } from "@destiny/core/wire/messages";
import { CommitStatement, PbftNewView, PbftViewChange, PreparedCertificate } from "@destiny/core/wire/pbft";
import { encodeStatements } from "@destiny/core/wire/pbft-codec";
import { Writer } from "@destiny/core/wire/writer";
import { expect, test } from "vitest";
import { SignedProofs } from "./signed-proofs.ts";
import { digest, parcel, signed, trippedBy } from "./test-bed.ts";
import { VoteLedger } from "./vote-ledger.ts";

const A = digest("a");
const B = digest("b");
const NOTHING = new Uint8Array(0);
const S3 = "S3 certificate soundness";
/** Of instance 1 in view 0 replica 1 is the primary, and replica 3 is faulty. */
const AT = { view: 0, seq: 5, digest: A };

function open(): { readonly votes: VoteLedger; readonly oracle: SignedProofs } {
  const votes = new VoteLedger(4, 3);
  return {
    votes,
    oracle: new SignedProofs({ n: 4, faulty: new Set([3]), votes, quorum: 3, vouched: 2, stable: 2 }),
  };
}

const statement = (message: Uint8Array): Claim => ({ type: "statement", instance: 1, message });

const header = (about = A): Claim =>
  statement(new Writer(52).u16(0x5050).u48(0).u48(5).digest(about).u48(0).finish());

const vote = (tag: number): Claim => statement(new Writer(46).u16(tag).u48(0).u48(5).digest(A).finish());

const proposal = (): Proposal =>
  new Proposal({
    ...AT,
    kind: MessageKind.PrePrepare,
    extension: 0,
    certificate: NOTHING,
    share: NOTHING,
    value: null,
    evidence: [],
  });

test("S3: a header that its primary never signed is told of, passed on too", () => {
  const { oracle } = open();
  oracle.signed(signed(1, header(B)));
  oracle.signed(signed(0, header()));
  expect(trippedBy(() => oracle.sent(parcel(0, 1, proposal())))).toBe(S3);
  expect(trippedBy(() => oracle.sent(parcel(0, 4, new HeaderRelay(1, proposal()))))).toBe(S3);
  expect(trippedBy(() => oracle.sent(parcel(3, 1, proposal())))).toBeNull();
  oracle.signed(signed(1, header()));
  expect(trippedBy(() => oracle.sent(parcel(0, 4, new HeaderRelay(1, proposal()))))).toBeNull();
});

test("S3: a prepared certificate in a view change needs the Prepares of a quorum beside its primary", () => {
  const { oracle } = open();
  const change = (certificate: Uint8Array, ...signers: number[]): PbftViewChange => {
    const votes = signers.map((signer) => ({ signer, signature: NOTHING }));
    const prepared = [new PreparedCertificate({ ...AT, extension: 0, certificate, votes })];
    const fields = { view: 1, sender: 0, anchor: null, prepared, preprepared: [], count: 0 };
    return new PbftViewChange({ ...fields, signature: NOTHING });
  };
  const certificate = Uint8Array.of(1);
  oracle.signed(signed(1, header()));
  for (const signer of [1, 2]) oracle.signed(signed(signer, vote(0x5052)));
  expect(trippedBy(() => oracle.sent(parcel(0, 1, change(certificate, 0, 2))))).toBe(S3);
  expect(trippedBy(() => oracle.sent(parcel(0, 1, change(certificate, 1, 2))))).toBe(S3);
  oracle.signed(signed(0, vote(0x5052)));
  expect(trippedBy(() => oracle.sent(parcel(0, 1, change(certificate, 0, 2))))).toBeNull();
  // With MACs it proves nothing, and claims no more.
  expect(trippedBy(() => oracle.sent(parcel(0, 1, change(NOTHING))))).toBeNull();
});

test("S3: a correct replica states that it sent Commit only when it did, and evidence takes f + 1 of them", () => {
  const { oracle, votes } = open();
  const stated = (signer: number): CommitStatement =>
    new CommitStatement({ ...AT, signer, signature: Uint8Array.of(1, 2) });
  const evidence = (...signers: number[]): Certificate => {
    const fields = { ...AT, kind: MessageKind.PbftEvidence, extension: 0 };
    return new Certificate({ ...fields, aggregate: encodeStatements(signers.map(stated)) });
  };
  oracle.signed(signed(0, vote(0x434f)));
  expect(trippedBy(() => oracle.sent(parcel(0, 1, stated(0))))).toBe(S3);
  votes.sent(parcel(0, 1, new Vote({ ...AT, kind: MessageKind.PbftCommit, share: NOTHING })));
  expect(trippedBy(() => oracle.sent(parcel(0, 1, stated(0))))).toBeNull();
  expect(trippedBy(() => oracle.sent(parcel(0, 1, evidence(0))))).toBe(S3);
  expect(trippedBy(() => oracle.sent(parcel(0, 1, evidence(0, 3))))).toBe(S3);
  oracle.signed(signed(3, vote(0x434f)));
  expect(trippedBy(() => oracle.sent(parcel(0, 1, evidence(0, 3))))).toBeNull();
});

test("S3: a NewView is its primary's, and so is every header that it selects", () => {
  const { oracle } = open();
  const opening = (): PbftNewView => {
    const selections = [{ seq: 5, digest: A, certificate: NOTHING }];
    const fields = { view: 0, changes: [], anchor: null, selections, count: 1, extension: 0 };
    return new PbftNewView({ ...fields, signature: NOTHING });
  };
  oracle.signed(signed(1, header()));
  expect(trippedBy(() => oracle.sent(parcel(0, 1, opening())))).toBe(S3);
  oracle.signed(signed(1, statement(new Writer(64).u16(0x4e56).u48(0).raw(new Uint8Array(56)).finish())));
  expect(trippedBy(() => oracle.sent(parcel(0, 1, opening())))).toBeNull();
  expect(trippedBy(() => open().oracle.sent(parcel(3, 1, opening())))).toBeNull();
});

test("S3: a correct replica says that a value is decided only when a quorum stands behind it", () => {
  const { oracle, votes } = open();
  const decided = (): Vote => new Vote({ ...AT, kind: MessageKind.PbftDecided, share: NOTHING });
  for (const replica of [0, 1]) {
    votes.sent(parcel(replica, 1, new Vote({ ...AT, kind: MessageKind.PbftCommit, share: NOTHING })));
  }
  expect(trippedBy(() => oracle.sent(parcel(0, 1, decided())))).toBe(S3);
  votes.sent(parcel(2, 1, new Vote({ ...AT, kind: MessageKind.PbftCommit, share: NOTHING })));
  expect(trippedBy(() => oracle.sent(parcel(0, 1, decided())))).toBeNull();
});
