import { type Ed25519Key, openEd25519 } from "../signatures/ed25519.ts";
import { nodePrimitives } from "../signatures/primitives.ts";

/** Signs in the name of one trusted subsystem. Deterministic, as Ed25519 is: equal bytes give equal signatures. */
export interface IdentitySigner {
  sign(bytes: Uint8Array): Uint8Array;
}

/** The identity that a seed of 32 bytes in hex makes. By Node's own library: one addon less to trust. */
export function openIdentity(seed: string): Ed25519Key {
  return openEd25519(nodePrimitives()).keyFromSeed(Buffer.from(seed, "hex"));
}
