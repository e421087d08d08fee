import type { Effect, Job } from "@destiny/core/effects/effects";
import type { InstanceId, ReplicaId, SequenceNumber } from "@destiny/core/kernel/ids";
import type { Delivery } from "@destiny/core/ordering/orderer";
import type { AssignRequest, Message } from "@destiny/core/wire/messages";
import type { Reply } from "@destiny/core/wire/reply";
import type { Parcel } from "@destiny/simulator/network/network";
import type { Signed } from "@destiny/simulator/trust/trust";

/** What an event of a replica is about: a peer's message, a job that is done, or something of its own, a timer say. */
export type Cause =
  | {
      readonly type: "message";
      readonly from: ReplicaId;
      readonly instance: InstanceId;
      readonly message: Message;
    }
  | { readonly type: "job"; readonly job: Job }
  | { readonly type: "own" };

/**
 * What can be seen of a run from outside the product. What a replica executes is told once everything before it is durable:
 * a crash can take back what came earlier, and nobody else will ever know of it.
 */
export interface Observer {
  /** Between replicas, and to or from clients: lost ones too. */
  sent?(parcel: Parcel): void;
  signed?(signed: Signed): void;
  /** A replica's step asked for an effect, and nothing of it is performed yet. */
  asked?(replica: ReplicaId, effect: Effect): void;
  /** The effect is carried out: everything before it is durable. */
  left?(replica: ReplicaId, effect: Effect): void;
  started?(replica: ReplicaId): void;
  crashed?(replica: ReplicaId): void;
  /** It has lost its disk, and with it its trusted subsystem: nothing that it said before binds what comes. */
  wiped?(replica: ReplicaId): void;
  /** Takes back a checkpoint at the start, or goes on from a transferred state. */
  resumedFrom?(replica: ReplicaId, seq: SequenceNumber): void;
  /** It goes on from a state that its peers sent; {@link resumedFrom} follows. */
  transferred?(replica: ReplicaId): void;
  delivered?(replica: ReplicaId, delivery: Delivery): void;
  assigned?(replica: ReplicaId, request: AssignRequest): void;
  /** It has executed a slot of the global order to its end, and takes a checkpoint there. */
  checkpointed?(replica: ReplicaId, seq: SequenceNumber): void;
  replied?(replica: ReplicaId, reply: Reply): void;
  /** An event of a replica begins. */
  stepping?(replica: ReplicaId, cause: Cause): void;
  /** An event of a replica is over, but for its effects. */
  stepped?(replica: ReplicaId): void;
}
