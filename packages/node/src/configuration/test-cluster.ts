import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClusterPlan, type InitialCluster, initCluster } from "./init-cluster.ts";

/** For tests: a cluster of three in a temporary folder. */
export function makeCluster(plan: Partial<ClusterPlan> = {}): Promise<InitialCluster> {
  const directory = join(mkdtempSync(join(tmpdir(), "destiny-cluster-")), "cluster");
  return initCluster({ replicas: 3, directory, basePort: 21_000, ...plan }, () => undefined);
}
