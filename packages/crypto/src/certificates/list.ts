import { openEd25519, SIGNATURE_BYTES } from "../signatures/ed25519.ts";
import { SignatureVerifier } from "../signatures/verifier.ts";
import { bitmapBytes, decodeBitmap, encodeBitmap } from "./bitmap.ts";
import type { CertificateScheme, Claim, Combined, Share } from "./scheme.ts";

/** Most signers of a list: their certificates grow with the threshold, and stay within a kilobyte or so. */
export const LIST_SIGNERS_MAX = 32;

/**
 * Ed25519 signatures side by side, with the bitmap of their signers: a certificate of 64 bytes for each of exactly
 * `threshold` signers. No aggregation, so no proof of possession; a tenth of the time of a pairing while the group is
 * small. Any signature is good or bad on its own, so a bad share is known at once.
 */
export class ListScheme implements CertificateScheme {
  readonly kind = "list";
  readonly threshold: number;
  readonly certificateBytes: number;
  readonly #keys: readonly Uint8Array[];
  readonly #bitmapBytes: number;
  readonly #signatures: SignatureVerifier = new SignatureVerifier(openEd25519(), false);

  constructor({ threshold, keys }: { readonly threshold: number; readonly keys: readonly Uint8Array[] }) {
    this.threshold = threshold;
    this.#keys = keys;
    this.#bitmapBytes = bitmapBytes(keys.length);
    this.certificateBytes = this.#bitmapBytes + threshold * SIGNATURE_BYTES;
  }

  verify(claims: readonly Claim[]): Promise<boolean[]> {
    return Promise.all(claims.map((claim) => this.#verifyOne(claim)));
  }

  async combine(statement: Uint8Array, shares: readonly Share[]): Promise<Combined> {
    const chosen = shares.slice(0, this.threshold);
    const first = await this.#verdicts(statement, chosen);
    if (first.every((good) => good)) return { certificate: this.#join(chosen) };
    const verdicts = [...first, ...(await this.#verdicts(statement, shares.slice(this.threshold)))];
    const culprits = shares.filter((_, i) => verdicts[i] !== true).map(({ signer }) => signer);
    const good = shares.filter((_, i) => verdicts[i] === true);
    if (good.length < this.threshold) return { culprits };
    return { certificate: this.#join(good.slice(0, this.threshold)), culprits };
  }

  async verifyShare(statement: Uint8Array, signer: number, share: Uint8Array): Promise<boolean> {
    const [good] = await this.#verdicts(statement, [{ signer, share }]);
    return good === true;
  }

  async #verifyOne({ statement, certificate }: Claim): Promise<boolean> {
    if (certificate.length !== this.certificateBytes) return false;
    const signers = decodeBitmap(certificate.subarray(0, this.#bitmapBytes), this.#keys.length);
    if (signers === undefined || signers.length !== this.threshold) return false;
    const shares = signers.map((signer, i) => {
      const at = this.#bitmapBytes + i * SIGNATURE_BYTES;
      return { signer, share: certificate.subarray(at, at + SIGNATURE_BYTES) };
    });
    return (await this.#verdicts(statement, shares)).every((good) => good);
  }

  #verdicts(message: Uint8Array, shares: readonly Share[]): Promise<boolean[]> {
    const nobody = new Uint8Array(0);
    return this.#signatures.verifyMany(
      shares.map(({ signer, share }) => ({
        publicKey: this.#keys[signer] ?? nobody,
        message,
        signature: share,
      })),
    );
  }

  /** In the order of the signers: one set of signatures has one spelling. */
  #join(shares: readonly Share[]): Uint8Array {
    const ordered = [...shares].sort((a, b) => a.signer - b.signer);
    const certificate = new Uint8Array(this.certificateBytes);
    const signers = ordered.map(({ signer }) => signer);
    certificate.set(encodeBitmap(signers, this.#keys.length));
    for (const [i, { share }] of ordered.entries()) {
      certificate.set(share, this.#bitmapBytes + i * SIGNATURE_BYTES);
    }
    return certificate;
  }
}
