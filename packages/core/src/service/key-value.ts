import { LIMITS } from "../wire/limits.ts";
import { DecodeError, Reader } from "../wire/reader.ts";
import { decodeUtf8, encodeUtf8, isWellFormed } from "../wire/utf8.ts";
import { Writer } from "../wire/writer.ts";
import { PagedMap } from "./paged-map.ts";
import { MalformedOperation, type Service } from "./service.ts";

/** Longest key, in bytes of UTF-8. */
export const KEY_BYTES_MAX = 1024;
/** Longest value, in bytes: with what a reply puts around it, it stays below the limit of a result. */
export const VALUE_BYTES_MAX: number = LIMITS.resultBytesMax - 64;

const Tag = { Put: 1, Get: 2, Delete: 3 } as const;

type Operation =
  | { readonly tag: typeof Tag.Put; readonly key: string; readonly value: Uint8Array }
  | { readonly tag: typeof Tag.Get | typeof Tag.Delete; readonly key: string };

/** The built-in service: values under keys. A key is any well-formed text, a value any bytes. */
export class KeyValue implements Service {
  readonly state: PagedMap;

  constructor(options: { readonly pageCount?: number } = {}) {
    this.state = new PagedMap(options);
  }

  /** Takes a put or a delete. */
  apply(operation: Uint8Array): Uint8Array {
    const decoded = decodeOperation(operation);
    switch (decoded.tag) {
      case Tag.Put:
        // A copy: the operation is a view that would pin its whole batch.
        return encodeExisted(this.state.put(decoded.key, decoded.value.slice()));
      case Tag.Delete:
        return encodeExisted(this.state.delete(decoded.key));
      case Tag.Get:
        throw new MalformedOperation("a question, not a command");
    }
  }

  /** Takes a get. */
  query(question: Uint8Array): Uint8Array {
    const decoded = decodeOperation(question);
    if (decoded.tag !== Tag.Get) throw new MalformedOperation("a question that would change the state");
    const value = this.state.get(decoded.key);
    if (value === undefined) return Uint8Array.of(0);
    const result = new Uint8Array(1 + value.length);
    result[0] = 1;
    result.set(value, 1);
    return result;
  }
}

/** Sets a key's value. Throws {@link MalformedOperation} above a limit or on a key with a lone surrogate, as do the others. */
export function encodePut(key: string, value: Uint8Array): Uint8Array {
  if (value.length > VALUE_BYTES_MAX) {
    throw new MalformedOperation(`a value of ${value.length} bytes, above ${VALUE_BYTES_MAX}`);
  }
  return begin(Tag.Put, key, 4 + value.length)
    .bytes(value)
    .finish();
}

/** Asks for a key's value. */
export function encodeGet(key: string): Uint8Array {
  return begin(Tag.Get, key, 0).finish();
}

/** Removes a key. */
export function encodeDelete(key: string): Uint8Array {
  return begin(Tag.Delete, key, 0).finish();
}

/** The result of a put or a delete: whether the key existed before. Throws {@link DecodeError}. */
export function decodeExisted(result: Uint8Array): boolean {
  const input = new Reader(result);
  const existed = input.flag();
  input.end();
  return existed;
}

/** The result of a get: a view of the value, or undefined if the key has none. Throws {@link DecodeError}. */
export function decodeValue(result: Uint8Array): Uint8Array | undefined {
  const input = new Reader(result);
  if (input.flag()) return input.raw(input.remaining);
  input.end();
  return undefined;
}

function begin(tag: number, key: string, more: number): Writer {
  if (!isWellFormed(key)) throw new MalformedOperation("a key with half of a surrogate pair");
  const bytes = encodeUtf8(key);
  if (bytes.length > KEY_BYTES_MAX) {
    throw new MalformedOperation(`a key of ${bytes.length} bytes, above ${KEY_BYTES_MAX}`);
  }
  return new Writer(5 + bytes.length + more).u8(tag).bytes(bytes);
}

function encodeExisted(existed: boolean): Uint8Array {
  return Uint8Array.of(existed ? 1 : 0);
}

function decodeOperation(bytes: Uint8Array): Operation {
  try {
    const input = new Reader(bytes);
    const operation = readOperation(input);
    input.end();
    return operation;
  } catch (error) {
    if (error instanceof DecodeError) throw new MalformedOperation(error.message);
    throw error;
  }
}

function readOperation(input: Reader): Operation {
  const tag = input.u8();
  const key = decodeUtf8(input.bytes(KEY_BYTES_MAX));
  switch (tag) {
    case Tag.Put:
      return { tag, key, value: input.bytes(VALUE_BYTES_MAX) };
    case Tag.Get:
    case Tag.Delete:
      return { tag, key };
    default:
      throw new DecodeError("an unknown operation");
  }
}
