import { fetchStatus } from "@destiny/node/cluster/fetch-status";
import type { Genesis } from "@destiny/node/genesis/genesis";
import type { StatusReport } from "@destiny/node/observability/status-report";

/** What each replica says of itself; null where one does not answer. */
export function fetchStatuses(genesis: Genesis): Promise<(StatusReport | null)[]> {
  return Promise.all(
    genesis.replicas.map(async ({ http }) => {
      if (http === null) return null;
      return fetchStatus(http).catch(() => null);
    }),
  );
}

/** A sentence for every two replicas that have different states after the same slot: what must never be. */
export function divergences(statuses: readonly (StatusReport | null)[]): string[] {
  const first = new Map<number, StatusReport>();
  const found: string[] = [];
  for (const status of statuses) {
    if (status === null || status.checkpoint.digest === null) continue;
    const { seq, digest } = status.checkpoint;
    const other = first.get(seq);
    if (other === undefined) first.set(seq, status);
    else if (other.checkpoint.digest !== digest) {
      found.push(`replicas ${other.replica} and ${status.replica} differ after slot ${seq}`);
    }
  }
  return found;
}

/** The slot and digest that all replicas have in common, or null while they have not. */
export function commonCheckpoint(
  statuses: readonly (StatusReport | null)[],
): { readonly seq: number; readonly digest: string } | null {
  const [first] = statuses;
  if (first === null || first === undefined) return null;
  const { seq, digest } = first.checkpoint;
  if (digest === null) return null;
  const same = statuses.every((each) => each?.checkpoint.seq === seq && each.checkpoint.digest === digest);
  return same ? { seq, digest } : null;
}
