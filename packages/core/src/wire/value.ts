import type { Digest } from "../kernel/ids.ts";

/** SHA-256 of bytes, as the core wants it. The core has no cryptography of its own: the driver lends it. */
export type Hash = (bytes: Uint8Array) => Digest;

/**
 * Anything an agreement agrees on: bytes and their digest. What they mean is for the layer above, which may keep its
 * reading of them in `meaning`, made once.
 */
export class Value {
  readonly bytes: Uint8Array;
  readonly digest: Digest;
  /** The layer above's reading of the bytes; null before the first. */
  meaning: object | null = null;

  private constructor(bytes: Uint8Array, digest: Digest) {
    this.bytes = bytes;
    this.digest = digest;
  }

  static of(bytes: Uint8Array, hash: Hash): Value {
    return new Value(bytes, hash(bytes));
  }
}
