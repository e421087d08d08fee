import { ROOT } from "@destiny/core/kernel/ids";
import { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import { defaultParameters } from "@destiny/core/parameters";
import { CheckpointProof, MessageKind } from "@destiny/core/wire/messages";
import { matrixLatency } from "@destiny/simulator/network/latency";
import { describe, expect, test } from "vitest";
import { Cluster } from "./cluster.ts";

const SECOND = 1_000_000;
const { SbftFast, SbftSlow, SbftPrepare } = MessageKind;

describe("single-sbft", () => {
  test("with one replica silent commands commit by the slow path, and the fast path returns when the replica does", () => {
    const cluster = Cluster.of("single-sbft", { n: 4, seed: 1 });
    const silent = 3;
    cluster.drop(({ from, to }) => from === silent || to === silent);
    // One more than whole rounds: the next slot's collector is another, so that who was silent learns what it missed before it collects.
    const during = Array.from({ length: 25 }, (_, i) => `command ${i}`);
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

test.each(["single-sbft", "dqsbft"])("%s: nobody waits for a collector that has sent no status", (name) => {
  const parameters = { statusPeriod: SECOND };
  const cluster = Cluster.of(name, { n: 7, seed: 1, parameters });
  cluster.drop(({ from, to }) => from > 4 || to > 4);
  cluster.run(3 * SECOND);
  // Each of the others collects once.
  for (let round = 0; round < 6; round += 1) {
    const submission = cluster.submit(0, `${round}`);
    cluster.run(defaultParameters(7).pullDelay);
    expect([round, submission.proven]).toEqual([round, true]);
    cluster.run(SECOND / 2);
  }
});

describe.each(["single-sbft", "dqsbft"])("%s, n = 6, c = 1", (name) => {
  test.each([1, 5])(
    "sbft.md 1: with replica %i silent no slot leaves the fast path, nor waits for it",
    (silent) => {
      const cluster = Cluster.of(name, { n: 6, seed: 1, parameters: { slowReplicas: 1 } });
      cluster.drop(({ from, to }) => from === silent || to === silent);
      const correct = cluster.replicas.filter((replica) => replica !== silent);
      const coordinators = name === "dqsbft" ? correct : [0];
      // Twice as many slots as there are replicas: the silent one is a first collector of some.
      for (let round = 0; round < 12; round += 1) {
        const submissions = coordinators.map((coordinator) =>
          cluster.submit(coordinator, `${coordinator} ${round}`),
        );
        cluster.run(5 * SECOND);
        expect(submissions.every(({ proven }) => proven)).toBe(true);
      }
      for (const replica of correct) {
        expect(cluster.executed(replica)).toEqual(cluster.executed(correct[0] ?? 0));
        expect(cluster.executed(replica)).toHaveLength(12 * coordinators.length);
      }
      expect(cluster.count(SbftFast)).toBeGreaterThan(0);
      expect([cluster.count(SbftPrepare), cluster.count(SbftSlow)]).toEqual([0, 0]);
    },
  );

  test("with two silent the slow path takes over, and no view ends", () => {
    const cluster = Cluster.of(name, { n: 6, seed: 1, parameters: { slowReplicas: 1 } });
    cluster.drop(({ from, to }) => from > 3 || to > 3);
    for (let round = 0; round < 6; round += 1) {
      const submission = cluster.submit(0, `${round}`);
      cluster.run(10 * SECOND);
      expect(submission.proven).toBe(true);
    }
    expect([cluster.count(SbftFast), cluster.count(SbftSlow) > 0]).toEqual([0, true]);
    const { instances } = cluster.replica(0).status();
    expect([instances[0]?.view, instances.at(-1)?.view]).toEqual([0, 0]);
  });
});

describe.each(["single-sbft", "dqsbft", "single-pbft", "dqpbft"])("%s, n = 4", (name) => {
  const open = (): Cluster => Cluster.of(name, { n: 4, seed: 1, parameters: { checkpointPeriod: 2 } });
  const stable = (cluster: Cluster): number[] =>
    cluster.replicas.map((replica) => cluster.replica(replica).status().stable);
  const work = (cluster: Cluster): void => {
    for (let i = 0; i < 4; i += 1) {
      cluster.submit(0, `command ${i}`);
      cluster.run(5 * SECOND);
    }
  };

  test("sbft.md 6: what f + 1 replicas vouch for is not forgotten, as one correct replica alone may hold it", () => {
    const cluster = open();
    cluster.drop(({ from, to, message }) => {
      return message.kind === MessageKind.CheckpointSig && (from > 1 || to > 1);
    });
    work(cluster);
    expect(cluster.count(MessageKind.CheckpointSig)).toBeGreaterThan(0);
    expect(stable(cluster)).toEqual([0, 0, 0, 0]);
    cluster.release();
    cluster.run(30 * SECOND);
    expect(Math.min(...stable(cluster))).toBeGreaterThan(0);
  });

  test("sbft.md 6: f + 1 shares of what clients are answered with prove no checkpoint", () => {
    const cluster = open();
    cluster.drop(({ message }) => message.kind === MessageKind.CheckpointSig);
    work(cluster);
    const { trust } = cluster.simulation.world;
    const claim = { type: "checkpoint", seq: 4, root: "r".repeat(32) } as const;
    const shares = [2, 3].map((signer) => {
      const result = trust.certify(signer, trust.createSubsystem(signer), claim);
      return { signer, share: result.type === "certified" ? result.share : new Uint8Array(0) };
    });
    const combined = trust.combine(claim, shares);
    const aggregate = combined.type === "combined" ? combined.aggregate : null;
    if (aggregate === null) throw new Error("f + 1 shares of pi are a certificate");
    const content = new CheckpointProof({ ...claim, aggregate });
    cluster.simulation.world.network.send({ from: 3, to: 0, instance: ROOT, content });
    cluster.run(SECOND);
    expect(stable(cluster)[0]).toBe(0);
    expect(cluster.reports.map(({ by, peer, reason }) => [by, peer, reason])).toEqual([
      [0, 3, Misbehaviour.BadCertificate],
    ]);
  });
});

describe("dqsbft", () => {
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

test("dqsbft: a collector that left one instance waiting is not waited for in any other", () => {
  const cluster = Cluster.of("dqsbft", { n: 4, seed: 1 });
  const silent = 3;
  cluster.drop(({ from, to }) => from === silent || to === silent);
  for (let i = 0; i < 12; i += 1) {
    cluster.submit(0, `command ${i}`);
    cluster.run(SECOND);
  }
  // The silent one is the first collector of what another coordinator proposes first.
  const since = cluster.now;
  const submission = cluster.submit(1, "another's");
  cluster.run(SECOND);
  expect((submission.answeredAt ?? Number.POSITIVE_INFINITY) - since).toBeLessThan(
    defaultParameters(4).pullDelay,
  );
});
