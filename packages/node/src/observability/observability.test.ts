import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { RefusalCode } from "@destiny/core/wire/reply";
import { expect, test } from "vitest";
import type { NodeStatus } from "../host/types.ts";
import { openLog, partLog } from "./logger.ts";
import { createMetrics } from "./metrics.ts";
import { statusReport } from "./status-report.ts";

function status(executed: number): NodeStatus {
  const traffic = { framesIn: 5, framesOut: 6, bytesIn: 7, bytesOut: 8 };
  return {
    replica: 1,
    protocol: "destiny",
    n: 3,
    f: 1,
    tier: "T1",
    bootEpoch: 7,
    uptimeSeconds: 1.5,
    core: {
      executed,
      commands: executed * 10,
      stable: 64,
      checkpoint: { seq: 64, root: "\u00ff".repeat(32) },
      clients: 3,
      queuedBytes: 0,
      lag: 2,
      transfer: { seq: 128, pagesDone: 3, pages: 10 },
      ...{ configuration: 0, admittedWith: 0 },
      transfers: 4,
      instances: [
        {
          instance: 0,
          view: 3,
          primary: 2,
          active: false,
          probation: 80,
          low: 64,
          decided: executed,
          known: executed + 1,
          viewChanges: 3,
          reinstatements: 1,
          complaints: 2,
          complainers: [1, 2],
        },
      ],
    },
    peers: [
      { peer: 0, linked: false, links: 0, framesDropped: 0, ...traffic },
      { peer: 2, linked: true, links: 1, framesDropped: 9, ...traffic },
    ],
    clients: { connections: 1, clients: 1, underWayBytes: 0, accepted: 4, ...traffic },
    store: { liveRecords: 1, historyBytes: 2, pendingBytes: 3, fileBytes: 4, groups: 5 },
    held: 11,
    misbehaviour: new Map([
      ["2 bad-share", 4],
      ["- client-malformed", 1],
    ]),
  };
}

test("a scrape shows the state of the moment, totals as counters", async () => {
  const metrics = createMetrics({ processMetrics: false });
  metrics.watch(() => status(70));
  expect(await metrics.text()).toContain("destiny_commands_total 700");
  metrics.watch(() => status(71));
  const text = await metrics.text();
  expect(text).toContain("# TYPE destiny_commands_total counter");
  expect(text).toContain("destiny_commands_total 710");
  expect(text).toContain("destiny_executed_slots 71");
  expect(text).toContain('destiny_instance_known{instance="0"} 72');
  expect(text).toContain('destiny_instance_view{instance="0"} 3');
  expect(text).toContain('destiny_instance_active{instance="0"} 0');
  expect(text).toContain('destiny_view_changes_total{instance="0"} 3');
  expect(text).toContain('destiny_reinstatements_total{instance="0"} 1');
  expect(text).toContain('destiny_complaints_total{instance="0"} 2');
  expect(text).toContain('destiny_instance_complainers{instance="0"} 2');
  expect(text).toContain('destiny_instance_probation_slots{instance="0"} 9');
  expect(text).toContain('destiny_mesh_linked{peer="2"} 1');
  expect(text).toContain('destiny_mesh_dropped_frames_total{peer="2"} 9');
  expect(text).toContain("destiny_store_groups_total 5");
  expect(text).toContain("destiny_client_accepted_total 4");
  expect(text).toContain("destiny_held_effects 11");
  expect(text).toContain("destiny_transfer_pages 10");
  expect(text).toContain("destiny_state_transfers_total 4");
  expect(text).toContain("destiny_transfer_done_pages 3");
  expect(text).toContain('destiny_refused_input_total{peer="2",reason="bad-share"} 4');
  expect(text).toContain('destiny_refused_input_total{peer="-",reason="client-malformed"} 1');
});

test("events are counted under their names", async () => {
  const metrics = createMetrics({ processMetrics: false });
  metrics.batchProposed(1_000);
  metrics.certified(3, 0.0007);
  metrics.combined(0.003);
  metrics.verified(2, 0.0001);
  metrics.groupSynced(12, 0.004);
  metrics.refused(RefusalCode.Busy);
  metrics.refused(200);
  metrics.httpAnswered("GET", 200, 0.02);
  const text = await metrics.text();
  for (const line of [
    'destiny_batch_bytes_bucket{le="4096"} 1',
    "destiny_certified_total 3",
    'destiny_certify_seconds_bucket{le="0.0005"} 0',
    "destiny_combine_seconds_count 1",
    "destiny_verified_total 2",
    "destiny_store_group_records_sum 12",
    'destiny_refusals_total{code="Busy"} 1',
    'destiny_refusals_total{code="unknown"} 1',
    'destiny_http_seconds_count{method="GET",status="200"} 1',
  ]) {
    expect(text).toContain(line);
  }
});

test("the process itself is measured where one replica is one process", async () => {
  const text = await createMetrics({ processMetrics: true }).text();
  expect(text).toContain("nodejs_eventloop_lag_p99_seconds");
  expect(text).toContain("process_resident_memory_bytes");
});

test("a log line is one JSON object with level, time, replica and part", async () => {
  const output = join(mkdtempSync(join(tmpdir(), "destiny-log-")), "log");
  const log = openLog({ level: "info", replica: 3, output });
  await new Promise((resolve) => setTimeout(resolve, 20)); // The file is opened in the background.
  partLog(log.logger, "mesh").info({ peer: 1 }, "link up");
  log.logger.debug("not at this level");
  log.logger.error(new Error("boom"));
  log.flush();
  const lines = readFileSync(output, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toHaveLength(2);
  expect(lines[0]).toMatchObject({ level: "info", replica: 3, part: "mesh", peer: 1, msg: "link up" });
  expect(Number.isNaN(Date.parse(String(lines[0]?.["time"])))).toBe(false);
  expect(lines[1]).toMatchObject({ level: "error", err: { message: "boom" } });
});

test("a status report is plain JSON with digests in hex", () => {
  const at = { host: "127.0.0.1", port: 1 };
  const addresses = { mesh: at, client: at, http: null };
  const report = statusReport(status(70), "\u0000".repeat(32), addresses);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  expect(report).toMatchObject({
    replica: 1,
    cluster: "00".repeat(32),
    executed: 70,
    checkpoint: { seq: 64, digest: "ff".repeat(32) },
    links: [2],
    transfer: { seq: 128, pagesDone: 3, pages: 10 },
    refused: { "2 bad-share": 4 },
  });
});
