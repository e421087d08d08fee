/** Signs in the name of one trusted subsystem. Deterministic, as Ed25519 is: equal bytes give equal signatures. */
export interface IdentitySigner {
  sign(bytes: Uint8Array): Uint8Array;
}
