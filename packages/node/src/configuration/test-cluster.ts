import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClusterPlan, type InitialCluster, initCluster } from "./init-cluster.ts";

/** For tests: a cluster of three in a temporary folder, which goes with the process. */
export function makeCluster(plan: Partial<ClusterPlan> = {}): Promise<InitialCluster> {
  const parent = mkdtempSync(join(tmpdir(), "destiny-cluster-"));
  process.on("exit", () => rmSync(parent, { recursive: true, force: true }));
  const directory = join(parent, "cluster");
  return initCluster({ replicas: 3, directory, basePort: 21_000, ...plan }, () => undefined);
}
