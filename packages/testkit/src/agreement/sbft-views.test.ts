import { collectorsOf } from "@destiny/core/agreement/sbft/collectors";
import { sbft } from "@destiny/core/agreement/sbft/sbft";
import { headerClaim, newViewClaim } from "@destiny/core/agreement/shared/untrusted/claims";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Digest, ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import type { Claim } from "@destiny/core/wire/claim";
import { MessageKind } from "@destiny/core/wire/messages";
import { PbftNewView } from "@destiny/core/wire/pbft";
import { SbftViewChange } from "@destiny/core/wire/sbft";
import { encodeUtf8 } from "@destiny/core/wire/utf8";
import { Value } from "@destiny/core/wire/value";
import { Body } from "@destiny/core/wire/view-change";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { expect, test } from "vitest";
import { AgreementCluster, type AgreementLetter } from "./agreement-cluster.ts";

// What a faulty primary may do to a view change of sbft.md 7, and who takes over from a collector of sbft.md 1 and 8.

const SECOND = 1_000_000;
const A: Digest = Value.of(encodeUtf8("a"), digestOf).digest;
const NOOP: Digest = Value.of(new Uint8Array(0), digestOf).digest;
const { SbftCommitShare, SbftFast, SbftPrepare, SbftSlow } = MessageKind;

const open = (n: number, c = 0): AgreementCluster =>
  new AgreementCluster(sbft, { faults: FaultModel.byzantine(n, c) });

const of =
  (...kinds: readonly MessageKind[]) =>
  ({ message }: AgreementLetter): boolean =>
    kinds.includes(message.kind);

function signature(cluster: AgreementCluster, signer: ReplicaId, claim: Claim): Uint8Array {
  const { trust } = cluster.world;
  const result = trust.certify(signer, trust.createSubsystem(signer), claim);
  return present(result.type === "certified" ? result.certificate : null, "a signature");
}

/** What replica 1 would open view 1 with, changed and signed by it: nobody has got the true one. */
function opened(cluster: AgreementCluster, changed: Partial<PbftNewView>): PbftNewView {
  const genuine = cluster.sent.find(of(MessageKind.PbftNewView))?.message as PbftNewView;
  const draft = new PbftNewView({ ...genuine, ...changed });
  const { view, extension } = draft;
  const selections = draft.selections.map(({ seq, digest }) => {
    const claim = headerClaim(0, { view, seq, digest, extension });
    return { seq, digest, certificate: signature(cluster, 1, claim) };
  });
  const whole = new PbftNewView({ ...draft, selections });
  const claim = newViewClaim({ instance: 0, hash: digestOf }, whole);
  return new PbftNewView({ ...whole, signature: signature(cluster, 1, claim) });
}

/** "a" is decided at one replica alone, on the fast path, and view 1 begins; its primary is faulty, and its NewView is lost. */
function decidedByOne(): AgreementCluster {
  const cluster = open(4);
  const [collector] = collectorsOf({ home: 0, faults: FaultModel.byzantine(4) }, 0, 1);
  cluster.drop((letter) => letter.from === collector && of(SbftFast)(letter));
  cluster.propose("a");
  cluster.run(60_000);
  expect(cluster.log(present(collector ?? null, "a collector"))).toEqual(["a"]);
  cluster.drop((letter) => letter.from === 1 && of(MessageKind.PbftNewView)(letter));
  cluster.suspect(1, ...cluster.replicas);
  cluster.run(100_000);
  expect(cluster.agreement(1).active).toBe(true);
  return cluster;
}

const nothing = { seq: 1, certificate: new Uint8Array(0) };
test.each([
  ["leaves it out", { selections: [], extension: 2 }],
  ["makes a no-op of it", { selections: [{ ...nothing, digest: NOOP }] }],
  ["puts another value in its place", { selections: [{ ...nothing, digest: digestOf(encodeUtf8("b")) }] }],
  ["shortens the probation", { extension: 1, selections: [{ ...nothing, digest: A }] }],
])("11: every NewView that is accepted has what was decided: who %s is not followed", (_, changed) => {
  const cluster = decidedByOne();
  const lie = opened(cluster, changed);
  for (const to of cluster.others(1)) {
    cluster.act(to, (agreement) => agreement.receive(1, lie));
    expect(cluster.agreement(to).active, `replica ${to}`).toBe(false);
  }
  cluster.heal();
  cluster.run(60 * SECOND);
  expect(cluster.conflicts).toEqual([]);
  for (const replica of cluster.replicas) expect(cluster.log(replica)).toEqual(["a"]);
});

test("4: a NewView on more view changes than n - f is refused, as is one on fewer", () => {
  const cluster = decidedByOne();
  expect(opened(cluster, {}).changes).toHaveLength(3);
  const all = cluster.replicas.map((sender) => {
    const sent = cluster.sent.find(
      ({ from, message }) => from === sender && message instanceof SbftViewChange,
    );
    const { digest } = present(sent ?? null, "a view change").message as SbftViewChange;
    return { sender, digest };
  });
  const lies = [all, all.slice(0, 2)].map((each) => opened(cluster, { changes: each }));
  for (const lie of lies) cluster.act(2, (agreement) => agreement.receive(1, lie));
  expect(cluster.refusals(1)).toEqual([Misbehaviour.BadCertificate, Misbehaviour.BadCertificate]);
  expect(cluster.agreement(2).active).toBe(false);
});

