import { MessageKind } from "@destiny/core/wire/messages";
import { matrixLatency } from "@destiny/simulator/network/latency";
import { describe, expect, test } from "vitest";
import { Cluster, placesIn } from "./cluster.ts";

const SECOND = 1_000_000;
const { SbftFast, SbftSlow, SbftPrepare } = MessageKind;

describe("single-sbft", () => {
  test("without faults a slot is linear, and one reply convinces a client (sbft.md 11)", () => {
    const cluster = Cluster.of("single-sbft", { n: 4, seed: 1 });
    const submission = cluster.submit(0, "a");
    expect(cluster.settle()).toBe(true);
    // The collector's own share does not travel.
    expect(cluster.counts(0)).toEqual({ PrePrepare: 3, SbftShare: 3, SbftFast: 3 });
    for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["a"]);
    expect(submission.proven).toBe(true);
    expect(cluster.reports).toEqual([]);
  });

  test("with one replica silent commands commit by the slow path, and the fast path returns when the replica does", () => {
    const cluster = Cluster.of("single-sbft", { n: 4, seed: 1 });
    const silent = 3;
    cluster.drop(({ from, to }) => from === silent || to === silent);
    const during = Array.from({ length: 24 }, (_, i) => `command ${i}`);
    const waits = during.map((command) => {
      const submission = cluster.submit(0, command);
      const since = cluster.now;
      cluster.run(SECOND);
      expect(submission.proven).toBe(true);
      return (submission.answeredAt ?? Number.POSITIVE_INFINITY) - since;
    });
    expect(cluster.executed(0)).toEqual(during);
    expect(cluster.count(SbftFast)).toBe(0);
    expect(cluster.count(SbftSlow)).toBeGreaterThanOrEqual(3 * during.length);
    // Nobody left the view, and by the end hardly anybody waits for who does not come.
    for (const replica of [0, 1, 2]) {
      expect(
        cluster
          .replica(replica)
          .status()
          .instances.map(({ view }) => view),
      ).toEqual([0]);
    }
    const median = (of: readonly number[]): number => [...of].sort((a, b) => a - b)[of.length >> 1] ?? 0;
    expect(median(waits.slice(-8))).toBeLessThan(median(waits.slice(0, 8)));

    cluster.release();
    cluster.sent.length = 0;
    for (let i = 0; i < 24; i += 1) {
      cluster.submit(0, `later ${i}`);
      cluster.run(SECOND);
    }
    expect(cluster.executed(silent)).toEqual(cluster.executed(0));
    cluster.sent.length = 0;
    for (let i = 0; i < 6; i += 1) {
      cluster.submit(0, `last ${i}`);
      cluster.run(SECOND);
    }
    expect([cluster.count(SbftPrepare), cluster.count(SbftSlow)]).toEqual([0, 0]);
    expect(cluster.count(SbftFast)).toBe(18);
  });
});

test("single-sbft far apart: collectors come to wait for the farthest, as the slow path takes longer than that", () => {
  // Its shares are 80 ms later than the others', more than anybody waits at first, and two further phases take 120.
  const rows = [0, 1, 2, 3].map((from) =>
    [0, 1, 2, 3].map((to) => (from === 3 || to === 3 ? 100_000 : 60_000)),
  );
  const cluster = Cluster.of("single-sbft", { n: 4, seed: 1, latency: () => matrixLatency(rows) });
  for (let i = 0; i < 30; i += 1) {
    cluster.submit(0, `command ${i}`);
    cluster.run(SECOND);
    if (i === 20) cluster.sent.length = 0;
  }
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toHaveLength(30);
  expect([cluster.count(SbftPrepare), cluster.count(SbftSlow)]).toEqual([0, 0]);
  expect(cluster.count(SbftFast)).toBe(27);
});

describe("dqsbft", () => {
  test.each([4, 5, 7])("n = %i: every coordinator's commands execute everywhere in one order", (n) => {
    const cluster = Cluster.of("dqsbft", { n, seed: 1 });
    const submissions = cluster.replicas.map((replica) => cluster.submit(replica, `from ${replica}`));
    expect(cluster.settle()).toBe(true);
    const order = cluster.executed(0);
    expect([...order].sort()).toEqual(cluster.replicas.map((replica) => `from ${replica}`));
    for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(order);
    for (const [replica, submission] of submissions.entries()) {
      expect(placesIn(submission)).toEqual([order.indexOf(`from ${replica}`) + 1]);
      expect(submission.proven).toBe(true);
    }
    expect(cluster.reports).toEqual([]);
  });

  test("per command: SBFT once in the D-instance and once in the O-instance", () => {
    const cluster = Cluster.of("dqsbft", { n: 4, seed: 1 });
    cluster.submit(2, "a");
    expect(cluster.settle()).toBe(true);
    const phases = { PrePrepare: 3, SbftShare: 3, SbftFast: 3 };
    expect(cluster.counts(cluster.dInstance(2))).toMatchObject(phases);
    expect(cluster.counts(cluster.oInstance)).toMatchObject(phases);
    expect(cluster.counts(cluster.dInstance(1))).toEqual({});
  });

  test("with one replica silent every coordinator's commands still commit, in all instances", () => {
    const cluster = Cluster.of("dqsbft", { n: 4, seed: 1 });
    cluster.drop(({ from, to }) => from === 3 || to === 3);
    for (const coordinator of [0, 1, 2]) {
      const submission = cluster.submit(coordinator, `from ${coordinator}`);
      cluster.run(5 * SECOND);
      expect(submission.proven).toBe(true);
    }
    for (const replica of [0, 1, 2]) expect(cluster.executed(replica)).toHaveLength(3);
  });
});
