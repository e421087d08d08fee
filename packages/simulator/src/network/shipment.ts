import type { InstanceId, ReplicaId } from "@destiny/core/kernel/ids";
import type { Driven } from "@destiny/core/replica/driven";
import type { MessageKind } from "@destiny/core/wire/messages";
import type { Address } from "./latency.ts";

/** Where something goes. */
export interface Way {
  readonly from: Address;
  readonly to: Address;
}

/** Counts votes in place of the replicas that they come to. */
export interface VoteCounter {
  /** One more comes to a replica, which is handed those that it needs now. */
  arrive(to: ReplicaId, driven: Driven, instance: InstanceId): void;
}

/** What somebody sends, to one or to all. */
export interface Sending {
  /** The instance that it is for; clients' are for the replica itself. */
  readonly instance: InstanceId;
  readonly content: object;
  /** On the wire. */
  readonly bytes: number;
}

/** What is on its way: shared by all its receivers, and by all senders of votes that are counted for their receivers. */
export interface Shipment extends Sending {
  /** Of a message between replicas; else of no meaning. Messages have many shapes, and to look into each is slow. */
  readonly kind: MessageKind;
  /** What the trace is told of it; null where the trace reads the content itself. */
  readonly print: number | null;
  /** Who counts it, if it is a vote that is counted for its receivers. */
  readonly ballot: VoteCounter | null;
}

/** Hands over what has come off the wire. */
export type Deliver = (shipment: Shipment, from: Address, to: Address) => void;
