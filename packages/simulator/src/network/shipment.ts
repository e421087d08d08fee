import type { InstanceId } from "@destiny/core/kernel/ids";
import type { MessageKind } from "@destiny/core/wire/messages";
import type { Ballot } from "./ballots.ts";
import type { Address } from "./latency.ts";

/** What is to be sent, to one or to all. */
export interface Sending {
  readonly from: Address;
  /** The instance that it is for; clients' are for the replica itself. */
  readonly instance: InstanceId;
  readonly content: object;
  /** On the wire. */
  readonly bytes: number;
}

/** What is on its way: shared by all its receivers. */
export interface Shipment extends Sending {
  /** Of a message between replicas; else of no meaning. Messages have many shapes, and to look into each is slow. */
  readonly kind: MessageKind;
  /** What the trace is told of it; null where the trace reads the content itself. */
  readonly print: number | null;
  /** In which it is a vote, if it is one of those that are counted for their receivers. */
  readonly ballot: Ballot | null;
}

/** Hands over what has come off the wire. */
export type Deliver = (shipment: Shipment, to: Address) => void;
