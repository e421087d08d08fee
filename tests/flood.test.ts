import { resourceUse } from "@destiny/node/cluster/resource-use";
import { DEFAULT_REPLICA_LIMITS } from "@destiny/node/configuration/replica-settings";
import { memoryBound } from "@destiny/node/observability/memory-bound";
import type { StatusReport } from "@destiny/node/observability/status-report";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Flooder } from "./support/flood.ts";
import { Load } from "./support/load.ts";
import { TestCluster } from "./support/test-cluster.ts";
import { pause } from "./support/until.ts";

/** f of five. */
const BYZANTINE = [3, 4];
const HONEST = [0, 1, 2];
const FLOOD_MILLIS = 12_000;
const LOOK_MILLIS = 500;
const CALM_MILLIS = 4_000;
const MEBIBYTE = 1_048_576;
/** What the load of the test can come to, and more. */
const SERVICE_BYTES = 16 * MEBIBYTE;

/** Small windows: the bound is then far below what is sent. */
const PARAMETERS = {
  disseminationWindow: 8,
  orderWindow: 16,
  checkpointPeriod: 4,
  referencesPerInstanceMax: 4,
  intakeBytesMax: 16 * MEBIBYTE,
};

let cluster: TestCluster;
let flooders: Flooder[] = [];

beforeEach(async () => {
  cluster = await TestCluster.start({ parameters: PARAMETERS });
  await Promise.all(BYZANTINE.map((id) => cluster.local.kill(id)));
});
afterEach(async () => {
  for (const flooder of flooders) await flooder.close();
  flooders = [];
  await cluster.close();
});

/** What a replica declares stays within it. */
function checkCaps({ queuedBytes, instances, n }: StatusReport): void {
  expect(queuedBytes).toBeLessThanOrEqual(PARAMETERS.intakeBytesMax);
  for (const { instance, low, decided, known } of instances) {
    const window = instance === n ? PARAMETERS.orderWindow : PARAMETERS.disseminationWindow;
    expect(decided - low).toBeLessThanOrEqual(window);
    expect(known - low).toBeLessThanOrEqual(window);
  }
}

/** Commands per second while something else goes on. */
async function rate(load: Load, meanwhile: Promise<unknown>): Promise<number> {
  const [before, start] = [load.acknowledged.size, performance.now()];
  await meanwhile;
  return ((load.acknowledged.size - before) * 1_000) / (performance.now() - start);
}

async function look(): Promise<number> {
  for (const status of await cluster.statuses()) checkCaps(status);
  return Math.max(...HONEST.map((id) => resourceUse(cluster.pid(id))?.residentBytes ?? 0));
}

test.runIf(process.platform === "linux")(
  "with f replicas that send all they can, the others stay within what they declare, and go on",
  async () => {
    const load = await Load.start(cluster, { homes: HONEST, pipeline: 1 });
    await load.more(20);
    const calm = await rate(load, pause(CALM_MILLIS));
    flooders = await Promise.all(BYZANTINE.map((id) => Flooder.open(cluster, id)));
    let flooding = true;
    const floods = Promise.all(flooders.map((flooder) => flooder.flood(FLOOD_MILLIS))).finally(() => {
      flooding = false;
    });
    const flooded = rate(load, floods);
    let peak = 0;
    while (flooding) {
      peak = Math.max(peak, await look());
      await pause(LOOK_MILLIS);
    }
    const share = (await flooded) / calm;
    const [status] = await cluster.statuses();
    const bound = memoryBound({
      n: cluster.n,
      parameters: cluster.local.genesis.parameters,
      limits: DEFAULT_REPLICA_LIMITS,
      clients: status?.clients ?? 0,
      serviceBytes: SERVICE_BYTES,
    });
    const sent = flooders.reduce((sum, { bytesSent }) => sum + bytesSent, 0);
    const [sentMib, peakMib, boundMib] = [sent, peak, bound].map((bytes) => Math.round(bytes / MEBIBYTE));
    process.stdout.write(
      `flood: ${sentMib} MiB sent, at most ${peakMib} MiB resident, bound ${boundMib} MiB; ` +
        `${Math.round(calm)} commands/s before, ${Math.round(100 * share)} % of that meanwhile\n`,
    );
    expect(peak).toBeLessThan(bound);
    await load.more(50);
    await load.stop();
    expect(load.failures).toEqual([]);
    await cluster.converged();
  },
);
