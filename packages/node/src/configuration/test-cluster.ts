import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type ClusterPlan, type InitialCluster, initCluster } from "./init-cluster.ts";

const made: string[] = [];

/** For tests: a cluster of three in a temporary folder, which goes with the process. */
export function makeCluster(plan: Partial<ClusterPlan> = {}): Promise<InitialCluster> {
  const parent = mkdtempSync(join(tmpdir(), "destiny-cluster-"));
  if (made.length === 0) process.once("exit", removeAll);
  made.push(parent);
  const directory = join(parent, "cluster");
  const schemes = { commits: "multisig", replies: "threshold" } as const;
  return initCluster({ replicas: 3, directory, basePort: 21_000, schemes, ...plan }, () => undefined);
}

function removeAll(): void {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
}
