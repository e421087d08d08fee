import type { Claim } from "@destiny/core/wire/claim";
import {
  Certificate,
  CheckpointProof,
  ExecProof,
  MessageKind,
  Proposal,
  Vote,
} from "@destiny/core/wire/messages";
import { Writer } from "@destiny/core/wire/writer";
import { expect, test } from "vitest";
import { Certificates } from "./certificates.ts";
import { CheckpointRoots } from "./checkpoint-roots.ts";
import { digest, parcel, signed, slot, trippedBy } from "./test-bed.ts";
import { VoteLedger } from "./vote-ledger.ts";

const A = digest("a");
const B = digest("b");
const NOTHING = new Uint8Array(0);

test("S2: a second value with a quorum behind it, in whatever view, is told of", () => {
  const votes = new VoteLedger(3, 2);
  votes.signed(signed(0, slot(1, 0, 5, A)));
  votes.signed(signed(0, slot(1, 0, 5, A)));
  expect(votes.certified(1, 5)).toBeNull();
  votes.signed(signed(1, slot(1, 0, 5, A)));
  expect(votes.certified(1, 5)).toBe(A);
  votes.signed(signed(2, slot(1, 3, 5, B)));
  expect(trippedBy(() => votes.signed(signed(1, slot(1, 3, 5, B))))).toBe("S2 one certified value");
});

test("S2: votes of different views, slots or instances are no quorum, and the same value again is none that matters", () => {
  const votes = new VoteLedger(3, 2);
  votes.signed(signed(0, slot(1, 0, 5, A)));
  votes.signed(signed(1, slot(1, 1, 5, A)));
  votes.signed(signed(1, slot(1, 0, 6, A)));
  votes.signed(signed(1, slot(2, 0, 5, A)));
  expect(votes.certifiedSlots).toBe(0);
  votes.signed(signed(1, slot(1, 0, 5, A)));
  votes.signed(signed(2, slot(1, 1, 5, A)));
  expect(votes.certifiedSlots).toBe(1);
});

test("S2: votes without a counter are counted as they are sent, lost ones too", () => {
  const votes = new VoteLedger(4, 3);
  const commit = (view: number, about: string): Vote =>
    new Vote({ kind: MessageKind.PbftCommit, view, seq: 5, digest: about, share: NOTHING });
  for (const replica of [0, 1, 2]) votes.sent(parcel(replica, 1, commit(0, A)));
  expect(votes.certified(1, 5)).toBe(A);
  for (const replica of [1, 2]) votes.sent(parcel(replica, 1, commit(1, B)));
  expect(trippedBy(() => votes.sent(parcel(3, 1, commit(1, B))))).toBe("S2 one certified value");
});

test("S5: who executes has voted, though it may have crashed before its vote was sent; for others that proves nothing", () => {
  const votes = new VoteLedger(4, 3, undefined, false);
  const commit = new Vote({ kind: MessageKind.PbftCommit, view: 0, seq: 5, digest: A, share: NOTHING });
  votes.sent(parcel(0, 1, commit));
  expect(votes.certifiedTo(2, 1, 5)).toBeNull();
  votes.sent(parcel(1, 1, commit));
  expect(votes.certifiedTo(1, 1, 5)).toBeNull();
  expect(votes.certifiedTo(2, 1, 5)).toBe(A);
});

test("S5: what a subsystem signs is counted as it is signed: there no vote can be missing, whatever a liar sends", () => {
  const votes = new VoteLedger(3, 2);
  votes.signed(signed(0, slot(1, 0, 5, A)));
  votes.sent(
    parcel(1, 1, new Vote({ kind: MessageKind.PbftCommit, view: 0, seq: 6, digest: B, share: NOTHING })),
  );
  expect([votes.certifiedTo(2, 1, 5), votes.certifiedTo(2, 1, 6)]).toEqual([null, null]);
});

/** `("P", v, o, d, x)` or `("C", v, o, d)` of hybster.md 2, by hand. */
function unique(tag: number, about: string, extension?: number): Claim {
  const message = new Writer(52).u16(tag).u48(3).u48(5).digest(about);
  if (extension !== undefined) message.u48(extension);
  return { type: "unique", instance: 1, value: { view: 3, seq: 5 }, message: message.finish() };
}

