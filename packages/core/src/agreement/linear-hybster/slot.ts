import type { Share } from "../../effects/effects.ts";
import type { Digest, ReplicaId } from "../../kernel/ids.ts";
import type { Proposal } from "../../wire/messages.ts";
import { TrustedSlot } from "../shared/trusted/slot.ts";

/** What a replica keeps of one order number. */
export class Slot extends TrustedSlot {
  /** A peer has sent us its share: we are a collector of this slot. */
  collecting = false;
  /** What is being combined. */
  combining: Proposal | null = null;
  /** First share of each sender, as it came: unverified. Only collectors have any. */
  readonly #shares: Map<ReplicaId, { readonly digest: Digest; readonly share: Uint8Array }> = new Map();
  /** Senders whose share was bad. */
  readonly #culprits = new Set<ReplicaId>();
  /** How many shares there are of each digest, bad ones too. */
  readonly #counts: { readonly digest: Digest; count: number }[] = [];

  override rebase(proposal: Proposal | null, onTheWay: boolean): void {
    super.rebase(proposal, onTheWay);
    this.collecting = false;
    this.#shares.clear();
    this.#culprits.clear();
    this.#counts.length = 0;
  }

  addShare(from: ReplicaId, digest: Digest, share: Uint8Array): void {
    if (share.length === 0 || this.#shares.has(from)) return;
    this.#shares.set(from, { digest, share });
    const known = this.#counts.find((each) => each.digest === digest);
    if (known === undefined) this.#counts.push({ digest, count: 1 });
    else known.count += 1;
  }

  condemn(culprit: ReplicaId): void {
    this.#culprits.add(culprit);
  }

  /** The shares that support the proposal, in the order of their signers, once there are so many; none before. */
  supporting(n: number, quorum: number): Share[] {
    const shares: Share[] = [];
    if (this.proposal === null) return shares;
    const { digest } = this.proposal;
    if ((this.#counts.find((each) => each.digest === digest)?.count ?? 0) < quorum) return shares;
    for (let signer = 0; signer < n; signer += 1) {
      const found = this.#shares.get(signer);
      if (found === undefined || found.digest !== this.proposal.digest || this.#culprits.has(signer))
        continue;
      shares.push({ signer, share: found.share });
    }
    return shares;
  }
}
