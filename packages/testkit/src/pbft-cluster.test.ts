import { MessageKind } from "@destiny/core/wire/messages";
import { describe, expect, test } from "vitest";
import { Cluster, placesIn } from "./cluster.ts";

describe.each(["single-pbft", "single-pbft-signed"])("%s", (name) => {
  test("commands execute everywhere in one order, and f + 1 equal replies convince a client", () => {
    const cluster = Cluster.of(name, { n: 4, seed: 1 });
    const submissions = ["a", "b", "c"].map((command) => cluster.submit(0, command));
    expect(cluster.settle()).toBe(true);
    for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["a", "b", "c"]);
    for (const { proven, answeredAt } of submissions)
      expect([proven, answeredAt !== null]).toEqual([false, true]);
    expect(cluster.reports).toEqual([]);
  });

  test("three phases among all: n - 1 pre-prepares, (n - 1)^2 Prepares, n(n - 1) Commits per slot", () => {
    const cluster = Cluster.of(name, { n: 4, seed: 1 });
    cluster.submit(0, "a");
    expect(cluster.settle()).toBe(true);
    expect(cluster.counts(0)).toEqual({ PrePrepare: 3, PbftPrepare: 9, PbftCommit: 12 });
    expect([cluster.count(MessageKind.ExecSig), cluster.count(MessageKind.ExecProof)]).toEqual([0, 0]);
  });
});

describe("dqpbft", () => {
  test.each([4, 5, 7])("n = %i: every coordinator's commands execute everywhere in one order", (n) => {
    const cluster = Cluster.of("dqpbft", { n, seed: 1 });
    const submissions = cluster.replicas.map((replica) => cluster.submit(replica, `from ${replica}`));
    expect(cluster.settle()).toBe(true);
    const order = cluster.executed(0);
    expect([...order].sort()).toEqual(cluster.replicas.map((replica) => `from ${replica}`));
    for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(order);
    for (const [replica, submission] of submissions.entries()) {
      expect(placesIn(submission)).toEqual([order.indexOf(`from ${replica}`) + 1]);
      expect(submission.proven).toBe(false);
    }
    expect(cluster.reports).toEqual([]);
  });

  test("per command: PBFT once in the D-instance and once in the O-instance, 2n + 4n^2 messages in order", () => {
    const cluster = Cluster.of("dqpbft", { n: 4, seed: 1 });
    cluster.submit(2, "a");
    expect(cluster.settle()).toBe(true);
    const phases = { PrePrepare: 3, PbftPrepare: 9, PbftCommit: 12 };
    expect(cluster.counts(cluster.dInstance(2))).toMatchObject(phases);
    expect(cluster.counts(cluster.oInstance)).toMatchObject(phases);
    expect(cluster.counts(cluster.dInstance(1))).toEqual({});
  });
});
