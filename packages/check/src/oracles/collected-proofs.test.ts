import type { Claim } from "@destiny/core/wire/claim";
import { Certificate, MessageKind, Vote } from "@destiny/core/wire/messages";
import { SbftShare, SbftViewChange } from "@destiny/core/wire/sbft";
import { Writer } from "@destiny/core/wire/writer";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { expect, test } from "vitest";
import { CollectedProofs } from "./collected-proofs.ts";
import { digest, parcel, signed, trippedBy } from "./test-bed.ts";
import { VoteLedger } from "./vote-ledger.ts";

const [A, B] = [digest("a"), digest("b")];
const NOTHING = new Uint8Array(0);
const S3 = "S3 certificate soundness";
const { SbftFast, SbftPrepare, SbftSlow } = MessageKind;

interface TestBed {
  readonly votes: VoteLedger;
  readonly oracle: CollectedProofs;
}

/** Four replicas, of which replica 3 is faulty. */
function open(): TestBed {
  const votes = new VoteLedger(4, 3);
  const sizes = { quorum: 3, fast: 4, vouched: 2, stable: 3 };
  return { votes, oracle: new CollectedProofs({ n: 4, faulty: new Set([3]), votes, ...sizes }) };
}

/** Six, of which replica 3 is faulty and one may be slow. */
function openWithSlow(): TestBed {
  const votes = new VoteLedger(6, 4);
  const sizes = { quorum: 4, fast: 5, vouched: 2, stable: 4 };
  return { votes, oracle: new CollectedProofs({ n: 6, faulty: new Set([3]), votes, ...sizes }) };
}

function claim(type: "fast" | "vote", tag: number, about = A): Claim {
  const message = new Writer(46).u16(tag).u48(0).u48(5).digest(about).finish();
  return { type, instance: 1, message };
}

const FAST = claim("fast", 0x5350);
const PROPOSAL = claim("vote", 0x5350);
const PREPARED = claim("vote", 0x5343);

const shown = (kind: MessageKind, about = A): Certificate =>
  new Certificate({ kind, view: 0, seq: 5, digest: about, extension: 0, aggregate: new Uint8Array(0) });

const looked = (oracle: CollectedProofs, from: number, kind: MessageKind, about = A): string | null =>
  trippedBy(() => oracle.sent(parcel(from, 1, shown(kind, about))));

test.each([
  [SbftFast, FAST, [0, 1, 2, 3]],
  [SbftPrepare, PROPOSAL, [0, 1, 3]],
  [SbftSlow, PREPARED, [0, 2, 3]],
] as const)(
  "S3: behind a certificate of kind %i are all or a quorum, and not one less",
  (kind, about, signers) => {
    const { oracle } = open();
    for (const signer of signers.slice(1)) oracle.signed(signed(signer, about));
    expect(looked(oracle, 0, kind)).toBe(S3);
    expect(looked(oracle, 3, kind)).toBeNull();
    oracle.signed(signed(signers[0], about));
    expect(looked(oracle, 0, kind)).toBeNull();
  },
);

test("S3: where one may be slow, five of six are behind a certificate of the fast path, and not one less", () => {
  const { oracle } = openWithSlow();
  for (const signer of [0, 1, 2, 3]) oracle.signed(signed(signer, FAST));
  expect(looked(oracle, 0, SbftFast)).toBe(S3);
  oracle.signed(signed(5, FAST));
  expect(looked(oracle, 0, SbftFast)).toBeNull();
});

test("S3: what was signed for one path or phase proves nothing of another", () => {
  const { oracle } = open();
  for (const signer of [0, 1, 2, 3]) oracle.signed(signed(signer, PROPOSAL));
  expect(looked(oracle, 0, SbftFast)).toBe(S3);
  expect(looked(oracle, 0, SbftSlow)).toBe(S3);
});

