import type { FaultModel } from "../../kernel/fault-model.ts";
import type { ReplicaId, SequenceNumber, View } from "../../kernel/ids.ts";
import { primaryOf } from "../shared/primary.ts";

/**
 * Who collects the shares of a slot, in the order of ranks: c + 1 replicas, of which every slot has others, and last the primary
 * (sbft.md 1). Deviation: they take turns; a permutation drawn from a digest would spread them no better.
 */
export function collectorsOf(
  address: { readonly home: ReplicaId; readonly faults: FaultModel },
  view: View,
  seq: SequenceNumber,
): readonly ReplicaId[] {
  const { n, c } = address.faults;
  const primary = primaryOf(address, view);
  const first = (view + seq) % (n - 1);
  const collectors: ReplicaId[] = [];
  for (let rank = 0; rank <= c; rank += 1) {
    collectors.push((primary + 1 + ((first + rank) % (n - 1))) % n);
  }
  return [...collectors, primary];
}
