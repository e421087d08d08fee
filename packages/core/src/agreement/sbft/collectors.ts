import type { FaultModel } from "../../kernel/fault-model.ts";
import type { ReplicaId, SequenceNumber, View } from "../../kernel/ids.ts";
import { strideOf } from "../../kernel/stride.ts";
import { primaryOf } from "../shared/primary.ts";

/** Steps of this part of a circle are spread over it evenly, however many they are. */
const GOLDEN_SECTION: number = (Math.sqrt(5) - 1) / 2;

/**
 * Who collects the shares of a slot, in the order of ranks: c + 1 replicas, of which every slot has others, and last the primary
 * (sbft.md 1). Deviation: they take turns, in strides; a permutation drawn from a digest would leave it to luck how evenly. With strides
 * a few slots in a row meet collectors from all over the cluster: whoever has stopped is noticed at once, and not, where they are
 * neighbours, one wave of slots after the other.
 */
export function collectorsOf(
  address: { readonly home: ReplicaId; readonly faults: FaultModel },
  view: View,
  seq: SequenceNumber,
): readonly ReplicaId[] {
  const { n, c } = address.faults;
  const primary = primaryOf(address, view);
  const first = (view + seq * strideOf(n - 1, GOLDEN_SECTION)) % (n - 1);
  const collectors: ReplicaId[] = [];
  for (let rank = 0; rank <= c; rank += 1) {
    collectors.push((primary + 1 + ((first + rank) % (n - 1))) % n);
  }
  return [...collectors, primary];
}
