import { claimOf } from "@destiny/core/agreement/pbft/answers";
import { pbft } from "@destiny/core/agreement/pbft/pbft";
import { headerClaim, newViewClaim } from "@destiny/core/agreement/shared/untrusted/claims";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import type { StatementClaim } from "@destiny/core/wire/claim";
import { MessageKind, Proposal, Vote } from "@destiny/core/wire/messages";
import { PbftNewView, PbftViewChange, PbftViewChangeForward } from "@destiny/core/wire/pbft";
import { encodeUtf8 } from "@destiny/core/wire/utf8";
import { Value } from "@destiny/core/wire/value";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { expect, test } from "vitest";
import { AgreementCluster, type AgreementLetter } from "./agreement-cluster.ts";

// Numbers are those of pbft.md 12.

const NOTHING = new Uint8Array(0);
const four = (): AgreementCluster =>
  new AgreementCluster(pbft({ authentication: "mac" }), { faults: FaultModel.byzantine(4) });

/** Signs as a replica does, whatever it is. */
function sign(cluster: AgreementCluster, signer: ReplicaId, claim: StatementClaim): Uint8Array {
  const { trust } = cluster.world;
  const result = trust.certify(signer, trust.createSubsystem(signer), claim);
  return present(result.type === "certified" ? result.certificate : null, "a signature");
}

function proposal(cluster: AgreementCluster, text: string, seq = 1): Proposal {
  const value = Value.of(encodeUtf8(text), digestOf);
  const header = { view: 0, seq, digest: value.digest, extension: 0 };
  const certificate = sign(cluster, 0, headerClaim(0, header));
  return new Proposal({
    kind: MessageKind.PrePrepare,
    ...header,
    certificate,
    share: NOTHING,
    value,
    evidence: [],
  });
}

function vote(kind: MessageKind, text: string, seq = 1): Vote {
  const { digest } = Value.of(encodeUtf8(text), digestOf);
  return new Vote({ kind, view: 0, seq, digest, share: NOTHING });
}

const of =
  (kind: MessageKind) =>
  (letter: AgreementLetter): boolean =>
    letter.message.kind === kind;

/** Replica 3 shows its view change to some only, and the new primary counts it instead of replica 0's. */
function partialDelivery(): AgreementCluster {
  const cluster = four();
  cluster.propose("a", "b");
  cluster.settle();
  cluster.drop((letter) => of(MessageKind.PbftViewChange)(letter) && letter.from === 3 && letter.to === 0);
  cluster.drop((letter) => of(MessageKind.PbftViewChange)(letter) && letter.from === 0 && letter.to === 1);
  return cluster;
}

test("2: vouchers suffice where a faulty replica shows its view change to some only", () => {
  const cluster = partialDelivery();
  cluster.suspect(1, 0, 1, 2, 3);
  cluster.run(150_000);
  const newView = cluster.sent.find(of(MessageKind.PbftNewView))?.message as PbftNewView;
  expect(newView.changes.map(({ sender }) => sender)).toEqual([1, 2, 3]);
  expect(cluster.agreement(0).active).toBe(true);
  expect(cluster.agreement(0).standing.view).toBe(1);
});

test("2: and are needed: one is not enough, and nothing else helps before others have entered the view", () => {
  for (const vouching of [0, 1]) {
    const cluster = partialDelivery();
    let left = vouching;
    cluster.drop((letter) => of(MessageKind.PbftViewChangeForward)(letter) && letter.from > left);
    left = vouching;
    cluster.drop((letter) => of(MessageKind.PbftNewView)(letter) && letter.from !== 1);
    cluster.suspect(1, 0, 1, 2, 3);
    cluster.run(900_000);
    expect(cluster.replicas.map((replica) => cluster.agreement(replica).active)).toEqual([
      false,
      true,
      true,
      true,
    ]);
  }
});

test("2: a voucher for other bytes than the new view names counts for nothing", () => {
  const cluster = partialDelivery();
  cluster.drop(of(MessageKind.PbftViewChangeForward));
  cluster.drop((letter) => of(MessageKind.PbftNewView)(letter) && letter.from !== 1);
  cluster.suspect(1, 0, 1, 2, 3);
  cluster.run(100_000);
  const genuine = cluster.sent.find((letter) => of(MessageKind.PbftViewChange)(letter) && letter.from === 3);
  const forged = new PbftViewChange({ ...(genuine?.message as PbftViewChange), count: 7 });
  cluster.heal();
  cluster.drop((letter) => letter.to === 0);
  for (const voucher of [1, 2, 3]) {
    cluster.act(0, (agreement) => agreement.receive(voucher, new PbftViewChangeForward(forged)));
  }
  expect(cluster.agreement(0).active).toBe(false);
});

