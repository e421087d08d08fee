import type { StatusReport } from "@destiny/node/observability/status-report";
import { expect, test } from "vitest";
import { commonCheckpoint, divergences } from "./statuses.ts";

function status(replica: number, seq: number, digest: string | null): StatusReport {
  return { replica, checkpoint: { seq, digest } } as StatusReport;
}

test("replicas differ only if they have other digests after the same slot", () => {
  const statuses = [status(0, 64, "aa"), status(1, 128, "bb"), status(2, 64, "cc"), null, status(4, 0, null)];
  expect(divergences(statuses)).toEqual(["replicas 0 and 2 differ after slot 64"]);
  expect(divergences([status(0, 64, "aa"), status(1, 128, "bb")])).toEqual([]);
});

test("a checkpoint is common once everybody has it", () => {
  expect(commonCheckpoint([status(0, 64, "aa"), status(1, 64, "aa")])).toEqual({ seq: 64, digest: "aa" });
  expect(commonCheckpoint([status(0, 64, "aa"), status(1, 128, "bb")])).toBeNull();
  expect(commonCheckpoint([status(0, 64, "aa"), status(1, 64, "bb")])).toBeNull();
  expect(commonCheckpoint([status(0, 64, "aa"), null])).toBeNull();
  expect(commonCheckpoint([status(0, 0, null), status(1, 0, null)])).toBeNull();
});
