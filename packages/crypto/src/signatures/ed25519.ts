import { invariant } from "@destiny/core/kernel/invariant";
import { nodePrimitives, type Primitives, sodiumPrimitives } from "./primitives.ts";

/** Length of a seed, from which a key pair is made. */
const SEED_BYTES = 32;
/** Length of a public key. */
export const PUBLIC_KEY_BYTES = 32;
/** Length of a signature: R and S. */
export const SIGNATURE_BYTES = 64;

/** A signature to verify. */
export interface Signed {
  readonly publicKey: Uint8Array;
  readonly message: Uint8Array;
  readonly signature: Uint8Array;
}

/** A private key, and what it signs. Deterministic (RFC 8032). */
export interface Ed25519Key {
  readonly publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

/** Ed25519 over one library; whichever it is, the same signatures are good. */
export interface Ed25519 {
  readonly library: "sodium" | "node";
  /** The key pair of a seed of 32 bytes. */
  keyFromSeed(seed: Uint8Array): Ed25519Key;
  publicKeyFromSeed(seed: Uint8Array): Uint8Array;
  /** libsodium's equation, see {@link isSoundPoint}; about 40 us. Never throws for bad bytes. */
  verify(signed: Signed): boolean;
}

/** y-coordinates, little-endian and without the sign bit, of the points of order 1, 2, 4 and 8, in every spelling. */
const SMALL_ORDER: ReadonlySet<string> = new Set(
  [
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
  ].map((hex) => Buffer.from(hex, "hex").toString("latin1")),
);

/**
 * Whether 32 bytes are the one spelling of a y below p, and not that of a point of small order: under such a key, or
 * with such an R, one signature fits many messages. The same for keys and for the R of signatures, for all libraries.
 */
export function isSoundPoint(bytes: Uint8Array): boolean {
  if (bytes.length !== PUBLIC_KEY_BYTES) return false;
  if (!isBelowPrime(bytes)) return false;
  // Only small orders start like this, so that others cost no copy.
  const first = bytes[0] ?? 0;
  if (first > 1 && first !== 0x26 && first !== 0xc7 && first < 0xec) return true;
  const unsigned = Uint8Array.from(bytes);
  unsigned[31] = (unsigned[31] ?? 0) & 0x7f;
  return !SMALL_ORDER.has(Buffer.from(unsigned.buffer).toString("latin1"));
}

/** Ed25519 over the given library; libsodium where it is installed. */
export function openEd25519(primitives: Primitives = sodiumPrimitives() ?? nodePrimitives()): Ed25519 {
  return {
    library: primitives.name,
    keyFromSeed(seed) {
      invariant(seed.length === SEED_BYTES, "a seed of 32 bytes");
      return { publicKey: primitives.publicKey(seed), sign: primitives.signer(seed) };
    },
    publicKeyFromSeed(seed) {
      invariant(seed.length === SEED_BYTES, "a seed of 32 bytes");
      return primitives.publicKey(seed);
    },
    verify({ publicKey, message, signature }) {
      if (signature.length !== SIGNATURE_BYTES || !isSoundPoint(publicKey)) return false;
      if (!isSoundPoint(signature.subarray(0, PUBLIC_KEY_BYTES))) return false;
      return primitives.verify(publicKey, message, signature);
    },
  };
}

/** y is below p = 2^255 − 19: only 19 values, and their two signs, are not. */
function isBelowPrime(bytes: Uint8Array): boolean {
  if (((bytes[31] ?? 0) & 0x7f) !== 0x7f || (bytes[0] ?? 0) < 0xed) return true;
  for (let i = 1; i < 31; i += 1) if (bytes[i] !== 0xff) return true;
  return false;
}
