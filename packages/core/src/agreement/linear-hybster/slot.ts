import type { Share } from "../../effects/effects.ts";
import { ShareCollection } from "../../effects/share-collection.ts";
import type { Digest, ReplicaId } from "../../kernel/ids.ts";
import type { Proposal } from "../../wire/messages.ts";
import { TrustedSlot } from "../shared/trusted/slot.ts";

/** What a replica keeps of one order number. */
export class Slot extends TrustedSlot {
  /** A peer has sent us its share: we are a collector of this slot. */
  collecting = false;
  /** What is being combined. */
  combining: Proposal | null = null;
  /** First share of each sender, as it came: unverified. */
  readonly #shares = new ShareCollection();

  override rebase(proposal: Proposal | null, onTheWay: boolean): void {
    super.rebase(proposal, onTheWay);
    this.collecting = false;
    this.#shares.clear();
  }

  addShare(from: ReplicaId, digest: Digest, share: Uint8Array): void {
    if (share.length > 0) this.#shares.add(from, digest, share);
  }

  condemn(culprit: ReplicaId): void {
    this.#shares.condemn([culprit]);
  }

  /** The shares that support the proposal, in the order of their signers, once there may be so many; none before. */
  supporting(quorum: number): Share[] {
    return this.proposal === null ? [] : this.#shares.supporting(this.proposal.digest, quorum);
  }
}
