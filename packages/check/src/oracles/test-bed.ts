import type { Digest, InstanceId, ReplicaId } from "@destiny/core/kernel/ids";
import type { Delivery } from "@destiny/core/ordering/orderer";
import { encodeBatch } from "@destiny/core/wire/batch";
import type { Claim } from "@destiny/core/wire/claim";
import type { Message } from "@destiny/core/wire/messages";
import { Request } from "@destiny/core/wire/request";
import { Value } from "@destiny/core/wire/value";
import { Writer } from "@destiny/core/wire/writer";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { Parcel } from "@destiny/simulator/network/network";
import type { Signed } from "@destiny/simulator/trust/trust";
import type { KeyedOperation } from "../plan/decisions.ts";
import { encodeKeyed } from "../plan/operations.ts";
import { type OracleName, Violation } from "./violation.ts";

/** A digest that a word stands for. */
export function digest(word: string): Digest {
  return digestOf(new TextEncoder().encode(word));
}

/** A value that a word stands for. */
export function value(word: string): Value {
  return Value.of(new TextEncoder().encode(word), digestOf);
}

/** A replica's signature of a claim, as oracles are told of it. */
export function signed(replica: ReplicaId, claim: Claim, old?: { view: number; seq: number }): Signed {
  const nothing = new Uint8Array(0);
  const result = { type: "certified", share: nothing, certificate: nothing } as const;
  return { replica, bootEpoch: 1, claim, result: old === undefined ? result : { ...result, old } };
}

/** A claim about one slot, made by hand. */
export function slot(instance: InstanceId, view: number, seq: number, about: Digest): Claim {
  const message = new Writer(52).u16(0x4c48).u48(view).u48(seq).digest(about).u48(0).finish();
  return { type: "slot", instance, value: { view, seq }, message };
}

/** A message on its way between replicas. */
export function parcel(from: ReplicaId, instance: InstanceId, content: Message | object): Parcel {
  return { from, to: from === 0 ? 1 : 0, instance, content };
}

/** A request that its client signed, as the edge found. */
export function request(client: Digest, timestamp: number, ...operations: KeyedOperation[]): Request {
  const bytes = operations.map(encodeKeyed);
  const made = Request.create({ client, timestamp, operations: bytes }, digestOf, () => new Uint8Array(64));
  made.valid = true;
  return made;
}

/** An entry that is executed. */
export function delivery(seq: number, coordinator: ReplicaId, ...requests: Request[]): Delivery {
  return { seq, entry: 0, coordinator, value: encodeBatch(requests, digestOf) };
}

/** Which oracle an act trips; null if none. */
export function trippedBy(act: () => void): OracleName | null {
  try {
    act();
    return null;
  } catch (error) {
    if (error instanceof Violation) return error.oracle;
    throw error;
  }
}
