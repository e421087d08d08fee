import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { loadReplicaConfiguration } from "../configuration/replica-configuration.ts";
import { makeCluster } from "../configuration/test-cluster.ts";
import { openLog } from "../observability/logger.ts";
import type { StatusReport } from "../observability/status-report.ts";
import { type Serving, serve } from "./serve.ts";

/** A cluster of three in one process, each with its signer in one of its own; the latter run from the build. */
let replicas: readonly Serving[] = [];

function url(id: number, path: string): string {
  const http = replicas[id]?.addresses.http;
  return `http://${http?.host}:${http?.port}${path}`;
}

const SIGNER = fileURLToPath(new URL("../../../crypto/dist/trusted/main.js", import.meta.url));

describe.skipIf(!existsSync(SIGNER))("a cluster of three", () => {
  beforeAll(async () => {
    const { replicaDirectories } = await makeCluster({ basePort: undefined, admission: [] });
    const log = openLog({ level: "silent" });
    replicas = await Promise.all(
      replicaDirectories.map((folder) => serve(loadReplicaConfiguration(folder), log)),
    );
  }, 30_000);
  afterAll(async () => {
    await Promise.all(replicas.map((replica) => replica.stop()));
  }, 30_000);

  test("what is written through one gateway is read through the others", async () => {
    const put = await fetch(url(0, "/kv/a"), { method: "PUT", body: "one" });
    expect(put.status).toBe(201);
    expect(await (await fetch(url(1, "/kv/a"))).text()).toBe("one");
    expect((await fetch(url(2, "/kv/a"), { method: "DELETE" })).status).toBe(204);
    expect((await fetch(url(1, "/kv/a"))).status).toBe(404);
  });

  test("status and metrics are those of the replica that is asked", async () => {
    const reports = await Promise.all(
      [0, 1, 2].map(async (id) => (await (await fetch(url(id, "/status"))).json()) as StatusReport),
    );
    expect(reports.map(({ replica }) => replica)).toEqual([0, 1, 2]);
    expect(reports[1]).toMatchObject({
      n: 3,
      f: 1,
      trust: "T1",
      protocol: "destiny",
      links: [0, 2],
      refused: {},
    });
    expect(reports[1]?.executed).toBeGreaterThan(0);
    expect(reports[1]?.addresses).toEqual(replicas[1]?.addresses);
    const metrics = await (await fetch(url(1, "/metrics"))).text();
    expect(metrics).toContain('destiny_mesh_linked{peer="0"} 1');
    expect(metrics).toMatch(/destiny_http_seconds_count\{method="GET",status="200"\} [1-9]/);
  });
});
