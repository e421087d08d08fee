import { defaultParameters } from "@destiny/core/parameters";
import { LIMITS } from "@destiny/core/wire/limits";
import { MessageKind } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { Cluster, placesIn } from "../cluster.ts";
import { complainedOf, IMPATIENT, instanceAt, isOf, SECOND, viewsOf } from "./stage.ts";

// What holds of the whole, whatever the base protocol: dqbft.md 9, H15, H18, H20, H34, H36, and adversary (o).

const KINDS = [
  ["destiny", 3],
  ["destiny", 4],
  ["destiny", 5],
  ["dqhybster", 3],
  ["dqhybster", 4],
  ["dqpbft", 4],
  ["dqpbft", 7],
  ["dqsbft", 4],
] as const;

test.each(KINDS)(
  "H15: %s of %i replicas survives the crash and the return of each of them, and all homes come back",
  (name, n) => {
    for (let victim = 0; victim < n; victim += 1) {
      const parameters = { ...IMPATIENT, statusPeriod: SECOND };
      const cluster = Cluster.of(name, { n, seed: 1, parameters, retryMicros: SECOND });
      const all = (round: string): void => {
        for (const replica of cluster.replicas) cluster.submit(replica, `${round} ${replica}`);
      };
      all("before");
      cluster.run(15_000);
      cluster.crash(victim);
      all("meanwhile");
      cluster.run(30 * SECOND);
      for (const replica of cluster.replicas) {
        if (replica !== victim) expect(cluster.executed(replica)).toHaveLength(2 * n);
      }
      cluster.restart(victim);
      cluster.run(20 * SECOND);
      all("after");
      cluster.run(10 * SECOND);
      for (const replica of cluster.replicas) {
        expect(cluster.executed(replica)).toHaveLength(3 * n);
        expect(cluster.executed(replica)).toEqual(cluster.executed(victim));
      }
      for (const home of cluster.replicas) {
        for (const view of viewsOf(cluster, home, cluster.replicas)) expect(view % n).toBe(0);
      }
    }
  },
);

test.each(["destiny", "dqhybster", "dqpbft", "dqsbft"])(
  "H18: under %s a command that is invoked after another's reply executes after it, across view changes",
  (name) => {
    const n = name === "dqpbft" ? 4 : 5;
    const cluster = Cluster.of(name, { n, seed: 3, parameters: IMPATIENT, retryMicros: SECOND });
    const history: { readonly invoked: number; readonly answered: number; readonly place: number }[] = [];
    for (let i = 0; i < 12; i += 1) {
      if (i === 3) cluster.crash(0);
      if (i === 7) cluster.restart(0);
      const submissions = [1, 2, 3].map((coordinator) =>
        cluster.submit(coordinator, `command ${i} of ${coordinator}`),
      );
      cluster.run((i % 4) * SECOND + SECOND / 20);
      for (const submission of submissions) {
        const [place] = placesIn(submission);
        if (submission.answeredAt === null || typeof place !== "number") continue;
        history.push({ invoked: submission.submittedAt, answered: submission.answeredAt, place });
      }
    }
    expect(history.length).toBeGreaterThan(20);
    for (const a of history) {
      for (const b of history) if (b.invoked > a.answered) expect(b.place).toBeGreaterThan(a.place);
    }
  },
);

test.each([3, 5, 9])(
  "H20: without faults, eight messages to each other replica per command, and no other of any kind (n = %i)",
  (n) => {
    const cluster = Cluster.of("destiny", { n, seed: 1 });
    cluster.submit(1, "alpha");
    expect(cluster.settle()).toBe(true);
    expect(cluster.counts()).toEqual({
      Prepare: 2 * (n - 1),
      CommitSig: 2 * (n - 1),
      Commit: 2 * (n - 1),
      ExecSig: n - 1,
      ExecProof: n - 1,
    });
  },
);

test("H34, dqbft.md 14 (no vote after installing a snapshot): who has missed checkpoints votes for those to come, and they are the same as everybody's", () => {
  const parameters = {
    ...IMPATIENT,
    checkpointPeriod: 2,
    orderWindow: 8,
    disseminationWindow: 8,
    statusPeriod: SECOND,
  };
  const cluster = Cluster.of("destiny", {
    n: 3,
    seed: 1,
    parameters: { ...parameters, referencesPerInstanceMax: 2 },
  });
  cluster.drop(({ from, to }) => to === 2 || from === 2);
  for (let i = 0; i < 12; i += 1) {
    cluster.submit(i % 2, `command ${i}`);
    cluster.run(SECOND / 4);
  }
  cluster.release();
  cluster.run(20 * SECOND);
  cluster.crash(0); // Now its vote is needed.
  for (let i = 0; i < 8; i += 1) {
    cluster.submit(1, `later ${i}`);
    cluster.run(3 * SECOND);
  }
  expect(cluster.executed(1)).toHaveLength(20);
  expect(cluster.executed(2)).toEqual(cluster.executed(1));
  expect(cluster.replica(2).status().checkpoint).toEqual(cluster.replica(1).status().checkpoint);
  expect(cluster.replica(1).status().stable).toBeGreaterThanOrEqual(16);
});

test("H36: the windows of all instances together fit into the memory of one machine, however many there are", () => {
  for (const n of [3, 10, 100, 301]) {
    const { disseminationWindow, batchBytes } = defaultParameters(n);
    expect(n * Math.max(disseminationWindow - 16, 0) * batchBytes).toBeLessThanOrEqual(2 ** 29);
  }
  expect(LIMITS.batchBytesMax).toBeLessThanOrEqual(2 ** 21);
});

test("adversary (o): a cluster that falls into two and comes together again goes on, and blames nobody for long", () => {
  const parameters = { ...IMPATIENT, statusPeriod: SECOND };
  const cluster = Cluster.of("destiny", { n: 5, seed: 1, parameters, retryMicros: SECOND });
  for (let round = 0; round < 3; round += 1) {
    const cut = cluster.drop(({ from, to }) => (from + round) % 5 < 2 !== (to + round) % 5 < 2);
    for (const replica of cluster.replicas) cluster.submit(replica, `round ${round} of ${replica}`);
    cluster.run(6 * SECOND);
    cut.lift();
    cluster.run(10 * SECOND);
  }
  cluster.run(60 * SECOND);
  for (const replica of cluster.replicas) {
    expect(cluster.executed(replica)).toHaveLength(15);
    expect(cluster.executed(replica)).toEqual(cluster.executed(0));
  }
  for (const home of cluster.replicas)
    for (const view of viewsOf(cluster, home, cluster.replicas)) expect(view % 5).toBe(0);
  cluster.sent.length = 0;
  for (const replica of cluster.replicas) cluster.submit(replica, "at last");
  cluster.run(5 * SECOND);
  expect(complainedOf(cluster)).toEqual([]);
});

test("adversary (f) and C8: a decision that one replica alone has reaches all, with a checkpoint or without", () => {
  const cluster = Cluster.of("destiny", {
    n: 5,
    seed: 1,
    parameters: { ...IMPATIENT, statusPeriod: SECOND },
  });
  cluster.drop(({ to, ...letter }) => to !== 2 && isOf(2, MessageKind.Commit)({ to, ...letter }));
  cluster.submit(2, "known to its coordinator");
  cluster.run(SECOND / 20);
  expect(instanceAt(cluster, 2, 2).decided).toBe(1);
  cluster.release();
  cluster.crash(2);
  cluster.run(20 * SECOND);
  for (const replica of [0, 1, 3, 4]) expect(cluster.executed(replica)).toEqual(["known to its coordinator"]);
});
