import type { ReplicaId, View } from "../../../kernel/ids.ts";
import type { Certificate } from "../../../wire/messages.ts";
import type { Value } from "../../../wire/value.ts";

/** What the ordering of slots tells the part that changes views. */
export interface OrderingEvents {
  /** A peer's message is of a view above our base. */
  ahead(view: View, from: ReplicaId): void;
  /** The primary of an earlier view still proposes in it. */
  behind(from: ReplicaId): void;
  /** Somebody decided in this view, which establishes it. */
  established(commit: Certificate): void;
  /** A value came. */
  value(value: Value): void;
  /** No signature of ours is under way any more. */
  idle(): void;
}
