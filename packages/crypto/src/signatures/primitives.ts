import { createPrivateKey, createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { createRequire } from "node:module";

/** Ed25519 of one library. Lengths were checked by the caller. */
export interface Primitives {
  readonly name: "sodium" | "node";
  publicKey(seed: Uint8Array): Uint8Array;
  /** Signs many messages with one seed. */
  signer(seed: Uint8Array): (message: Uint8Array) => Uint8Array;
  /** Whether S·B = R + h·A without cofactor, R compared as bytes, for S below the order. */
  verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
}

/** What this project calls of sodium-native, which comes without types. */
interface Sodium {
  crypto_sign_seed_keypair(publicKey: Uint8Array, secretKey: Uint8Array, seed: Uint8Array): void;
  crypto_sign_detached(signature: Uint8Array, message: Uint8Array, secretKey: Uint8Array): void;
  crypto_sign_verify_detached(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean;
}

/** Public keys that node:crypto holds parsed, the oldest dropped first. */
const PARSED_MAX = 1024;
/** What precedes the 32 bytes of an Ed25519 key in DER (RFC 8410). */
const PRIVATE_PREFIX: Uint8Array = Buffer.from("302e020100300506032b657004220420", "hex");
const PUBLIC_PREFIX: Uint8Array = Buffer.from("302a300506032b6570032100", "hex");

/** libsodium's, or undefined where the package has no binary for this platform: the faster by about two. */
export function sodiumPrimitives(): Primitives | undefined {
  try {
    return fromSodium(createRequire(import.meta.url)("sodium-native") as Sodium);
  } catch {
    return undefined;
  }
}

/** OpenSSL's. */
export function nodePrimitives(): Primitives {
  const parsed = new Map<string, KeyObject>();
  return {
    name: "node",
    publicKey(seed) {
      const der = createPublicKey(privateKey(seed)).export({ format: "der", type: "spki" });
      return Uint8Array.from(der.subarray(PUBLIC_PREFIX.length));
    },
    signer(seed) {
      const key = privateKey(seed);
      return (message) => sign(null, message, key);
    },
    verify(publicKey, message, signature) {
      const name = Buffer.from(publicKey).toString("latin1");
      const key = parsed.get(name) ?? publicKeyObject(publicKey);
      parsed.set(name, key);
      const [oldest] = parsed.keys();
      if (parsed.size > PARSED_MAX && oldest !== undefined) parsed.delete(oldest);
      return verify(null, message, key, signature);
    },
  };
}

function fromSodium(sodium: Sodium): Primitives {
  const keyPair = (seed: Uint8Array): { publicKey: Uint8Array; secretKey: Uint8Array } => {
    const [publicKey, secretKey] = [new Uint8Array(32), new Uint8Array(64)];
    sodium.crypto_sign_seed_keypair(publicKey, secretKey, seed);
    return { publicKey, secretKey };
  };
  return {
    name: "sodium",
    publicKey: (seed) => keyPair(seed).publicKey,
    signer(seed) {
      const { secretKey } = keyPair(seed);
      return (message) => {
        const signature = new Uint8Array(64);
        sodium.crypto_sign_detached(signature, message, secretKey);
        return signature;
      };
    },
    verify: (publicKey, message, signature) =>
      sodium.crypto_sign_verify_detached(signature, message, publicKey),
  };
}

function privateKey(seed: Uint8Array): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PRIVATE_PREFIX, seed]), format: "der", type: "pkcs8" });
}

function publicKeyObject(publicKey: Uint8Array): KeyObject {
  return createPublicKey({ key: Buffer.concat([PUBLIC_PREFIX, publicKey]), format: "der", type: "spki" });
}
