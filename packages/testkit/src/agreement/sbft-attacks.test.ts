import { proposalClaim, viewChangeClaim } from "@destiny/core/agreement/sbft/claims";
import { collectorsOf } from "@destiny/core/agreement/sbft/collectors";
import { sbft } from "@destiny/core/agreement/sbft/sbft";
import { headerClaim } from "@destiny/core/agreement/shared/untrusted/claims";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import type { Claim } from "@destiny/core/wire/claim";
import { Certificate, MessageKind, Proposal } from "@destiny/core/wire/messages";
import type { PbftNewView } from "@destiny/core/wire/pbft";
import { SbftShare, SbftViewChange } from "@destiny/core/wire/sbft";
import { encodeUtf8 } from "@destiny/core/wire/utf8";
import { Value } from "@destiny/core/wire/value";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { expect, test } from "vitest";
import { AgreementCluster, type AgreementLetter } from "./agreement-cluster.ts";

// Numbers are those of sbft.md 10.

const NOTHING = new Uint8Array(0);
const SECOND = 1_000_000;
const four = (): AgreementCluster => new AgreementCluster(sbft, { faults: FaultModel.byzantine(4) });
const { PrePrepare, SbftPrepare, SbftCommitShare, SbftFast, SbftSlow } = MessageKind;

const of =
  (...kinds: readonly MessageKind[]) =>
  ({ message }: AgreementLetter): boolean =>
    kinds.includes(message.kind);

/** What a replica signs with its own keys. */
function signed(
  cluster: AgreementCluster,
  signer: ReplicaId,
  claim: Claim,
): { share: Uint8Array; certificate: Uint8Array } {
  const { trust } = cluster.world;
  const result = trust.certify(signer, trust.createSubsystem(signer), claim);
  return present(result.type === "certified" ? result : null, "a signature");
}

function proposal(cluster: AgreementCluster, text: string): Proposal {
  const value = Value.of(encodeUtf8(text), digestOf);
  const header = { view: 0, seq: 1, digest: value.digest, extension: 0 };
  const { certificate } = signed(cluster, 0, headerClaim(0, header));
  return new Proposal({ kind: PrePrepare, ...header, certificate, share: NOTHING, value, evidence: [] });
}

/** Who collects the first slot. */
function collectorOf(cluster: AgreementCluster): ReplicaId {
  return present(collectorsOf({ home: 0, faults: FaultModel.byzantine(cluster.n) }, 0, 1)[0], "a collector");
}

/** The view changes that this replica sent. */
function changesOf(cluster: AgreementCluster, sender: ReplicaId): SbftViewChange[] {
  return cluster.sent
    .filter(({ from, message }) => from === sender && message instanceof SbftViewChange)
    .map(({ message }) => message as SbftViewChange);
}

test("4: all shares give one certificate, and no second phase", () => {
  const cluster = four();
  cluster.propose("a", "b", "c");
  expect(cluster.settle()).toBe(true);
  expect(cluster.sent.some(of(SbftPrepare, SbftCommitShare, SbftSlow))).toBe(false);
  expect(cluster.sent.filter(of(SbftFast))).toHaveLength(9);
});

test("4: without the last share a quorum takes the slow path after a moment, by itself", () => {
  const cluster = four();
  cluster.drop(({ from, message }) => from === 0 && message.kind === MessageKind.SbftShare);
  cluster.propose("a");
  cluster.run(80_000);
  for (const replica of cluster.replicas) expect(cluster.log(replica)).toEqual(["a"]);
  expect(cluster.sent.some(of(SbftFast))).toBe(false);
  expect(cluster.sent.filter(of(SbftSlow))).toHaveLength(3);
});

test("1: with c = 1 one silent replica does not end the fast path", () => {
  const cluster = new AgreementCluster(sbft, { faults: FaultModel.byzantine(6, 1) });
  cluster.drop(({ from }) => from === 5);
  cluster.propose("a", "b");
  cluster.run(SECOND);
  for (const replica of cluster.others(5)) expect(cluster.log(replica)).toEqual(["a", "b"]);
  expect(cluster.sent.some(of(SbftFast))).toBe(true);
  expect(cluster.sent.some(of(SbftPrepare, SbftSlow))).toBe(false);
});

