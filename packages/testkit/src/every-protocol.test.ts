import { CATALOGUE } from "@destiny/core/catalogue";
import { describe, expect, test } from "vitest";
import { Cluster, placesIn } from "./cluster.ts";

/** Messages by kind. */
type Counts = Readonly<Record<string, number>>;

/** A protocol, what its clients are answered with, and what it sends for a slot when nothing fails. */
interface Case {
  readonly name: string;
  readonly sizes: readonly number[];
  readonly proven: boolean;
  readonly slot: (n: number) => Counts;
}

const hybrid = [3, 4, 5, 7];
const byzantine = [4, 5, 7];

/** Collectors make it linear: everybody to one, and that one to everybody; what is one's own does not travel. */
const linearHybster = (n: number): Counts => ({ Prepare: n - 1, CommitSig: n - 1, Commit: n - 1 });
const sbft = (n: number): Counts => ({ PrePrepare: n - 1, SbftShare: n - 1, SbftFast: n - 1 });
/** Two phases, the second among all: the primary's Prepare is its Commit. */
const hybster = (n: number): Counts => ({ Prepare: n - 1, HybsterCommit: (n - 1) ** 2 });
/** Three phases, two of them among all: the primary's pre-prepare is its Prepare. */
const pbft = (n: number): Counts => ({
  PrePrepare: n - 1,
  PbftPrepare: (n - 1) ** 2,
  PbftCommit: n * (n - 1),
});

const SINGLE: readonly Case[] = [
  { name: "single-linear-hybster", sizes: hybrid, proven: true, slot: linearHybster },
  { name: "single-hybster", sizes: hybrid, proven: false, slot: hybster },
  { name: "single-pbft", sizes: byzantine, proven: false, slot: pbft },
  { name: "single-pbft-signed", sizes: byzantine, proven: false, slot: pbft },
  { name: "single-sbft", sizes: byzantine, proven: true, slot: sbft },
];

const DECENTRALIZED: readonly Case[] = [
  { name: "destiny", sizes: [1, ...hybrid], proven: true, slot: linearHybster },
  { name: "dqhybster", sizes: hybrid, proven: false, slot: hybster },
  { name: "dqpbft", sizes: byzantine, proven: false, slot: pbft },
  { name: "dqsbft", sizes: byzantine, proven: true, slot: sbft },
];

/** What proves an execution to its client, where that is done. */
const proofs = (n: number, proven: boolean): Counts => (proven ? { ExecSig: n - 1, ExecProof: n - 1 } : {});

test("every protocol of the catalogue is here", () => {
  const here = [...SINGLE, ...DECENTRALIZED].map(({ name }) => name);
  expect(here.sort()).toEqual(CATALOGUE.map(({ name }) => name).sort());
});

describe.each(SINGLE)("$name", ({ name, sizes, proven, slot }) => {
  test.each(sizes)(
    `n = %i: commands execute everywhere in one order, and ${proven ? "one reply convinces" : "f + 1 equal replies convince"} a client`,
    (n) => {
      const cluster = Cluster.of(name, { n, seed: 1 });
      const submissions = ["a", "b", "c"].map((command) => cluster.submit(0, command));
      expect(cluster.settle()).toBe(true);
      for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["a", "b", "c"]);
      for (const submission of submissions)
        expect([submission.proven, submission.answeredAt !== null]).toEqual([proven, true]);
      expect(cluster.reports).toEqual([]);
    },
  );

  test.each(sizes)("n = %i: no messages for a slot but its phases", (n) => {
    const cluster = Cluster.of(name, { n, seed: 1 });
    cluster.submit(0, "a");
    expect(cluster.settle()).toBe(true);
    expect(cluster.counts(0)).toEqual(slot(n));
    expect(cluster.counts()).toEqual({ ...slot(n), ...proofs(n, proven) });
  });
});

describe.each(DECENTRALIZED)("$name", ({ name, sizes, proven, slot }) => {
  test.each(sizes)("n = %i: every coordinator's commands execute everywhere in one order", (n) => {
    const cluster = Cluster.of(name, { n, seed: 1 });
    const submissions = cluster.replicas.map((replica) => cluster.submit(replica, `from ${replica}`));
    expect(cluster.settle()).toBe(true);
    const order = cluster.executed(0);
    expect([...order].sort()).toEqual(cluster.replicas.map((replica) => `from ${replica}`));
    for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(order);
    for (const [replica, submission] of submissions.entries()) {
      expect(placesIn(submission)).toEqual([order.indexOf(`from ${replica}`) + 1]);
      expect(submission.proven).toBe(proven);
    }
    expect(cluster.reports).toEqual([]);
  });

  test.each(sizes.filter((n) => n > 2))(
    "n = %i: per command one slot of its D-instance and one of the O-instance",
    (n) => {
      const cluster = Cluster.of(name, { n, seed: 1 });
      cluster.submit(2, "a");
      expect(cluster.settle()).toBe(true);
      expect(cluster.counts(cluster.dInstance(2))).toEqual(slot(n));
      expect(cluster.counts(cluster.oInstance)).toEqual(slot(n));
      const both = Object.entries(slot(n)).map(([kind, count]) => [kind, 2 * count]);
      expect(cluster.counts()).toEqual({ ...Object.fromEntries(both), ...proofs(n, proven) });
    },
  );
});
