import { invariant } from "@destiny/core/kernel/invariant";
import { type Combined, SHARE_BYTES, type Share } from "./scheme.ts";

/** What a scheme does with shares. */
export interface Combiner {
  readonly n: number;
  readonly threshold: number;
  /** The certificate of exactly `threshold` shares, if it verifies. */
  attempt(shares: readonly Share[]): Promise<Uint8Array | undefined>;
  /** Whether one share is good. */
  verifyShare(share: Share): Promise<boolean>;
}

/**
 * Combines without looking at single shares, and looks at all of them only if the result does not verify: one bad share
 * costs one batch more, and then its signer is known.
 */
export async function combineOptimistically(combiner: Combiner, shares: readonly Share[]): Promise<Combined> {
  const signers = new Set(shares.map(({ signer }) => signer));
  const known = shares.every(({ signer }) => Number.isInteger(signer) && signer >= 0 && signer < combiner.n);
  invariant(known && signers.size === shares.length, "shares of distinct signers of the group");
  invariant(shares.length >= combiner.threshold, "enough shares to combine");
  const chosen = shares.slice(0, combiner.threshold);
  if (chosen.every(({ share }) => share.length === SHARE_BYTES)) {
    const certificate = await combiner.attempt(chosen);
    if (certificate !== undefined) return { certificate };
  }
  const verdicts = await Promise.all(shares.map((share) => combiner.verifyShare(share)));
  const culprits = shares.filter((_, i) => verdicts[i] !== true).map(({ signer }) => signer);
  const good = shares.filter((_, i) => verdicts[i] === true);
  if (good.length < combiner.threshold) return { culprits };
  const retried = good.slice(0, combiner.threshold);
  const certificate = await combiner.attempt(retried);
  // Good shares do not combine only if their signers' keys add up to nothing, which takes all of them to arrange.
  if (certificate === undefined) return { culprits: [...culprits, ...retried.map(({ signer }) => signer)] };
  return { certificate, culprits };
}

/** The shares' points one after the other. */
export function joinShares(shares: readonly Share[]): Uint8Array {
  return Buffer.concat(shares.map(({ share }) => share));
}