test.each([
  [4, 0],
  [6, 1],
])("8: n = %i, c = %i: with the first collectors silent the primary collects", (n, c) => {
  const faults = FaultModel.byzantine(n, c);
  const cluster = new AgreementCluster(sbft, { faults });
  const silent = collectorsOf({ home: 0, faults }, 0, 1).slice(0, -1);
  // Silent towards others: shares of its own it still gives, so that the fast path is not at stake.
  cluster.drop(({ from, message }) => silent.includes(from) && message.kind !== MessageKind.SbftShare);
  cluster.propose("a");
  cluster.run(SECOND);
  for (const replica of cluster.others(...silent)) expect(cluster.log(replica)).toEqual(["a"]);
  const makers = new Set(cluster.sent.filter(of(SbftFast, SbftSlow)).map(({ from }) => from));
  expect(makers.has(0)).toBe(true);
});

test("8: a collector that shows the proof to one replica alone leaves nobody behind", () => {
  const cluster = four();
  const collector = collectorOf(cluster);
  const [favoured = 0] = cluster.others(collector, 0);
  cluster.drop(({ from, to, message }) => from === collector && to !== favoured && message.kind === SbftFast);
  cluster.propose("a");
  cluster.run(3 * SECOND);
  for (const replica of cluster.replicas) expect(cluster.log(replica)).toEqual(["a"]);
});

test("2: a view change with one false certificate or share is refused as a whole", () => {
  const cluster = four();
  cluster.propose("a");
  cluster.settle();
  cluster.suspect(1, 3);
  cluster.run(100_000);
  const [genuine] = changesOf(cluster, 3);
  const { slots } = present(genuine, "a view change");
  const [first] = slots;
  const fast = present(first?.fast ?? null, "its vote");
  const lies = [
    { ...fast, share: new Uint8Array(96) },
    { ...fast, digest: digestOf(encodeUtf8("b")) },
  ].map((lie) => [{ seq: 1, slow: null, fast: lie }]);
  const aggregate = new Uint8Array(48);
  const forged = [...lies, [{ seq: 1, fast, slow: { view: 0, digest: fast.digest, aggregate } }]];
  for (const each of forged) {
    const draft = SbftViewChange.of({ ...present(genuine, "one"), view: 2, slots: each }, digestOf);
    const { certificate } = signed(cluster, 3, viewChangeClaim(0, draft));
    cluster.forge(3, 1, draft.signed(certificate));
  }
  cluster.run(100_000);
  expect(cluster.refusals(3)).toEqual(forged.map(() => Misbehaviour.BadCertificate));
});

test("6: a spoilt share of the fast path costs its sender, and the slow path goes on without it", () => {
  const cluster = four();
  const liar = present(cluster.others(0, collectorOf(cluster))[0], "a backup");
  cluster.drop(
    ({ from, message }) => from === liar && message instanceof SbftShare && message.fast[95] !== 1,
  );
  cluster.propose("a");
  cluster.run(8_000);
  const { digest } = Value.of(encodeUtf8("a"), digestOf);
  const subject = { view: 0, seq: 1, digest };
  const { share } = signed(cluster, liar, proposalClaim(0, subject));
  cluster.forge(
    liar,
    collectorOf(cluster),
    new SbftShare({ ...subject, share, fast: new Uint8Array(96).fill(1) }),
  );
  cluster.run(SECOND);
  for (const replica of cluster.replicas) expect(cluster.log(replica)).toEqual(["a"]);
  expect(new Set(cluster.refusals(liar))).toEqual(new Set([Misbehaviour.BadShare]));
  expect(cluster.sent.some(of(SbftSlow))).toBe(true);
});

test("7: a proof of a view that is over decides", () => {
  const cluster = four();
  const late = present(cluster.others(0, 1, collectorOf(cluster))[0], "a backup");
  cluster.drop(({ to, message }) => to === late && message.kind !== PrePrepare);
  cluster.propose("a");
  cluster.run(100_000);
  const proof = present(cluster.sent.find(of(SbftFast))?.message ?? null, "a proof") as Certificate;
  cluster.act(late, (agreement) => agreement.suspect(3));
  expect(cluster.agreement(late).active).toBe(false);
  cluster.act(late, (agreement) => agreement.receive(0, proof));
  expect(cluster.log(late)).toEqual(["a"]);
});

test("7: but its extension is nobody's word: a proof that has one is refused", () => {
  const cluster = four();
  cluster.propose("a");
  cluster.settle();
  const proof = cluster.sent.find(of(SbftFast))?.message as Certificate;
  cluster.forge(1, 2, new Certificate({ ...proof, extension: 7 }));
  cluster.settle();
  expect(cluster.refusals(1)).toEqual([Misbehaviour.BadFrame]);
});

