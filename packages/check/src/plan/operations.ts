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

/** An operation taken apart. The value is that of a put, else empty. */
export interface ReadOperation {
  readonly tag: number;
  readonly key: string;
  readonly value: Uint8Array;
}

/** Longest key and value that the service takes. */
const KEY_BYTES_MAX = 1_024;
const VALUE_BYTES_MAX = 262_080;

/** An operation taken apart by hand, without the service's own code; null if it is none. Keys are plain ASCII. */
export function readOperation(operation: Uint8Array): ReadOperation | null {
  if (operation.length < 6) return null;
  const bytes = new DataView(operation.buffer, operation.byteOffset, operation.length);
  const [kind, tag] = [bytes.getUint8(0), bytes.getUint8(1)];
  // Commands are 0 and change something; queries are 1 and do not.
  if (tag < Tag.Put || tag > Tag.Delete || kind !== (tag === Tag.Get ? 1 : 0)) return null;
  const keyEnd = 6 + bytes.getUint32(2, true);
  if (keyEnd > operation.length || keyEnd - 6 > KEY_BYTES_MAX) return null;
  const key = Buffer.from(operation.subarray(6, keyEnd)).toString("latin1");
  const value = tag === Tag.Put ? readValue(bytes, keyEnd) : new Uint8Array(0);
  const end = tag === Tag.Put ? keyEnd + 4 + (value?.length ?? 0) : keyEnd;
  return value === null || end !== operation.length ? null : { tag, key, value };
}

/** Its length, then its bytes, to the end. */
function readValue(bytes: DataView, at: number): Uint8Array | null {
  if (at + 4 > bytes.byteLength) return null;
  const length = bytes.getUint32(at, true);
  if (length > VALUE_BYTES_MAX || at + 4 + length > bytes.byteLength) return null;
  return new Uint8Array(bytes.buffer, bytes.byteOffset + at + 4, length);
}
