import type { Digest, ReplicaId } from "../kernel/ids.ts";
import type { Share } from "./effects.ts";

interface Supporting extends Share {
  /** What the share is about. */
  readonly subject: Digest;
}

/** Up to so many shares are looked through, rather than looked up: most collections hold our own and the primary's. */
const FEW = 8;

/**
 * Shares over one statement, as a collector gathers them: unverified, the first of each sender, set apart by what they
 * support. Small as long as it holds few: there is one for every slot.
 */
export class ShareCollection {
  #shares: Supporting[] = [];
  /** Who has sent one, if these are many. */
  #senders: Set<ReplicaId> | null = null;
  #culprits: Set<ReplicaId> | null = null;
  /** A combine job is under way. */
  combining = false;

  /** Whether this is the sender's first share. */
  add(from: ReplicaId, subject: Digest, share: Uint8Array): boolean {
    if (this.#has(from)) return false;
    this.#shares.push({ signer: from, share, subject });
    this.#senders?.add(from);
    if (this.#senders === null && this.#shares.length > FEW) {
      this.#senders = new Set(this.#shares.map(({ signer }) => signer));
    }
    return true;
  }

  condemn(culprits: readonly ReplicaId[]): void {
    this.#culprits ??= new Set();
    for (const culprit of culprits) this.#culprits.add(culprit);
  }

  /** Shares that support it, in the order of their signers, once there may be so many; none before. */
  supporting(subject: Digest, threshold: number): Share[] {
    if (this.#shares.length < threshold) return [];
    const shares: Share[] = [];
    for (const { signer, share, subject: supported } of this.#shares) {
      if (supported === subject && !this.#isCulprit(signer)) shares.push({ signer, share });
    }
    return shares.sort((a, b) => a.signer - b.signer);
  }

  /** Forgets all of it. */
  clear(): void {
    this.#shares = [];
    this.#senders = null;
    this.#culprits = null;
  }

  #has(sender: ReplicaId): boolean {
    if (this.#senders !== null) return this.#senders.has(sender);
    return this.#shares.some(({ signer }) => signer === sender);
  }

  #isCulprit(signer: ReplicaId): boolean {
    return this.#culprits?.has(signer) === true;
  }
}
