import type { Share } from "../effects/effects.ts";
import type { Digest, ReplicaId } from "../kernel/ids.ts";

/**
 * Shares over one statement, as a collector gathers them: unverified, the first of each sender, set apart by what they
 * support. Used for execution proofs and checkpoints alike.
 */
export class ShareCollection {
  readonly #shares = new Map<ReplicaId, { readonly root: Digest; readonly share: Uint8Array }>();
  readonly #culprits = new Set<ReplicaId>();
  /** A combine job is under way. */
  combining = false;

  /** Whether this is the sender's first share. */
  add(from: ReplicaId, root: Digest, share: Uint8Array): boolean {
    if (this.#shares.has(from)) return false;
    this.#shares.set(from, { root, share });
    return true;
  }

  condemn(culprits: readonly ReplicaId[]): void {
    for (const culprit of culprits) this.#culprits.add(culprit);
  }

  /** Shares that support this root, in the order of their signers. */
  supporting(root: Digest): Share[] {
    const shares: Share[] = [];
    for (const [signer, { root: supported, share }] of this.#shares) {
      if (supported === root && !this.#culprits.has(signer)) shares.push({ signer, share });
    }
    return shares.sort((a, b) => a.signer - b.signer);
  }
}
