/** A statement and what is said to prove it. */
export interface Claim {
  readonly statement: Uint8Array;
  readonly certificate: Uint8Array;
}

/** One signer's contribution: `signer` is its index in the group, 0 to n − 1. */
export interface Share {
  readonly signer: number;
  readonly share: Uint8Array;
}

/**
 * What combining gave. `culprits` are the signers whose share is bad; with enough good ones beside them there is a
 * certificate as well.
 */
export type Combined =
  | { readonly certificate: Uint8Array; readonly culprits?: readonly number[] }
  | { readonly certificate?: undefined; readonly culprits: readonly number[] };

/**
 * How shares become a certificate: one BLS threshold signature, one BLS multi-signature with a bitmap, or Ed25519
 * signatures side by side.
 */
export type SchemeKind = "threshold" | "multisig" | "list";

/** Proves that `threshold` of a group of n signers signed a statement (ThreshSign's public half, linear-hybster.md 1). */
export interface CertificateScheme {
  readonly kind: SchemeKind;
  /** How many distinct signers a certificate proves, at least. */
  readonly threshold: number;
  /** Exact length of every certificate. */
  readonly certificateBytes: number;
  /** An answer per claim, off the event loop and in one batch. Never throws for bad bytes. */
  verify(claims: readonly Claim[]): Promise<boolean[]>;
  /**
   * Optimistic: combines, verifies the one result, and looks for culprits only if that fails. Takes shares of at least
   * `threshold` distinct signers below n; breaking that is the caller's bug.
   */
  combine(statement: Uint8Array, shares: readonly Share[]): Promise<Combined>;
  /** Whether this signer's share is over this statement. Never throws for bad bytes. */
  verifyShare(statement: Uint8Array, signer: number, share: Uint8Array): Promise<boolean>;
}

/** One signer's private half. Deterministic: a statement has one share. */
export interface ShareSigner {
  /** A share per statement, off the event loop. */
  sign(statements: readonly Uint8Array[]): Promise<Uint8Array[]>;
  /** The share of one statement, at once. */
  signSync(statement: Uint8Array): Uint8Array;
}

/** Length of a BLS share on the wire: an uncompressed point of G1, whose decoding costs 1 us instead of 60. */
export const SHARE_BYTES = 96;
