import { pbft } from "@destiny/core/agreement/pbft/pbft";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import { MessageKind } from "@destiny/core/wire/messages";
import { encodeUtf8 } from "@destiny/core/wire/utf8";
import { Value } from "@destiny/core/wire/value";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { expect, test } from "vitest";
import { AgreementCluster } from "./agreement-cluster.ts";

const both = [
  ["mac", 4],
  ["mac", 5],
  ["mac", 7],
  ["signature", 4],
  ["signature", 7],
] as const;

function open(authentication: "mac" | "signature", n: number, seed = 1): AgreementCluster {
  return new AgreementCluster(pbft({ authentication }), { faults: FaultModel.byzantine(n), seed });
}

function suspectAll(cluster: AgreementCluster, view: number, but: readonly number[] = []): void {
  for (const replica of cluster.others(...but)) cluster.act(replica, (agreement) => agreement.suspect(view));
}

function proposeAt(cluster: AgreementCluster, self: number, text: string): void {
  cluster.act(self, (agreement) => void agreement.propose(Value.of(encodeUtf8(text), digestOf), []));
}

test.each(both)(
  "%s, n = %i: a view change keeps what was decided, and the next primary goes on",
  (how, n) => {
    const cluster = open(how, n);
    cluster.propose("a", "b", "c");
    cluster.settle();
    suspectAll(cluster, 1);
    expect(cluster.settle()).toBe(true);
    for (const replica of cluster.replicas) {
      const agreement = cluster.agreement(replica);
      expect([agreement.view, agreement.active, agreement.primary]).toEqual([1, true, 1]);
      expect(agreement.standing).toEqual({ view: 1, maximum: 3, count: 1, extension: 5 });
    }
    proposeAt(cluster, 1, "d");
    expect(cluster.settle()).toBe(true);
    for (const replica of cluster.replicas) expect(cluster.log(replica)).toEqual(["a", "b", "c", "d"]);
    expect(cluster.world.reports).toEqual([]);
    expect(cluster.timersRunning).toBe(0);
  },
);

test.each(both)("%s, n = %i: the primary is dead; what was prepared survives, holes are no-ops", (how, n) => {
  const cluster = open(how, n);
  cluster.drop(({ message }) => message.kind === MessageKind.PbftCommit);
  cluster.drop(
    ({ message }) => message.kind === MessageKind.PrePrepare && "seq" in message && message.seq === 2,
  );
  cluster.propose("a", "b", "c");
  cluster.run(100_000);
  cluster.crash(0);
  cluster.heal();
  suspectAll(cluster, 1, [0]);
  cluster.run(20_000_000);
  for (const replica of cluster.others(0)) {
    expect(cluster.agreement(replica).active).toBe(true);
    expect(cluster.log(replica)).toEqual(["a", "", "c"]);
  }
});

test.each(both)("%s, n = %i: f dead primaries in a row are passed over", (how, n) => {
  const cluster = open(how, n);
  const { f } = FaultModel.byzantine(n);
  cluster.propose("a");
  cluster.settle();
  for (let i = 0; i < f; i += 1) cluster.crash(1 + i);
  suspectAll(cluster, 1);
  cluster.run(60_000_000);
  for (const replica of cluster.others(...Array.from({ length: f }, (_, i) => 1 + i))) {
    expect(cluster.agreement(replica).view).toBe(f + 1);
    expect(cluster.agreement(replica).active).toBe(true);
  }
  proposeAt(cluster, (f + 1) % n, "b");
  cluster.run(10_000_000);
  expect(cluster.log(0)).toEqual(["a", "b"]);
  for (let i = 0; i < f; i += 1) cluster.restart(1 + i);
  proposeAt(cluster, (f + 1) % n, "c");
  cluster.run(20_000_000);
  for (const replica of cluster.replicas) expect(cluster.log(replica)).toEqual(["a", "b", "c"]);
});

test.each(both)("%s, n = %i: all restart amid a view change, and it ends", (how, n) => {
  const cluster = open(how, n);
  cluster.propose("a", "b");
  cluster.settle();
  cluster.drop(({ message }) => message.kind === MessageKind.PbftNewView);
  suspectAll(cluster, 1);
  cluster.run(500_000);
  for (const replica of cluster.replicas) cluster.crash(replica);
  cluster.heal();
  for (const replica of cluster.replicas) cluster.restart(replica);
  expect(cluster.settle()).toBe(true);
  const { primary, view } = cluster.agreement(0);
  proposeAt(cluster, primary, "c");
  expect(cluster.settle()).toBe(true);
  for (const replica of cluster.replicas) {
    expect(cluster.agreement(replica).view).toBe(view);
    expect(cluster.log(replica).filter((text) => text === "c")).toEqual(["c"]);
  }
});
