import { z } from "zod";
import { readJsonFile } from "../files/json-file.ts";
import { checkSecretFile, toJsonText, writeNewFile } from "../files/secret-file.ts";
import { hexOf } from "../genesis/shape.ts";

/** A replica's own secrets, each 32 bytes in hex. Those of its trusted signer are in the signer's folder alone. */
export interface ReplicaSecrets {
  /** Ed25519 seed of the genesis' `hostKey`. */
  readonly hostSeed: string;
  /** Secret of its share of scheme `pi`. */
  readonly replyShareSecret: string;
  /** Secret of its share of scheme `sigma`, if the protocol has a fast path. */
  readonly fastShareSecret?: string | undefined;
  /** Ed25519 seed of its HTTP gateway's client. */
  readonly gatewaySeed: string;
}

const FORMAT = 1;
const REMEDY = "restore it from where `destiny init` wrote it";
const seed = hexOf(32);

const replicaKey = z.strictObject({
  format: z.literal(FORMAT),
  hostSeed: seed,
  replyShareSecret: seed,
  fastShareSecret: seed.optional(),
  gatewaySeed: seed,
});
const clientKey = z.strictObject({ format: z.literal(FORMAT), seed });

/** Writes a new `replica.key`, for its owner's eyes alone. */
export function writeReplicaKey(path: string, secrets: ReplicaSecrets): void {
  writeNewFile(path, toJsonText({ format: FORMAT, ...secrets }), 0o600);
}

/** Throws {@link ConfigurationError} if the file is missing, not as written, or open to others. */
export function readReplicaKey(path: string): ReplicaSecrets {
  checkSecretFile(path, REMEDY);
  const { format: _, ...secrets } = readJsonFile(path, replicaKey, REMEDY);
  return secrets;
}

/** Writes a new `client.key`, for its owner's eyes alone: the Ed25519 seed of a client. */
export function writeClientKey(path: string, seedHex: string): void {
  writeNewFile(path, toJsonText({ format: FORMAT, seed: seedHex }), 0o600);
}

/** A client's Ed25519 seed, 32 bytes. Throws {@link ConfigurationError} as {@link readReplicaKey} does. */
export function readClientKey(path: string): Uint8Array {
  checkSecretFile(path, REMEDY);
  return Uint8Array.from(Buffer.from(readJsonFile(path, clientKey, REMEDY).seed, "hex"));
}
