import { type BlsBackend, CheckKind, Domain, SIGNATURE_BYTES } from "../bls/backend.ts";
import type { CheckQueue } from "../bls/check-queue.ts";
import { bitmapBytes, decodeBitmap, encodeBitmap } from "./bitmap.ts";
import { combineOptimistically, joinShares } from "./optimistic.ts";
import { type CertificateScheme, type Claim, type Combined, SHARE_BYTES, type Share } from "./scheme.ts";

/** Most sets of signers whose key sum is kept, the least recently used dropped first: 192 bytes each and its bitmap. */
const SUMS_MAX = 1024;
const NO_SIGNERS: readonly number[] = [];

/** The keys of a multi-signature scheme, parsed, each with a verified proof of possession. */
export interface MultisigPoints {
  readonly threshold: number;
  readonly members: readonly Uint8Array[];
}

/** BLS multi-signatures: a certificate is the bitmap of its signers and the sum of their signatures. */
export class MultisigScheme implements CertificateScheme {
  readonly kind = "multisig";
  readonly threshold: number;
  readonly certificateBytes: number;
  readonly #backend: BlsBackend;
  readonly #queue: CheckQueue;
  readonly #members: readonly Uint8Array[];
  readonly #bitmapBytes: number;
  readonly #sums = new Map<string, Uint8Array>();

  constructor(backend: BlsBackend, queue: CheckQueue, { threshold, members }: MultisigPoints) {
    this.threshold = threshold;
    this.#bitmapBytes = bitmapBytes(members.length);
    this.certificateBytes = this.#bitmapBytes + SIGNATURE_BYTES;
    this.#backend = backend;
    this.#queue = queue;
    this.#members = members;
  }

  verify(claims: readonly Claim[]): Promise<boolean[]> {
    return Promise.all(claims.map((claim) => this.#verifyOne(claim)));
  }

  combine(statement: Uint8Array, shares: readonly Share[]): Promise<Combined> {
    const combiner = {
      n: this.#members.length,
      threshold: this.threshold,
      attempt: (chosen: readonly Share[]) => this.#attempt(statement, chosen),
      verifyShare: ({ signer, share }: Share) => this.verifyShare(statement, signer, share),
    };
    return combineOptimistically(combiner, shares);
  }

  async verifyShare(statement: Uint8Array, signer: number, share: Uint8Array): Promise<boolean> {
    const key = this.#members[signer];
    if (key === undefined || share.length !== SHARE_BYTES) return false;
    const check = {
      kind: CheckKind.Share,
      domain: Domain.Multisig,
      statement,
      points: share,
      signers: NO_SIGNERS,
      key,
    };
    return (await this.#queue.check(check)) !== undefined;
  }

  async #verifyOne({ statement, certificate }: Claim): Promise<boolean> {
    if (certificate.length !== this.certificateBytes) return false;
    const key = this.#keyOf(certificate.subarray(0, this.#bitmapBytes));
    if (key === undefined) return false;
    const points = certificate.subarray(this.#bitmapBytes);
    const check = {
      kind: CheckKind.Certificate,
      domain: Domain.Multisig,
      statement,
      points,
      signers: NO_SIGNERS,
      key,
    };
    return (await this.#queue.check(check)) !== undefined;
  }

  async #attempt(statement: Uint8Array, shares: readonly Share[]): Promise<Uint8Array | undefined> {
    const signers = shares.map(({ signer }) => signer);
    const bitmap = encodeBitmap(signers, this.#members.length);
    const key = this.#keyOf(bitmap);
    if (key === undefined) return undefined;
    const points = joinShares(shares);
    const signature = await this.#queue.check({
      kind: CheckKind.Sum,
      domain: Domain.Multisig,
      statement,
      points,
      signers,
      key,
    });
    if (signature === undefined) return undefined;
    const certificate = new Uint8Array(this.certificateBytes);
    certificate.set(bitmap);
    certificate.set(signature, this.#bitmapBytes);
    return certificate;
  }

  /** The sum of the signers' keys, the same object for the same set while it is kept; undefined for a bad bitmap. */
  #keyOf(bitmap: Uint8Array): Uint8Array | undefined {
    const name = Buffer.from(bitmap.buffer, bitmap.byteOffset, bitmap.length).toString("latin1");
    const known = this.#sums.get(name);
    if (known !== undefined) {
      this.#sums.delete(name);
      this.#sums.set(name, known);
      return known;
    }
    const signers = decodeBitmap(bitmap, this.#members.length);
    if (signers === undefined || signers.length < this.threshold) return undefined;
    const sum = this.#backend.sumKeys(signers.flatMap((signer) => this.#members[signer] ?? []));
    if (sum !== undefined) this.#remember(name, sum);
    return sum;
  }

  #remember(name: string, sum: Uint8Array): void {
    const [oldest] = this.#sums.keys();
    if (this.#sums.size >= SUMS_MAX && oldest !== undefined) this.#sums.delete(oldest);
    this.#sums.set(name, sum);
  }
}
