import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { Wan } from "@destiny/simulator/network/wan";

/** The primary of a single order, or of the O-instance, in view 0. It stands in the WAN's first region. */
export const FIRST_PRIMARY: ReplicaId = 0;

/** The region of a replica: they go round. */
function regionOf(replica: ReplicaId, wan: Wan): number {
  return replica % wan.regions.length;
}

/**
 * Whom clients of a region talk to: the replicas of their region that are up, the O-primary left out as the authors' clients do
 * (evaluation.md 1.2); where there is none, those of the nearest region that has some.
 */
export function targetsOf(region: number, wan: Wan, candidates: readonly ReplicaId[]): readonly ReplicaId[] {
  const delays = wan.delays[region] ?? [];
  const near = [...wan.regions.keys()].sort((a, b) => (delays[a] ?? 0) - (delays[b] ?? 0) || a - b);
  for (const other of [region, ...near]) {
    const found = candidates.filter((replica) => regionOf(replica, wan) === other);
    if (found.length > 0) return found;
  }
  return [];
}
