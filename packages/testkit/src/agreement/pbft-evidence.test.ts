import { GENESIS_MEMBERS } from "@destiny/core/agreement/agreement";
import { pbft } from "@destiny/core/agreement/pbft/pbft";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import { present } from "@destiny/core/kernel/invariant";
import { Certificate, MessageKind } from "@destiny/core/wire/messages";
import { CommitStatement } from "@destiny/core/wire/pbft";
import { decodeStatements, encodeStatements } from "@destiny/core/wire/pbft-codec";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { expect, test } from "vitest";
import { AgreementCluster } from "./agreement-cluster.ts";

// Committed(j, s) of dqbft.md 2 where nothing is transferable by itself: H4, H15, H30.

const faults = FaultModel.byzantine(4);
const MAC = pbft({ authentication: "mac" });
const address = {
  instance: 0,
  home: 0,
  faults,
  members: GENESIS_MEMBERS,
  lowOf: () => 0,
  probation: () => 0,
  hash: digestOf,
};

function decided(): AgreementCluster {
  const cluster = new AgreementCluster(MAC, { faults });
  cluster.propose("a", "b");
  cluster.settle();
  return cluster;
}

function evidenceAt(cluster: AgreementCluster, self: number, seq: number): Certificate | null {
  let found: Certificate | null = null;
  cluster.act(self, (agreement) => {
    found = (agreement.certificate(seq)?.message ?? null) as Certificate | null;
  });
  return found;
}

test("without probation nobody signs, until somebody asks: then f + 1 statements are got and put together", () => {
  const cluster = decided();
  expect(cluster.sent.filter(({ message }) => message.kind === MessageKind.CommitStatement)).toEqual([]);
  expect(evidenceAt(cluster, 2, 1)).toBeNull();
  expect(cluster.settle()).toBe(true);
  const evidence = present(evidenceAt(cluster, 2, 1), "evidence");
  expect(decodeStatements(evidence)?.length).toBe(faults.oneCorrect);
  expect(cluster.timersRunning).toBe(0);
  expect(cluster.world.reports).toEqual([]);
});

test("asked for again and again it is asked for once in a while, and statements that are lost come later", () => {
  const cluster = decided();
  cluster.drop(({ message }) => message.kind === MessageKind.CommitStatement);
  for (let i = 0; i < 50; i += 1) evidenceAt(cluster, 2, 1);
  cluster.run(100_000);
  const asked = cluster.sent.filter(({ message }) => message.kind === MessageKind.FetchStatement).length;
  expect(asked).toBe(cluster.n - 1);
  cluster.heal();
  cluster.run(5_000_000);
  expect(evidenceAt(cluster, 2, 1)).not.toBeNull();
});

test("evidence holds for whoever is shown it, and nothing else does", () => {
  const cluster = decided();
  evidenceAt(cluster, 2, 1);
  cluster.settle();
  const evidence = present(evidenceAt(cluster, 2, 1), "evidence");
  const holds = (shown: Certificate): boolean => {
    const checks = MAC.checks(address, shown);
    return checks?.every((check) => cluster.world.trust.holds(check)) ?? false;
  };
  expect(holds(evidence)).toBe(true);
  const [first, second] = present(decodeStatements(evidence), "statements");
  const of = (...statements: (CommitStatement | undefined)[]): Certificate =>
    new Certificate({
      ...evidence,
      aggregate: encodeStatements(statements.filter((each) => each !== undefined)),
    });
  const forged = new CommitStatement({ ...present(first, "a statement"), signer: 3 });
  expect(holds(of(first))).toBe(false); // Too few.
  expect(holds(of(first, first))).toBe(false); // One replica twice.
  expect(holds(of(second, first))).toBe(false); // A second spelling.
  expect(holds(of(first, forged))).toBe(false); // Not its signature.
  expect(holds(new Certificate({ ...evidence, seq: 2 }))).toBe(false);
  expect(holds(new Certificate({ ...evidence, digest: "x".repeat(32) }))).toBe(false);
  expect(MAC.checks({ ...address, instance: 1 }, evidence)?.every((c) => cluster.world.trust.holds(c))).toBe(
    false,
  );
});

test("a decision that one replica alone saw can be proven by it (H30)", () => {
  const cluster = new AgreementCluster(MAC, { faults });
  cluster.drop(({ to, message }) => to !== 2 && message.kind === MessageKind.PbftCommit);
  cluster.drop(({ message }) => message.kind === MessageKind.PbftDecided);
  cluster.propose("a");
  cluster.run(100_000);
  expect(cluster.replicas.map((replica) => cluster.log(replica).length)).toEqual([0, 0, 1, 0]);
  evidenceAt(cluster, 2, 1);
  cluster.run(100_000);
  expect(evidenceAt(cluster, 2, 1)).not.toBeNull();
});

test("in probation everybody signs at once, so that backups can judge and blame by the same evidence", () => {
  const cluster = decided();
  cluster.suspect(1, 0, 1, 2, 3);
  cluster.settle();
  cluster.proposeAt(1, "c", "d", "e"); // What is proposed again and two slots more are probation.
  cluster.settle();
  const statements = cluster.sent.map(({ message }) => message).filter((m) => m instanceof CommitStatement);
  expect([...new Set(statements.map(({ seq }) => seq))].sort()).toEqual([1, 2, 3, 4]);
  cluster.drop(() => true);
  for (const replica of cluster.replicas) {
    expect(evidenceAt(cluster, replica, 3)).not.toBeNull();
    expect(evidenceAt(cluster, replica, 5)).toBeNull();
  }
});

test("with signatures the Commits are the statements: evidence comes with the decision", () => {
  const signed = pbft({ authentication: "signature" });
  const cluster = new AgreementCluster(signed, { faults });
  cluster.propose("a");
  cluster.settle();
  for (const replica of cluster.replicas) {
    const evidence = present(evidenceAt(cluster, replica, 1), "evidence");
    const checks = present(signed.checks(address, evidence), "checks");
    expect(checks.every((check) => cluster.world.trust.holds(check))).toBe(true);
  }
  expect(cluster.sent.filter(({ message }) => message.kind === MessageKind.CommitStatement)).toEqual([]);
});
