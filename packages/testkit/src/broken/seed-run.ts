import { runCampaign } from "../campaign.ts";

/** Runs one seed of the random simulation on the sources as they are loaded. Null, or what was wrong in a few words. */
export function runSeed(protocol: string, n: number, seed: number): string | null {
  try {
    return judge(protocol, n, seed);
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  }
}

function judge(protocol: string, n: number, seed: number): string | null {
  const { cluster, submitted, answered } = runCampaign(protocol, n, seed);
  if (!answered) return "L1 liveness: a command is never answered";
  const first = cluster.executed(0);
  if ([...first].sort().join() !== [...submitted].sort().join()) return "S4: not everything exactly once";
  for (const replica of cluster.replicas) {
    if (cluster.executed(replica).join() !== first.join()) return `S1 agreement: replica ${replica}`;
    const { checkpoint } = cluster.replica(replica).status();
    if (checkpoint.root !== cluster.replica(0).status().checkpoint.root) return `S10: replica ${replica}`;
  }
  return null;
}
