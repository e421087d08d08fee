import { expect, test } from "vitest";
import { sameViewIn } from "../../kernel/configurations.ts";
import { FaultModel } from "../../kernel/fault-model.ts";
import type { ReplicaId } from "../../kernel/ids.ts";
import { type Check, LATER } from "../../wire/check.ts";
import type { UniqueClaim } from "../../wire/claim.ts";
import { commitCertificate } from "../../wire/hybster.ts";
import { Certificate, MessageKind, Proposal, Pull, Vote } from "../../wire/messages.ts";
import { GENESIS_MEMBERS, type InstanceAddress } from "../agreement.ts";
import { makeShare } from "../shared/signed-share.ts";
import { checks } from "./checks.ts";
import { commitClaim, prepareClaim } from "./claims.ts";

const NOTHING = new Uint8Array(0);
const slot = { view: 2, seq: 5, digest: "d".repeat(32), extension: 7 };
const signature = (signer: ReplicaId): Uint8Array => Uint8Array.of(signer, 1);
const PREPARE = Uint8Array.of(9);

/** Instance 3, at home at replica 3: in view 2 of five, its primary is replica 0. */
function address(n: number): InstanceAddress {
  const faults = FaultModel.hybrid(n);
  const rules = { lowOf: () => 0, probation: () => 0, hash: () => "" };
  return { instance: 3, home: 3, faults, members: GENESIS_MEMBERS, ...rules };
}

function commitOf(signer: ReplicaId): Vote {
  const share = makeShare(signer, signature(signer));
  return new Vote({ kind: MessageKind.HybsterCommit, ...slot, share });
}

function certificateOf(...signers: readonly ReplicaId[]): Certificate {
  const commits = signers.map((signer) => ({ signer, signature: signature(signer) }));
  return commitCertificate(slot, { prepare: PREPARE, commits });
}

function identity(signer: ReplicaId, claim: UniqueClaim, certificate: Uint8Array): Check {
  return { type: "identity", signer, claim, certificate };
}

test("2: a Prepare is its primary's, a Commit anybody else's, whoever they come from", () => {
  const fields = { kind: MessageKind.Prepare, ...slot, value: null, evidence: [], share: NOTHING };
  const prepare = new Proposal({ ...fields, certificate: PREPARE });
  expect(checks(address(5), prepare)).toEqual([identity(0, prepareClaim(3, slot), PREPARE)]);
  expect(checks(address(5), commitOf(4))).toEqual([identity(4, commitClaim(3, slot), signature(4))]);
});

test("12: a primary has no Commit beside its Prepare, and who is no replica has none at all", () => {
  expect(checks(address(5), commitOf(0))).toBeNull();
  expect(checks(address(5), commitOf(5))).toBeNull();
  const unsigned = new Vote({ kind: MessageKind.HybsterCommit, ...slot, share: Uint8Array.of(1) });
  expect(checks(address(5), unsigned)).toBeNull();
});

test("4: a certificate is a Prepare and as many Commits of others as make a quorum with it", () => {
  const certificate = certificateOf(1, 4);
  expect(checks(address(5), certificate)).toEqual([
    identity(0, prepareClaim(3, slot), PREPARE),
    identity(1, commitClaim(3, slot), signature(1)),
    identity(4, commitClaim(3, slot), signature(4)),
  ]);
  const invalid: readonly (readonly ReplicaId[])[] = [
    [],
    [1], // Too few,
    [1, 2, 4], // more than it takes,
    [1, 1], // one of them twice,
    [4, 1], // in another order,
    [0, 1], // the primary again,
    [1, 5], // and nobody.
  ];
  for (const signers of invalid) expect(checks(address(5), certificateOf(...signers))).toBeNull();
});

test("head: at n = 4 a quorum is three, f + 1 is not enough", () => {
  const home = { ...address(4), home: 0 }; // Replica 2 is the primary.
  expect(checks(home, certificateOf(0))).toBeNull();
  expect(checks(home, certificateOf(0, 1))).toHaveLength(3);
});

test("10.1: who speaks in a configuration that is not known here cannot be said yet", () => {
  const view = sameViewIn(slot.view, 1, 5);
  expect(checks(address(5), new Vote({ ...commitOf(4), view }))).toBe(LATER);
  expect(checks(address(5), new Certificate({ ...certificateOf(1, 4), view }))).toBe(LATER);
});

test("messages of other protocols, and what is no proof, are refused; questions need no proof", () => {
  const broken = new Certificate({ ...certificateOf(1, 4), aggregate: new Uint8Array(48) });
  expect(checks(address(5), broken)).toBeNull();
  const linear = new Certificate({ ...certificateOf(1, 4), kind: MessageKind.Commit });
  expect(checks(address(5), linear)).toBeNull();
  expect(checks(address(5), new Vote({ ...commitOf(4), kind: MessageKind.CommitSig }))).toBeNull();
  expect(checks(address(5), new Pull(1, 2, true))).toEqual([]);
});

test("1: no certificate of one kind is one of another, nor of another slot, view or value", () => {
  const claims = [
    prepareClaim(3, slot),
    commitClaim(3, slot),
    prepareClaim(3, { ...slot, extension: 8 }),
    commitClaim(3, { ...slot, view: 3 }),
    commitClaim(3, { ...slot, seq: 6 }),
    commitClaim(3, { ...slot, digest: "e".repeat(32) }),
  ];
  const spelt = claims.map(({ value, message }) => `${value.view} ${value.seq} ${message.join()}`);
  expect(new Set(spelt).size).toBe(claims.length);
});
