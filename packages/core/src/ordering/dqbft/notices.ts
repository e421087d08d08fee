import type { Standing } from "../../agreement/agreement.ts";
import type { InstanceId, ReplicaId, SequenceNumber } from "../../kernel/ids.ts";
import type { Evidence, Proposal } from "../../wire/messages.ts";
import type { Value } from "../../wire/value.ts";
import type { OrderList } from "./order-value.ts";

/** What an instance told us, until no instance is on the stack. */
export type Notice =
  /** A proposal that can come to be decided was accepted by a D-instance. */
  | { readonly type: "disseminating"; readonly instance: ReplicaId; readonly proposal: Proposal }
  | {
      readonly type: "disseminated";
      readonly instance: ReplicaId;
      readonly seq: SequenceNumber;
      readonly value: Value;
    }
  /** A fresh O-proposal was looked at, with this evidence. */
  | { readonly type: "judged"; readonly evidence: readonly Evidence[] }
  | { readonly type: "ordering" | "ordered"; readonly seq: SequenceNumber; readonly list: OrderList }
  | { readonly type: "entered"; readonly instance: InstanceId; readonly standing: Standing }
  | { readonly type: "left"; readonly instance: InstanceId };
