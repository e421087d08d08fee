import { LIMITS } from "./limits.ts";
import { DecodeError, Reader } from "./reader.ts";
import { Request } from "./request.ts";
import { type Hash, Value } from "./value.ts";
import { Writer } from "./writer.ts";

/** The value of a D-instance as requests, or none if the bytes do not parse: then it is a no-op (dqbft.md 2). */
class Batch {
  readonly requests: readonly Request[];
  readonly wellFormed: boolean;

  constructor(requests: readonly Request[], wellFormed: boolean) {
    this.requests = requests;
    this.wellFormed = wellFormed;
  }
}

/** By hash function: every instance asks for it. */
const NOOPS = new WeakMap<Hash, Value>();

/** The no-op: a value without commands. */
export function noop(hash: Hash): Value {
  let value = NOOPS.get(hash);
  if (value === undefined) {
    value = Value.of(new Uint8Array(0), hash);
    NOOPS.set(hash, value);
  }
  return value;
}

/** Requests proposed together. */
export function encodeBatch(requests: readonly Request[], hash: Hash): Value {
  let size = 4;
  for (const request of requests) size += 4 + request.bytes.length;
  const out = new Writer(size).u32(requests.length);
  for (const request of requests) out.bytes(request.bytes);
  const value = Value.of(out.finish(), hash);
  value.meaning = new Batch(requests, true);
  return value;
}

/** The requests in a batch, read once. Bytes that do not parse hold none. */
export function requestsOf(value: Value, hash: Hash): readonly Request[] {
  return read(value, hash).requests;
}

/** Whether the bytes are a batch or the no-op, as a correct coordinator proposes them. */
export function isWellFormedBatch(value: Value, hash: Hash): boolean {
  return read(value, hash).wellFormed;
}

function read(value: Value, hash: Hash): Batch {
  if (value.meaning instanceof Batch) return value.meaning;
  const batch = parse(value.bytes, hash);
  value.meaning = batch;
  return batch;
}

function parse(bytes: Uint8Array, hash: Hash): Batch {
  if (bytes.length === 0) return new Batch([], true);
  try {
    const input = new Reader(bytes);
    const count = input.count(bytes.length, 4);
    if (bytes.length > LIMITS.batchBytesMax) throw new DecodeError("a batch above its limit");
    const requests: Request[] = [];
    for (let i = 0; i < count; i += 1) requests.push(Request.read(input, hash));
    input.end();
    return new Batch(requests, true);
  } catch (error) {
    if (error instanceof DecodeError) return new Batch([], false);
    throw error;
  }
}
