import { hash } from "node:crypto";
import type { Digest } from "@destiny/core/kernel/ids";
import { fromDigest } from "@destiny/core/wire/reader";

const SIGNATURE_BYTES = 64;

/**
 * Stands in for Ed25519: a keyed hash, as long as a signature. Whoever holds the object can sign as anybody, so it belongs
 * to the world; parties get {@link ModelKeys.signer}.
 */
export class ModelKeys {
  readonly #secret: Uint8Array;

  constructor(secret: string) {
    this.#secret = hash("sha256", secret, "buffer");
  }

  /** The public key of a party by its name: looks as random as a real one. */
  publicKey(party: number | string): Digest {
    return hash("sha256", Buffer.concat([this.#secret, Buffer.from(`public key ${party}`)]), "binary");
  }

  /** Signs as one party. */
  signer(key: Digest): (bytes: Uint8Array) => Uint8Array {
    return (bytes) => this.#sign(key, bytes);
  }

  verify(key: Digest, bytes: Uint8Array, signature: Uint8Array): boolean {
    return Buffer.compare(this.#sign(key, bytes), signature) === 0;
  }

  #sign(key: Digest, bytes: Uint8Array): Uint8Array {
    const signature = new Uint8Array(SIGNATURE_BYTES);
    signature.set(hash("sha256", Buffer.concat([this.#secret, fromDigest(key), bytes]), "buffer"));
    return signature;
  }
}
