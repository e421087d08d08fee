import { CheckKind, Domain, SIGNATURE_BYTES } from "../bls/backend.ts";
import type { CheckQueue } from "../bls/check-queue.ts";
import { combineOptimistically, joinShares } from "./optimistic.ts";
import { type CertificateScheme, type Claim, type Combined, SHARE_BYTES, type Share } from "./scheme.ts";

const NO_SIGNERS: readonly number[] = [];

/** The keys of a threshold scheme, parsed. */
export interface ThresholdPoints {
  readonly threshold: number;
  /** What certificates verify against. */
  readonly group: Uint8Array;
  /** What each signer's shares verify against. */
  readonly shares: readonly Uint8Array[];
}

/** BLS threshold signatures: a certificate is one signature under the group's key, whoever took part. */
export class ThresholdScheme implements CertificateScheme {
  readonly kind = "threshold";
  readonly threshold: number;
  readonly certificateBytes: number = SIGNATURE_BYTES;
  readonly #queue: CheckQueue;
  readonly #keys: ThresholdPoints;

  constructor(queue: CheckQueue, keys: ThresholdPoints) {
    this.threshold = keys.threshold;
    this.#queue = queue;
    this.#keys = keys;
  }

  verify(claims: readonly Claim[]): Promise<boolean[]> {
    return Promise.all(claims.map((claim) => this.#verifyOne(claim)));
  }

  combine(statement: Uint8Array, shares: readonly Share[]): Promise<Combined> {
    const combiner = {
      n: this.#keys.shares.length,
      threshold: this.threshold,
      attempt: (chosen: readonly Share[]) => this.#attempt(statement, chosen),
      verifyShare: ({ signer, share }: Share) => this.verifyShare(statement, signer, share),
    };
    return combineOptimistically(combiner, shares);
  }

  async verifyShare(statement: Uint8Array, signer: number, share: Uint8Array): Promise<boolean> {
    const key = this.#keys.shares[signer];
    if (key === undefined || share.length !== SHARE_BYTES) return false;
    const check = {
      kind: CheckKind.Share,
      domain: Domain.Threshold,
      statement,
      points: share,
      signers: NO_SIGNERS,
      key,
    };
    return (await this.#queue.check(check)) !== undefined;
  }

  async #verifyOne({ statement, certificate }: Claim): Promise<boolean> {
    if (certificate.length !== SIGNATURE_BYTES) return false;
    const points = certificate;
    const key = this.#keys.group;
    const check = {
      kind: CheckKind.Certificate,
      domain: Domain.Threshold,
      statement,
      points,
      signers: NO_SIGNERS,
      key,
    };
    return (await this.#queue.check(check)) !== undefined;
  }

  #attempt(statement: Uint8Array, shares: readonly Share[]): Promise<Uint8Array | undefined> {
    return this.#queue.check({
      kind: CheckKind.Interpolate,
      domain: Domain.Threshold,
      statement,
      points: joinShares(shares),
      signers: shares.map(({ signer }) => signer),
      key: this.#keys.group,
    });
  }
}
