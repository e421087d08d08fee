/**
 * Makes the shares that replicas combine: a BLS signature under this replica's share of a threshold key, or under its
 * own key of a multi-signature. Deterministic: equal statements give equal bytes.
 */
export interface ShareSigner {
  /** One share for each statement, in their order; may use other threads. */
  sign(statements: readonly Uint8Array[]): Promise<Uint8Array[]>;
  /** The share for one statement, at once. */
  signSync(statement: Uint8Array): Uint8Array;
}

/** Signs in the name of one trusted subsystem. Deterministic, as Ed25519 is. */
export interface IdentitySigner {
  sign(bytes: Uint8Array): Uint8Array;
}
