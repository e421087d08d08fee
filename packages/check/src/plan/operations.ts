import { encodeDelete, encodeGet, encodePut } from "@destiny/core/service/key-value";
import { encodeOperation, OperationKind } from "@destiny/core/service/operation";
import type { KeyedOperation } from "./decisions.ts";

/** First byte of an operation's body (the key-value service's). */
export const Tag = { Put: 1, Get: 2, Delete: 3 } as const;

/** The operation that a plan names, as a client submits it: values are numbers of 32 bits. */
export function encodeKeyed(operation: KeyedOperation): Uint8Array {
  const key = `k${operation.key}`;
  switch (operation.type) {
    case "put": {
      const value = new Uint8Array(4);
      new DataView(value.buffer).setUint32(0, operation.value, true);
      return encodeOperation(OperationKind.Command, encodePut(key, value));
    }
    case "get":
      return encodeOperation(OperationKind.Query, encodeGet(key));
    case "delete":
      return encodeOperation(OperationKind.Command, encodeDelete(key));
  }
}

/** An operation of a plan taken apart by hand, without the service's own code. */
export function readCommand(operation: Uint8Array): {
  readonly tag: number;
  readonly key: string;
  readonly value: number;
} {
  const bytes = new DataView(operation.buffer, operation.byteOffset, operation.length);
  const tag = bytes.getUint8(1);
  const keyBytes = bytes.getUint32(2, true);
  const key = Buffer.from(operation.subarray(6, 6 + keyBytes)).toString("utf8");
  const value = tag === Tag.Put ? bytes.getUint32(10 + keyBytes, true) : 0;
  return { tag, key, value };
}