test("S3: prepare certificates in view changes are looked at too", () => {
  const { oracle } = open();
  const slow = { view: 0, digest: A, aggregate: new Uint8Array(0) };
  const fields = { view: 1, sender: 0, anchor: null, slots: [{ seq: 5, slow, fast: null }], count: 0 };
  const change = SbftViewChange.of({ ...fields, signature: new Uint8Array(0) }, digestOf);
  expect(trippedBy(() => oracle.sent(parcel(0, 1, change)))).toBe(S3);
});

/** A replica signs for a path, and gives its share to whoever collects. */
function gives(oracle: CollectedProofs, from: number, about: Claim, path: "fast" | "slow", value = A): void {
  oracle.signed(signed(from, about));
  const fields = { view: 0, seq: 5, digest: value, share: NOTHING };
  const { SbftCommitShare } = MessageKind;
  const share =
    path === "fast"
      ? new SbftShare({ ...fields, fast: NOTHING })
      : new Vote({ kind: SbftCommitShare, ...fields });
  oracle.sent(parcel(from, 1, share));
}

test("S2: where one may be slow, five shares of six decide, whether or not a certificate is shown", () => {
  const { oracle, votes } = openWithSlow();
  for (const signer of [0, 1, 2, 3]) gives(oracle, signer, FAST, "fast");
  expect(votes.certified(1, 5)).toBeNull();
  gives(oracle, 4, FAST, "fast");
  expect(votes.certified(1, 5)).toBe(A);
});

test("S2: what the fast path decides and what the slow one decides is one value, whether or not a certificate is shown", () => {
  const { oracle, votes } = open();
  for (const signer of [0, 1, 2, 3]) gives(oracle, signer, FAST, "fast");
  expect(votes.certified(1, 5)).toBe(A);
  for (const signer of [0, 1]) gives(oracle, signer, claim("vote", 0x5343, B), "slow", B);
  expect(trippedBy(() => gives(oracle, 3, claim("vote", 0x5343, B), "slow", B))).toBe(
    "S2 one certified value",
  );
});

test("S2: a share that nobody signed counts for nothing", () => {
  const { oracle, votes } = open();
  for (const signer of [0, 1, 2]) gives(oracle, signer, FAST, "fast");
  oracle.sent(parcel(3, 1, new SbftShare({ view: 0, seq: 5, digest: A, share: NOTHING, fast: NOTHING })));
  expect(votes.certified(1, 5)).toBeNull();
});

test("S2: what enough have signed and not given, as they left the view before it was ready, is not decided", () => {
  const { oracle, votes } = open();
  for (const signer of [0, 1, 2, 3]) oracle.signed(signed(signer, FAST));
  for (const signer of [0, 2, 3]) oracle.signed(signed(signer, PREPARED));
  expect(votes.certified(1, 5)).toBeNull();
});

test("S5: a collector may have executed what its own share, which went nowhere, was the last for", () => {
  const { oracle, votes } = open();
  for (const signer of [1, 2]) gives(oracle, signer, PREPARED, "slow");
  oracle.executed(0, 1, 5);
  expect(votes.certified(1, 5)).toBeNull();
  oracle.signed(signed(0, PREPARED));
  oracle.executed(2, 1, 5);
  expect(votes.certified(1, 5)).toBeNull();
  oracle.executed(0, 1, 5);
  expect(votes.certified(1, 5)).toBe(A);
});

test("S2: a sound certificate decides, whoever shows it", () => {
  const { oracle, votes } = open();
  for (const signer of [0, 2, 3]) oracle.signed(signed(signer, PREPARED));
  expect(looked(oracle, 3, SbftSlow)).toBeNull();
  expect(votes.certified(1, 5)).toBe(A);
});

test("S2: a prepare certificate decides nothing", () => {
  const { oracle, votes } = open();
  for (const signer of [0, 1, 3]) oracle.signed(signed(signer, PROPOSAL));
  expect(looked(oracle, 0, SbftPrepare)).toBeNull();
  expect(votes.certified(1, 5)).toBeNull();
});