test("2: without enough acknowledgements the new primary does not believe a view change", () => {
  const cluster = four();
  cluster.drop(of(MessageKind.PbftViewChangeAck));
  cluster.suspect(1, 0, 1, 2, 3);
  cluster.run(900_000);
  expect(cluster.sent.filter(of(MessageKind.PbftNewView))).toEqual([]);
  cluster.heal();
  expect(cluster.settle()).toBe(true);
  for (const replica of cluster.replicas) expect(cluster.agreement(replica).active).toBe(true);
});

test("3: an equivocating primary splits votes, and no two replicas decide differently", () => {
  const cluster = four();
  cluster.crash(0);
  const [first, second] = [proposal(cluster, "one"), proposal(cluster, "two")];
  cluster.forge(0, 1, first);
  for (const to of [2, 3]) cluster.forge(0, to, second);
  cluster.forge(0, 1, second);
  cluster.forge(0, 2, vote(MessageKind.PbftCommit, "two"));
  cluster.run(100_000);
  expect(cluster.replicas.map((replica) => cluster.log(replica))).toEqual([[], [], ["two"], []]);
  expect(cluster.refusals(0)).toEqual([Misbehaviour.Equivocation]);
  cluster.suspect(1, 1, 2, 3);
  cluster.run(20_000_000);
  for (const replica of cluster.others(0)) expect(cluster.log(replica)).toEqual(["two"]);
});

test("4: the primary's Prepare does not count, nor a vote sent twice", () => {
  const cluster = four();
  cluster.drop(({ from, message }) => from !== 0 && message.kind === MessageKind.PbftPrepare);
  cluster.propose("a");
  cluster.forge(0, 1, vote(MessageKind.PbftPrepare, "a"));
  for (let i = 0; i < 3; i += 1)
    cluster.act(1, (agreement) => agreement.receive(1, vote(MessageKind.PbftPrepare, "a")));
  for (let i = 0; i < 3; i += 1) cluster.forge(0, 1, vote(MessageKind.PbftCommit, "a"));
  cluster.run(100_000);
  expect(cluster.sent.filter(of(MessageKind.PbftCommit)).filter(({ from }) => from === 1)).toEqual([]);
  expect(cluster.log(1)).toEqual([]);
  expect(cluster.refusals(0)).toEqual([Misbehaviour.NotForUs]);
});

test("5: a replica left behind catches up without a checkpoint, from f + 1 equal claims; one lie is not enough", () => {
  const cluster = four();
  const { digest } = Value.of(encodeUtf8("a lie"), digestOf);
  cluster.drop(({ to }) => to === 3);
  cluster.propose("a", "b", "c");
  cluster.run(1_000_000);
  cluster.heal();
  cluster.crash(0);
  cluster.forge(2, 3, claimOf(1, digest));
  for (let i = 0; i < 3; i += 1) cluster.act(3, (agreement) => agreement.receive(2, claimOf(1, digest)));
  cluster.run(100_000);
  expect(cluster.log(3)).toEqual([]);
  // The liar is the fourth that may be faulty: of the others two are enough.
  cluster.restart(0);
  cluster.act(3, (agreement) => agreement.pursue(3));
  cluster.run(10_000_000);
  expect(cluster.log(3)).toEqual(["a", "b", "c"]);
});

test("8: a new primary fetches the body of what others have prepared", () => {
  const cluster = four();
  cluster.drop(of(MessageKind.PbftCommit));
  cluster.drop(
    ({ to, message }) =>
      to === 1 && (message.kind === MessageKind.PrePrepare || message.kind === MessageKind.Pull),
  );
  cluster.propose("a");
  cluster.run(60_000);
  cluster.crash(0);
  cluster.heal();
  cluster.suspect(1, 1, 2, 3);
  cluster.run(10_000_000);
  expect(cluster.sent.filter(of(MessageKind.Body)).map(({ to }) => to)).toContain(1);
  for (const replica of cluster.others(0)) expect(cluster.log(replica)).toEqual(["a"]);
});

test("8: the body of what was prepared survives another proposal in its place and a restart", () => {
  const cluster = four();
  cluster.propose("a");
  cluster.settle();
  cluster.suspect(1, 0, 1, 2, 3);
  cluster.settle();
  for (const replica of cluster.replicas) cluster.crash(replica);
  for (const replica of cluster.replicas) cluster.restart(replica);
  cluster.suspect(2, 0, 1, 2, 3);
  expect(cluster.settle()).toBe(true);
  cluster.proposeAt(2, "b");
  expect(cluster.settle()).toBe(true);
  for (const replica of cluster.replicas) expect(cluster.log(replica)).toEqual(["a", "b"]);
  expect(cluster.conflicts).toEqual([]);
});