test("8: nobody votes for what it has only the header of", () => {
  const cluster = four();
  cluster.crash(0);
  const header = proposal(cluster, "a").header();
  for (const to of [1, 2, 3]) cluster.forge(0, to, header);
  cluster.run(SECOND);
  expect(cluster.sent.some(of(MessageKind.SbftShare))).toBe(false);
});

test("1: an equivocating primary splits votes; no two replicas decide differently, in no view", () => {
  for (const seed of [1, 2, 3]) {
    const cluster = new AgreementCluster(sbft, { faults: FaultModel.byzantine(4), seed });
    cluster.crash(0);
    const [first, second] = [proposal(cluster, "one"), proposal(cluster, "two")];
    cluster.forge(0, 1, first);
    for (const to of [2, 3]) cluster.forge(0, to, second);
    cluster.forge(0, 1, second);
    cluster.run(SECOND);
    expect(cluster.refusals(0)).toContain(Misbehaviour.Equivocation);
    cluster.suspect(1, 1, 2, 3);
    cluster.run(30 * SECOND);
    expect(cluster.conflicts).toEqual([]);
    for (const replica of [1, 2, 3]) expect(cluster.agreement(replica).active).toBe(true);
  }
});

test("3: what a replica has voted for it shows after a crash too, or a fast decision could be forgotten", () => {
  const cluster = four();
  const collector = collectorOf(cluster);
  const [witness = 0] = cluster.others(0, collector);
  // All shares come together, and only the collector ever knows.
  cluster.drop(({ from, message }) => from === collector && message.kind === SbftFast);
  cluster.propose("a");
  cluster.run(60_000);
  expect(cluster.log(collector)).toEqual(["a"]);
  for (const replica of cluster.others(collector)) {
    cluster.crash(replica);
    cluster.restart(replica);
    cluster.act(replica, (agreement) => agreement.suspect(1));
  }
  cluster.crash(collector);
  cluster.run(30 * SECOND);
  expect(changesOf(cluster, witness)[0]?.slots.map(({ fast }) => fast?.digest)).toEqual([
    digestOf(encodeUtf8("a")),
  ]);
  const newView = cluster.sent.find(of(MessageKind.PbftNewView))?.message as PbftNewView;
  expect(newView.selections.map(({ digest }) => digest)).toEqual([digestOf(encodeUtf8("a"))]);
});

test("3: what a replica holds a prepare certificate for it shows after a crash too, or a slow decision could be forgotten", () => {
  const cluster = four();
  const collector = collectorOf(cluster);
  const [late = 0, witness = 0] = cluster.others(0, collector);
  cluster.drop(({ from, to }) => from === late || to === late);
  cluster.drop(({ from, message }) => from === collector && message.kind === SbftSlow);
  cluster.propose("a");
  cluster.run(150_000);
  expect(cluster.log(collector)).toEqual(["a"]);
  cluster.heal();
  cluster.crash(collector);
  for (const replica of [0, witness]) {
    cluster.crash(replica);
    cluster.restart(replica);
  }
  // Only one of the two that committed is heard: it alone can speak of the decision.
  cluster.suspect(1, ...cluster.others(collector));
  cluster.run(30 * SECOND);
  expect(changesOf(cluster, witness)[0]?.slots[0]?.slow?.digest).toBe(digestOf(encodeUtf8("a")));
  const newView = cluster.sent.find(of(MessageKind.PbftNewView))?.message as PbftNewView;
  expect(newView.selections.map(({ digest }) => digest)).toEqual([digestOf(encodeUtf8("a"))]);
});

test("9: a silent first collector is remembered: shares go to the primary at once, until it serves again", () => {
  const cluster = four();
  const collector = collectorOf(cluster);
  cluster.drop(({ from, to }) => from === collector || to === collector);
  cluster.propose("value 1");
  cluster.run(SECOND);
  cluster.propose("value 2", "value 3");
  cluster.run(SECOND);
  const before = cluster.sent.length;
  cluster.propose("value 4"); // It collects this one too.
  cluster.run(100_000);
  for (const replica of cluster.others(collector)) expect(cluster.agreement(replica).decided).toBe(4);
  const toPrimary = cluster.sent
    .slice(before)
    .filter(({ to, message }) => to === 0 && message instanceof SbftShare);
  expect(toPrimary.length).toBeGreaterThan(0);
});
