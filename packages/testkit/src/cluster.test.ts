import { expect, test } from "vitest";
import { Cluster, placesIn } from "./cluster.ts";

test.each([1, 3, 4, 5, 7])(
  "a cluster of %i executes what every coordinator disseminates, the same everywhere",
  (n) => {
    const cluster = Cluster.of("destiny", { n, seed: 1 });
    const submissions = cluster.replicas.map((coordinator) =>
      cluster.submit(coordinator, `from ${coordinator}`),
    );
    expect(cluster.settle()).toBe(true);

    for (const replica of cluster.replicas) {
      expect(cluster.executed(replica)).toHaveLength(n);
      expect(cluster.executed(replica)).toEqual(cluster.executed(0));
    }
    for (const submission of submissions) {
      expect(submission.proven).toBe(true);
      expect(placesIn(submission)).toHaveLength(1);
    }
    expect(cluster.reports).toEqual([]);
  },
);
