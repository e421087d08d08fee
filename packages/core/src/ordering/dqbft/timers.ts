import type { TimerId } from "../../kernel/ids.ts";

/** The composition's own timers. */
export const Timer: Readonly<
  Record<"OrderBatch" | "Blame" | "Relay" | "Grace" | "Rejoin" | "Grant", TimerId>
> = {
  OrderBatch: 1,
  Blame: 2,
  Relay: 3,
  Grace: 4,
  Rejoin: 5,
  /** This, plus the replica that is given its D-instance back. */
  Grant: 16,
};