test("S2, S3: a Prepare of Hybster and Commits, which name no extension, are one vote each", () => {
  const votes = new VoteLedger(5, 3);
  const oracle = new Certificates({ n: 5, faulty: new Set(), votes, quorum: 3, vouched: 3, stable: 3 });
  const fields = { kind: MessageKind.HybsterCertificate, view: 3, seq: 5, digest: A, aggregate: NOTHING };
  const shown = (extension: number): string | null =>
    trippedBy(() => oracle.sent(parcel(0, 1, new Certificate({ ...fields, extension }))));
  votes.signed(signed(4, unique(0x4850, A, 7)));
  votes.signed(signed(0, unique(0x4843, A)));
  expect([votes.certified(1, 5), shown(7)]).toEqual([null, "S3 certificate soundness"]);
  votes.signed(signed(1, unique(0x4843, A)));
  expect([votes.certified(1, 5), shown(7)]).toEqual([A, null]);
  expect(shown(6)).toBe("S3 certificate soundness"); // Nobody proposed that.
});

function openCertificates(): { readonly votes: VoteLedger; readonly oracle: Certificates } {
  const votes = new VoteLedger(3, 2);
  return {
    votes,
    oracle: new Certificates({ n: 3, faulty: new Set([2]), votes, quorum: 2, vouched: 2, stable: 2 }),
  };
}

test("S3: a commit certificate that too few have signed is told of, unless a faulty replica sends it", () => {
  const { votes, oracle } = openCertificates();
  const fields = { kind: MessageKind.Commit, view: 0, seq: 5, digest: A, extension: 0, aggregate: NOTHING };
  votes.signed(signed(0, slot(1, 0, 5, A)));
  expect(trippedBy(() => oracle.sent(parcel(0, 1, new Certificate(fields))))).toBe(
    "S3 certificate soundness",
  );
  expect(trippedBy(() => oracle.sent(parcel(2, 1, new Certificate(fields))))).toBeNull();
  votes.signed(signed(1, slot(1, 0, 5, A)));
  expect(trippedBy(() => oracle.sent(parcel(0, 1, new Certificate(fields))))).toBeNull();
});

test("S3: a proposal that its primary never certified is told of", () => {
  const { votes, oracle } = openCertificates();
  const fields = {
    kind: MessageKind.Prepare,
    view: 1,
    seq: 5,
    digest: A,
    extension: 0,
    value: null,
    evidence: [],
  };
  const proposal = (): Proposal => new Proposal({ ...fields, certificate: NOTHING, share: NOTHING });
  votes.signed(signed(1, slot(1, 1, 5, A)));
  expect(trippedBy(() => oracle.sent(parcel(0, 1, proposal())))).toBe("S3 certificate soundness");
  votes.signed(signed(2, slot(1, 1, 5, A)));
  expect(trippedBy(() => oracle.sent(parcel(0, 1, proposal())))).toBeNull();
});

test("S3: proofs of executions and checkpoints need f + 1 that signed just that", () => {
  const { oracle } = openCertificates();
  oracle.signed(signed(0, { type: "execution", seq: 5, entry: 1, root: A }));
  oracle.signed(signed(1, { type: "execution", seq: 5, entry: 1, root: B }));
  oracle.signed(signed(0, { type: "checkpoint", seq: 5, root: A }));
  const execution = new ExecProof({ seq: 5, entry: 1, root: A, aggregate: NOTHING });
  const checkpoint = new CheckpointProof({ seq: 5, root: A, aggregate: NOTHING });
  expect(trippedBy(() => oracle.sent(parcel(0, 1, execution)))).toBe("S3 certificate soundness");
  expect(trippedBy(() => oracle.sent(parcel(0, 1, checkpoint)))).toBe("S3 certificate soundness");
});

test("S10: two correct replicas that sign different states after one slot are told of", () => {
  const oracle = new CheckpointRoots(new Set([2]));
  oracle.signed(signed(0, { type: "checkpoint", seq: 5, root: A }));
  expect(trippedBy(() => oracle.signed(signed(2, { type: "checkpoint", seq: 5, root: B })))).toBeNull();
  expect(trippedBy(() => oracle.signed(signed(1, { type: "checkpoint", seq: 6, root: B })))).toBeNull();
  expect(trippedBy(() => oracle.signed(signed(1, { type: "checkpoint", seq: 5, root: B })))).toBe(
    "S10 checkpoint",
  );
});
