import { resourceUse } from "@destiny/node/cluster/resource-use";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Load } from "./support/load.ts";
import { TestCluster } from "./support/test-cluster.ts";
import { pause } from "./support/until.ts";

const MEBIBYTE = 1_048_576;
/** Until the engine has compiled what is hot, the windows have filled a few times, and the heap has found its size. */
const WARM_UP_MILLIS = 16_000;
const LOAD_MILLIS = 10_000;
const WINDOWS = 3;
/** Loose: a leak of one megabyte a second is far above what a heap that is not full yet may grow by. */
const GROWTH_MAX_BYTES = 128 * MEBIBYTE;
const RESIDENT_MAX_BYTES = 768 * MEBIBYTE;

let cluster: TestCluster;

beforeEach(async () => {
  cluster = await TestCluster.start();
});
afterEach(() => cluster.close());

function residentBytes(): number[] {
  return [...cluster.local.processes.values()].map(({ pid }) => resourceUse(pid)?.residentBytes ?? 0);
}

test.runIf(process.platform === "linux")(
  "under a steady load no replica's memory grows without bound",
  async () => {
    const load = await Load.start(cluster, { pipeline: 8, valueBytes: 4_096 });
    await pause(WARM_UP_MILLIS);
    const growths: number[] = [];
    // A heap that finds its size later than usual has a calm window after that; a leak has none.
    while (growths.length < WINDOWS && !(Math.min(...growths) < GROWTH_MAX_BYTES)) {
      const before = residentBytes();
      await pause(LOAD_MILLIS);
      const after = residentBytes();
      expect(Math.max(...after)).toBeLessThan(RESIDENT_MAX_BYTES);
      growths.push(Math.max(...after.map((bytes, index) => bytes - (before[index] ?? 0))));
    }
    await load.stop();
    expect(load.failures).toEqual([]);
    expect(load.acknowledged.size).toBeGreaterThan(1_000);
    expect(Math.min(...growths)).toBeLessThan(GROWTH_MAX_BYTES);
    await cluster.converged();
  },
);
