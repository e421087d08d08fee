import type { Share } from "../effects/effects.ts";
import type { Digest, ReplicaId } from "../kernel/ids.ts";

/**
 * Shares over one statement, as a collector gathers them: unverified, the first of each sender, set apart by what they
 * support. Used for execution proofs and checkpoints alike.
 */
export class ShareCollection {
  readonly #shares = new Map<ReplicaId, { readonly root: Digest; readonly share: Uint8Array }>();
  readonly #culprits = new Set<ReplicaId>();
  /** How many shares there are of each root, bad ones too. */
  readonly #counts = new Map<Digest, number>();
  /** A combine job is under way. */
  combining = false;

  /** Whether this is the sender's first share. */
  add(from: ReplicaId, root: Digest, share: Uint8Array): boolean {
    if (this.#shares.has(from)) return false;
    this.#shares.set(from, { root, share });
    this.#counts.set(root, (this.#counts.get(root) ?? 0) + 1);
    return true;
  }

  condemn(culprits: readonly ReplicaId[]): void {
    for (const culprit of culprits) this.#culprits.add(culprit);
  }

  /** Shares that support this root, in the order of their signers, once there are so many; none before. */
  supporting(root: Digest, threshold: number): Share[] {
    const shares: Share[] = [];
    if ((this.#counts.get(root) ?? 0) < threshold) return shares;
    for (const [signer, { root: supported, share }] of this.#shares) {
      if (supported === root && !this.#culprits.has(signer)) shares.push({ signer, share });
    }
    return shares.sort((a, b) => a.signer - b.signer);
  }
}
