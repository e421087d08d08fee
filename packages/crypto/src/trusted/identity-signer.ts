import { createPrivateKey, createPublicKey, type KeyObject, sign } from "node:crypto";

/** Signs in the name of one trusted subsystem. Deterministic, as Ed25519 is: equal bytes give equal signatures. */
export interface IdentitySigner {
  sign(bytes: Uint8Array): Uint8Array;
}

/** An identity's Ed25519 key: what signs, and what others verify with. */
export interface Identity extends IdentitySigner {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
}

/** What stands before the 32 bytes of a seed in PKCS #8 (RFC 8410). */
const PKCS8_PREFIX = "302e020100300506032b657004220420";
/** What stands before the 32 bytes of a public key in its SubjectPublicKeyInfo (RFC 8410). */
const SPKI_PREFIX = "302a300506032b6570032100";
const KEY_BYTES = 32;

/** The identity that a seed of 32 bytes in hex makes. */
export function openIdentity(seed: string): Identity {
  const key = createPrivateKey({
    key: Buffer.from(PKCS8_PREFIX + seed, "hex"),
    format: "der",
    type: "pkcs8",
  });
  const encoded = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    publicKey: new Uint8Array(encoded.subarray(encoded.length - KEY_BYTES)),
    sign: (bytes) => sign(null, bytes, key),
  };
}

/** A public key of 32 bytes, to verify with; undefined if it has another length. */
export function publicKeyOf(bytes: Uint8Array): KeyObject | undefined {
  if (bytes.length !== KEY_BYTES) return undefined;
  const key = Buffer.concat([Buffer.from(SPKI_PREFIX, "hex"), bytes]);
  return createPublicKey({ key, format: "der", type: "spki" });
}
