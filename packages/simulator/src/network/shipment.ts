import type { InstanceId } from "@destiny/core/kernel/ids";
import type { Address } from "./latency.ts";

/** What is sent, to one or to all: shared by all its receivers. */
export interface Shipment {
  readonly from: Address;
  /** The instance that it is for; clients' are for the replica itself. */
  readonly instance: InstanceId;
  readonly content: object;
  /** On the wire. */
  readonly bytes: number;
}

/** Hands over what has come off the wire. */
export type Deliver = (shipment: Shipment, to: Address) => void;
