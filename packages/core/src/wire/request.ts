import type { Digest } from "../kernel/ids.ts";
import { invariant } from "../kernel/invariant.ts";
import type { Authenticity } from "./check.ts";
import { LIMITS } from "./limits.ts";
import { DecodeError, Reader } from "./reader.ts";
import type { Hash } from "./value.ts";
import { Writer } from "./writer.ts";

const SIGNATURE_BYTES = 64;
const HEADER_BYTES = 32 + 6 + 4;

/** Commands that one client signed at once: executed together, answered together, exactly once. */
export class Request implements Authenticity {
  /** The client's Ed25519 public key: a client is its key. */
  readonly client: Digest;
  /** Increases with every request of this client (DQBFT 3.2.6). */
  readonly timestamp: number;
  /** One operation per command, in the order in which they execute. */
  readonly operations: readonly Uint8Array[];
  readonly signature: Uint8Array;
  /** What the signature covers: the SHA-256 of everything before it. */
  readonly digest: Digest;
  /** Exactly as signed and sent. */
  readonly bytes: Uint8Array;
  valid: boolean | null = null;
  /** What executing it came to the last time, where replicas share this object: hashed once for all that see the same. */
  outcome: { readonly results: readonly Uint8Array[]; readonly leaf: Digest } | null = null;

  private constructor(fields: {
    client: Digest;
    timestamp: number;
    operations: readonly Uint8Array[];
    signature: Uint8Array;
    digest: Digest;
    bytes: Uint8Array;
  }) {
    this.client = fields.client;
    this.timestamp = fields.timestamp;
    this.operations = fields.operations;
    this.signature = fields.signature;
    this.digest = fields.digest;
    this.bytes = fields.bytes;
  }

  /** Makes a request. `sign` gets the digest and returns 64 bytes. */
  static create(
    fields: { client: Digest; timestamp: number; operations: readonly Uint8Array[] },
    hash: Hash,
    sign: (digest: Digest) => Uint8Array,
  ): Request {
    const { client, timestamp, operations } = fields;
    let size = HEADER_BYTES + SIGNATURE_BYTES;
    for (const operation of operations) size += 4 + operation.length;
    const out = new Writer(size).digest(client).u48(timestamp).u32(operations.length);
    for (const operation of operations) out.bytes(operation);
    const digest = hash(out.finish());
    const signature = sign(digest);
    invariant(signature.length === SIGNATURE_BYTES, "a signature has 64 bytes");
    return new Request({ signature, digest, bytes: out.raw(signature).finish(), ...fields });
  }

  /** Reads the next request. Its operations are views into the reader's bytes. Throws {@link DecodeError}. */
  static read(input: Reader, hash: Hash): Request {
    const bytes = input.bytes(LIMITS.requestBytesMax);
    const body = new Reader(bytes);
    const client = body.digest();
    const timestamp = body.u48();
    const count = body.count(LIMITS.requestCommandsMax, 4);
    if (count === 0) throw new DecodeError("a request without commands");
    const operations: Uint8Array[] = [];
    for (let i = 0; i < count; i += 1) operations.push(body.bytes(LIMITS.operationBytesMax));
    const digest = hash(bytes.subarray(0, bytes.length - body.remaining));
    const signature = body.raw(SIGNATURE_BYTES);
    body.end();
    return new Request({ client, timestamp, operations, signature, digest, bytes });
  }
}
