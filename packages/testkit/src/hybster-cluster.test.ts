import { MessageKind } from "@destiny/core/wire/messages";
import { describe, expect, test } from "vitest";
import { Cluster, placesIn } from "./cluster.ts";

describe("single-hybster", () => {
  test("commands execute everywhere in one order, and f + 1 equal replies convince a client", () => {
    const cluster = Cluster.of("single-hybster", { n: 3, seed: 1 });
    const submissions = ["a", "b", "c"].map((command) => cluster.submit(0, command));
    expect(cluster.settle()).toBe(true);
    for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["a", "b", "c"]);
    for (const { proven, answeredAt } of submissions)
      expect([proven, answeredAt !== null]).toEqual([false, true]);
    expect(cluster.reports).toEqual([]);
  });

  test.each([3, 4, 7])("two phases among all, n = %i: n - 1 Prepares, (n - 1)^2 Commits per slot", (n) => {
    const cluster = Cluster.of("single-hybster", { n, seed: 1 });
    cluster.submit(0, "a");
    expect(cluster.settle()).toBe(true);
    expect(cluster.counts(0)).toEqual({ Prepare: n - 1, HybsterCommit: (n - 1) ** 2 });
    expect([cluster.count(MessageKind.ExecSig), cluster.count(MessageKind.ExecProof)]).toEqual([0, 0]);
  });
});

describe("dqhybster", () => {
  test.each([3, 4, 5, 7])("n = %i: every coordinator's commands execute everywhere in one order", (n) => {
    const cluster = Cluster.of("dqhybster", { n, seed: 1 });
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

  test("per command: Hybster once in the D-instance and once in the O-instance, 2n(n - 1) messages", () => {
    const cluster = Cluster.of("dqhybster", { n: 5, seed: 1 });
    cluster.submit(2, "a");
    expect(cluster.settle()).toBe(true);
    const phases = { Prepare: 4, HybsterCommit: 16 };
    expect(cluster.counts(cluster.dInstance(2))).toMatchObject(phases);
    expect(cluster.counts(cluster.oInstance)).toMatchObject(phases);
    expect(cluster.counts(cluster.dInstance(1))).toEqual({});
  });
});
