import { hash } from "node:crypto";
import { invariant } from "@destiny/core/kernel/invariant";
import { bitmapBytes, encodeBitmap } from "./bitmap.ts";
import {
  type CertificateScheme,
  type Claim,
  type Combined,
  SHARE_BYTES,
  type Share,
  type ShareSigner,
} from "./scheme.ts";

const CERTIFICATE_BYTES = 48;

/** What a {@link ModelScheme} is made of. */
export interface ModelOptions {
  /** The sizes to model: bytes of shares and certificates are those of the real scheme. */
  readonly kind: "threshold" | "multisig";
  readonly n: number;
  readonly threshold: number;
  /** Two schemes of equal seed accept one another's shares. */
  readonly seed: string;
  /** What each signer signs with, where that is not always the same. */
  readonly secrets?: readonly string[];
}

/** The share that `secret` gives: a keyed hash, padded to a share's length on the wire. */
export function modelShare(secret: string, statement: Uint8Array): Uint8Array {
  return padded(keyed(secret, statement), SHARE_BYTES);
}

/**
 * Stands in for BLS in the simulator: same interface and sizes, no arithmetic. Nobody forges without a signer's secret,
 * for a certificate is a keyed hash that only {@link ModelScheme.combineSync} gives out, and only for enough shares.
 * It keeps all secrets itself: worthless between parties that do not share a process.
 */
export class ModelScheme implements CertificateScheme {
  readonly kind: "threshold" | "multisig";
  readonly threshold: number;
  readonly certificateBytes: number;
  readonly #n: number;
  readonly #seed: string;
  readonly #bitmapBytes: number;
  readonly #secrets: readonly string[];

  constructor({ kind, n, threshold, seed, secrets }: ModelOptions) {
    invariant(threshold >= 1 && threshold <= n, "a threshold between 1 and n");
    this.kind = kind;
    this.threshold = threshold;
    this.#n = n;
    this.#seed = hash("sha256", `group ${seed}`, "hex");
    this.#bitmapBytes = kind === "multisig" ? bitmapBytes(n) : 0;
    this.certificateBytes = this.#bitmapBytes + CERTIFICATE_BYTES;
    this.#secrets =
      secrets ?? Array.from({ length: n }, (_, i) => hash("sha256", `signer ${i} ${seed}`, "hex"));
  }

  /** What signer `signer` signs with; for {@link modelShare}. */
  secret(signer: number): string {
    const secret = this.#secrets[signer];
    invariant(secret !== undefined, "a signer of the group");
    return secret;
  }

  /** The private half of one signer. */
  signer(signer: number): ShareSigner {
    const secret = this.secret(signer);
    return {
      sign: async (statements) => statements.map((statement) => modelShare(secret, statement)),
      signSync: (statement) => modelShare(secret, statement),
    };
  }

  /** {@link verify} of one claim, at once. */
  verifySync(statement: Uint8Array, certificate: Uint8Array): boolean {
    if (certificate.length !== this.certificateBytes) return false;
    return equal(certificate, this.#certificate(statement, certificate.subarray(0, this.#bitmapBytes)));
  }

  /** {@link verifyShare}, at once. */
  verifyShareSync(statement: Uint8Array, signer: number, share: Uint8Array): boolean {
    const secret = this.#secrets[signer];
    return secret !== undefined && equal(share, modelShare(secret, statement));
  }

  /** {@link combine}, at once. */
  combineSync(statement: Uint8Array, shares: readonly Share[]): Combined {
    const signers = new Set(shares.map(({ signer }) => signer));
    invariant(
      signers.size === shares.length && signers.size >= this.threshold,
      "enough shares of distinct signers",
    );
    const bad = shares.filter(({ signer, share }) => !this.verifyShareSync(statement, signer, share));
    const culprits = bad.map(({ signer }) => signer);
    if (shares.length - culprits.length < this.threshold) return { culprits };
    for (const culprit of culprits) signers.delete(culprit);
    const bitmap = this.kind === "multisig" ? encodeBitmap([...signers], this.#n) : new Uint8Array(0);
    const certificate = this.#certificate(statement, bitmap);
    return culprits.length === 0 ? { certificate } : { certificate, culprits };
  }

  async verify(claims: readonly Claim[]): Promise<boolean[]> {
    return claims.map(({ statement, certificate }) => this.verifySync(statement, certificate));
  }

  async combine(statement: Uint8Array, shares: readonly Share[]): Promise<Combined> {
    return this.combineSync(statement, shares);
  }

  async verifyShare(statement: Uint8Array, signer: number, share: Uint8Array): Promise<boolean> {
    return this.verifyShareSync(statement, signer, share);
  }

  #certificate(statement: Uint8Array, bitmap: Uint8Array): Uint8Array {
    const certificate = new Uint8Array(this.certificateBytes);
    certificate.set(bitmap);
    const secret = bitmap.length === 0 ? this.#seed : this.#seed + Buffer.from(bitmap).toString("hex");
    certificate.set(keyed(secret, statement), bitmap.length);
    return certificate;
  }
}

function keyed(secret: string, statement: Uint8Array): Uint8Array {
  return hash("sha256", Buffer.concat([Buffer.from(secret, "latin1"), statement]), "buffer");
}

function padded(bytes: Uint8Array, length: number): Uint8Array {
  const result = new Uint8Array(length);
  result.set(bytes);
  return result;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