test.each([
  [4, 0],
  [6, 1],
])(
  "11, n = %i, c = %i: c + 1 shares of each replica for a slot, and one certificate: no other collector moves",
  (n, c) => {
    const cluster = open(n, c);
    const seqs = Array.from({ length: 6 }, (_, i) => 1 + i);
    for (const seq of seqs) {
      cluster.propose(`value ${seq}`);
      cluster.run(100_000);
    }
    const faults = FaultModel.byzantine(n, c);
    const count = (kind: MessageKind): number => cluster.sent.filter(of(kind)).length;
    // What one is to oneself does not travel: c + 1 collectors each save one.
    expect(count(MessageKind.SbftShare)).toBe(seqs.length * ((c + 1) * n - (c + 1)));
    expect(count(SbftFast)).toBe(seqs.length * (n - 1));
    expect(cluster.sent.some(of(SbftPrepare, SbftSlow))).toBe(false);
    const makers = cluster.sent.filter(of(SbftFast)).map(({ from }) => from);
    const first = seqs.map((seq) => collectorsOf({ home: 0, faults }, 0, seq)[0]);
    expect(makers.filter((_, i) => i % (n - 1) === 0)).toEqual(first);
  },
);

test("1: with c = 1 the second collector makes the certificate when the first does not, before the primary has to", () => {
  const cluster = open(6, 1);
  const [first, second] = collectorsOf({ home: 0, faults: FaultModel.byzantine(6, 1) }, 0, 1);
  cluster.drop(({ from }) => from === first);
  cluster.propose("a");
  cluster.run(SECOND);
  for (const replica of cluster.others(first ?? 0)) expect(cluster.log(replica)).toEqual(["a"]);
  const makers = new Set(cluster.sent.filter(of(SbftFast, SbftPrepare)).map(({ from }) => from));
  makers.delete(first ?? 0); // What it makes is lost.
  expect(makers).toEqual(new Set([second]));
});

test("8: a collector that falls silent between its prepare certificate and the proof is replaced, its certificate or not", () => {
  const cluster = open(4);
  const [collector = 0] = collectorsOf({ home: 0, faults: FaultModel.byzantine(4) }, 0, 1);
  const [late = 0] = cluster.others(0, collector);
  cluster.drop(({ from, message }) => from === late && message.kind === MessageKind.SbftShare);
  cluster.drop(({ to, message }) => to === collector && message.kind === SbftCommitShare);
  cluster.propose("a");
  cluster.run(50_000);
  expect(cluster.sent.some(of(SbftPrepare))).toBe(true);
  cluster.crash(collector);
  cluster.heal();
  cluster.run(3 * SECOND);
  for (const replica of cluster.others(collector)) {
    expect(cluster.log(replica)).toEqual(["a"]);
    expect(cluster.agreement(replica).view).toBe(0);
  }
});

test("10: one replica alone runs through no views, and its view changes take nobody along", () => {
  const cluster = open(4);
  cluster.suspect(1, 3);
  cluster.run(60 * SECOND);
  expect(cluster.replicas.map((replica) => cluster.agreement(replica).view)).toEqual([0, 0, 0, 1]);
  cluster.propose("a");
  cluster.run(5 * SECOND);
  for (const replica of cluster.replicas) expect(cluster.log(replica)).toEqual(["a"]);
});

test("7: a primary that was slow to open its view goes on when a later view has decided otherwise", () => {
  const cluster = open(4);
  const { PrePrepare } = MessageKind;
  // Two replicas vote for "a": it may have been decided, as far as view 1 can see, and its primary asks for the value in vain.
  cluster.drop(({ to, message }) => (to === 1 || to === 3) && message.kind === PrePrepare);
  cluster.drop(({ from, to, message }) => to === 1 && (from === 3 || message.kind === MessageKind.Body));
  cluster.propose("a");
  cluster.run(50_000);
  cluster.suspect(1, ...cluster.replicas);
  cluster.run(100_000);
  expect([cluster.agreement(1).view, cluster.agreement(1).active]).toEqual([1, false]);
  // Replica 0 is faulty: it forgets its vote. So view 2 decides that there is nothing, of which replica 1 gets the proof alone.
  cluster.crash(0);
  cluster.wipe(0);
  cluster.restart(0);
  cluster.heal();
  cluster.drop((letter) => letter.to === 1 && !of(SbftFast, SbftSlow)(letter));
  cluster.suspect(2, 0, 2, 3);
  cluster.run(300_000);
  expect(cluster.replicas.map((id) => cluster.agreement(id).view)).toEqual([2, 1, 2, 2]);
  expect(cluster.replicas.map((id) => cluster.decisions(id).length)).toEqual([1, 0, 1, 1]);
  cluster.heal();
  cluster.drop(({ to, message }) => to === 1 && !(message instanceof Body));
  cluster.forge(2, 1, new Body(Value.of(encodeUtf8("a"), digestOf)));
  cluster.run(50_000);
  expect([cluster.agreement(1).view, cluster.agreement(1).active]).toEqual([1, true]);
  cluster.heal();
  cluster.run(5 * SECOND);
  for (const id of cluster.replicas) expect(cluster.decisions(id)).toEqual(cluster.decisions(2));
});
