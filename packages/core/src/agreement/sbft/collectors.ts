import type { FaultModel } from "../../kernel/fault-model.ts";
import type { ReplicaId, SequenceNumber, View } from "../../kernel/ids.ts";
import { primaryOf } from "../shared/primary.ts";

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
  const first = (view + seq * strideOf(n - 1)) % (n - 1);
  const collectors: ReplicaId[] = [];
  for (let rank = 0; rank <= c; rank += 1) {
    collectors.push((primary + 1 + ((first + rank) % (n - 1))) % n);
  }
  return [...collectors, primary];
}

const GOLDEN_SECTION = (Math.sqrt(5) - 1) / 2;

/** The first number from the golden section of a circle of places on that comes by all of them. */
function strideOf(places: number): number {
  let stride = Math.max(1, Math.round(places * GOLDEN_SECTION));
  while (commonDivisor(stride, places) > 1) stride += 1;
  return stride;
}

function commonDivisor(a: number, b: number): number {
  return b === 0 ? a : commonDivisor(b, a % b);
}
