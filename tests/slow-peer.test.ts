import type { TLSSocket } from "node:tls";
import { KeyValueClient } from "@destiny/client/key-value-client";
import { resourceUse } from "@destiny/node/cluster/resource-use";
import { afterEach, beforeEach, expect, test } from "vitest";
import { greet } from "./support/byzantine-peer.ts";
import { TestCluster } from "./support/test-cluster.ts";
import { until } from "./support/until.ts";

const BYZANTINE = 4;
const HONEST = [0, 1, 2, 3];
const VALUE = new Uint8Array(200_000);
/** More than what the system's buffers hold for one connection. */
const PUTS = 100;
const RESIDENT_MAX_BYTES = 768 * 1_048_576;

let cluster: TestCluster;
let sockets: TLSSocket[] = [];

beforeEach(async () => {
  cluster = await TestCluster.start();
  await cluster.local.kill(BYZANTINE);
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  await cluster.close();
});

test("a peer that never reads holds up nobody, and is let go of after a while", async () => {
  sockets = await Promise.all(HONEST.map((to) => greet(cluster, to, BYZANTINE)));
  for (const socket of sockets) socket.pause();
  await until("all links", async () =>
    (await cluster.statuses()).every(({ links }) => links.includes(BYZANTINE)),
  );
  const store = new KeyValueClient(await cluster.client({ seed: cluster.seedAt(1) }));
  const puts = Array.from({ length: PUTS }, (_, i) => store.put(`key-${i}`, VALUE));
  await Promise.all(puts);
  for (const { pid } of cluster.local.processes.values()) {
    expect(resourceUse(pid)?.residentBytes ?? 0).toBeLessThan(RESIDENT_MAX_BYTES);
  }
  await until(
    "the link is closed",
    async () => ((await cluster.refusals(BYZANTINE))["stalled"] ?? 0) > 0,
    25_000,
  );
  await store.put("after", "all");
  await cluster.converged();
});
