/** Length of a secret key: a scalar below r, big-endian. */
export const SECRET_BYTES = 32;
/** Length of a public key in files: a compressed point of G2. */
export const KEY_BYTES = 96;
/** Length of a public key in memory: an uncompressed point of G2, checked when it was parsed. */
export const KEY_POINT_BYTES = 192;
/** Length of a signature as certificates carry it: a compressed point of G1. */
export const SIGNATURE_BYTES = 48;

/**
 * Domain separation tags, one for each thing that is signed: no share of one scheme is a share of another, and none is
 * a proof of possession.
 */
export const Domain = {
  Threshold: "DESTINY-V01-THRESHOLD-BLS12381G1_XMD:SHA-256_SSWU_RO_",
  Multisig: "DESTINY-V01-MULTISIG-BLS12381G1_XMD:SHA-256_SSWU_RO_",
  Possession: "DESTINY-V01-POSSESSION-BLS12381G1_XMD:SHA-256_SSWU_RO_",
} as const;
export type Domain = (typeof Domain)[keyof typeof Domain];

/** What {@link Check.points} are. The numbers are those of native/bls.h. */
export const CheckKind = {
  /** A certificate's signature, compressed. */
  Certificate: 0,
  /** A share or a proof of possession, uncompressed. */
  Share: 1,
  /** Shares of distinct signers, to combine by Lagrange interpolation. */
  Interpolate: 2,
  /** Shares, to add. */
  Sum: 3,
} as const;
export type CheckKind = (typeof CheckKind)[keyof typeof CheckKind];

/** A signature to verify, or shares to combine into one that is then verified. */
export interface Check {
  readonly kind: CheckKind;
  readonly domain: Domain;
  readonly statement: Uint8Array;
  /** One point, or for combinations the shares one after the other. */
  readonly points: Uint8Array;
  /** For combinations, the signer of each share, below 65536; else empty. */
  readonly signers: readonly number[];
  /** A key from {@link BlsBackend.parseKey} or {@link BlsBackend.sumKeys}. Equal objects share a Miller loop. */
  readonly key: Uint8Array;
}

/** BLS12-381 with signatures in G1 and keys in G2. All back ends give the same bytes for the same input. */
export interface BlsBackend {
  readonly name: "native" | "js";
  /**
   * The compressed signature of each check that holds, off the event loop, all in one pairing equation weighted with 64
   * random bits each. Infinity, points outside the subgroup and non-canonical bytes do not hold.
   */
  check(checks: readonly Check[]): Promise<(Uint8Array | undefined)[]>;
  /** A share per statement, off the event loop. `secret` is one that {@link publicKey} accepts. */
  sign(secret: Uint8Array, domain: Domain, statements: readonly Uint8Array[]): Promise<Uint8Array[]>;
  /** One share, at once. */
  signSync(secret: Uint8Array, domain: Domain, statement: Uint8Array): Uint8Array;
  /** The public key in its form in files; undefined unless the secret is 32 bytes between 1 and r − 1. */
  publicKey(secret: Uint8Array): Uint8Array | undefined;
  /** The public key in its form in memory; undefined unless it is canonical, in the subgroup and not infinity. */
  parseKey(key: Uint8Array): Uint8Array | undefined;
  /** The sum of parsed keys; undefined if it is infinity. */
  sumKeys(keys: readonly Uint8Array[]): Uint8Array | undefined;
  /** Ends its threads. */
  close(): Promise<void>;
}
