import type { ReplicaId, View } from "../../kernel/ids.ts";

/** The primary of a view of an instance: from its home on, one replica after the other. */
export function primaryOf(
  address: { readonly home: ReplicaId; readonly faults: { readonly n: number } },
  view: View,
): ReplicaId {
  return (address.home + view) % address.faults.n;
}