test("9: a NewView is never believed for its primary's signature alone", () => {
  const cluster = four();
  cluster.drop((letter) => of(MessageKind.PbftNewView)(letter) && letter.from === 1);
  cluster.propose("a");
  cluster.settle();
  cluster.suspect(1, 0, 1, 2, 3);
  cluster.run(100_000);
  const genuine = cluster.sent.find(of(MessageKind.PbftNewView))?.message as PbftNewView;
  const noop = Value.of(NOTHING, digestOf).digest;
  const header = { view: 1, seq: 1, digest: noop, extension: genuine.extension };
  const selections = [{ seq: 1, digest: noop, certificate: sign(cluster, 1, headerClaim(0, header)) }];
  const lie = new PbftNewView({ ...genuine, selections });
  const signed = new PbftNewView({
    ...lie,
    signature: sign(cluster, 1, newViewClaim({ instance: 0, hash: digestOf }, lie)),
  });
  for (const to of [0, 2, 3]) cluster.forge(1, to, signed);
  cluster.run(100_000);
  for (const to of [0, 2, 3]) expect(cluster.agreement(to).active).toBe(false);
  expect(cluster.refusals(1)).toEqual([]); // It is signed, and of the right form.
  cluster.heal();
  expect(cluster.settle()).toBe(true);
  cluster.proposeAt(cluster.agreement(0).primary, "b");
  cluster.settle();
  for (const replica of cluster.replicas) expect(cluster.log(replica)).toEqual(["a", "b"]);
});

test("10: a primary that has lost its memory sits out, until a checkpoint covers what it may have done, and a view", () => {
  const cluster = four();
  cluster.drop(of(MessageKind.PbftCommit));
  cluster.propose("a");
  cluster.run(100_000);
  cluster.crash(0);
  cluster.wipe(0);
  cluster.heal();
  cluster.restart(0);
  cluster.run(5_000_000);
  expect(cluster.refusals(0)).toEqual([Misbehaviour.CounterAhead]);
  expect(cluster.agreement(0).mayPropose).toBe(false);
  cluster.suspect(4, 0, 1, 2, 3);
  cluster.run(5_000_000);
  expect(cluster.agreement(0)).toMatchObject({ view: 4, primary: 0, active: true, mayPropose: false });
});

test("11: one replica alone moves nobody, and goes on learning what the others decide", () => {
  const cluster = four();
  cluster.propose("a");
  cluster.settle();
  cluster.suspect(7, 3);
  cluster.run(5_000_000);
  expect(cluster.replicas.map((replica) => cluster.agreement(replica).view)).toEqual([0, 0, 0, 7]);
  cluster.propose("b", "c");
  cluster.run(5_000_000);
  for (const replica of cluster.replicas) expect(cluster.log(replica)).toEqual(["a", "b", "c"]);
  // f + 1 move the others, to the lowest view that any of them asks for.
  cluster.suspect(2, 2);
  cluster.run(10_000_000);
  expect(cluster.replicas.map((replica) => cluster.agreement(replica).view)).toEqual([2, 2, 2, 7]);
  cluster.proposeAt(2, "d");
  cluster.run(5_000_000);
  for (const replica of cluster.replicas) expect(cluster.log(replica)).toEqual(["a", "b", "c", "d"]);
});

test("7: nothing above the high watermark is accepted", () => {
  const cluster = four();
  cluster.forge(0, 1, proposal(cluster, "far", 17));
  cluster.run(1_000_000);
  expect(cluster.agreement(1).known).toBe(0);
  expect(cluster.proposals(1)).toEqual([]);
});

test("2: who a crash made forget the view changes that it had acknowledged gets the new primary's again, from it", () => {
  const cluster = four();
  cluster.drop(({ from, to }) => from < 2 && to > 1);
  cluster.drop((letter) => of(MessageKind.PbftNewView)(letter));
  cluster.suspect(1, 0, 1, 2, 3);
  cluster.run(150_000);
  expect(cluster.agreement(1).active).toBe(true);
  cluster.crash(0);
  cluster.heal();
  cluster.drop(({ from }) => from === 2);
  cluster.restart(0);
  cluster.run(30_000_000);
  for (const replica of [0, 1, 3]) expect(cluster.agreement(replica).active, `replica ${replica}`).toBe(true);
});
