import type { Share } from "../../effects/effects.ts";
import type { Digest, ReplicaId, SequenceNumber } from "../../kernel/ids.ts";
import type { Certificate, Proposal } from "../../wire/messages.ts";

/** What a replica keeps of one order number. */
export class Slot {
  readonly seq: SequenceNumber;
  /** The primary's Prepare, once it is here; a draft without certificate at the primary until its subsystem answers. */
  proposal: Proposal | null = null;
  /** Our own share is asked for; it will come. */
  signing = false;
  /** Our own share over the proposal. */
  share: Uint8Array | null = null;
  /** The commit certificate. */
  commit: Certificate | null = null;
  /** The value was handed to the layer above. */
  delivered = false;
  /** The log holds the Prepare with its value. */
  logged = false;
  /** The layer above found the value at fault: a function of its bytes, so for good. */
  refused = false;
  /** A peer has sent us its share: we are a collector of this slot. */
  collecting = false;
  /** A combine job is under way. */
  combining = false;
  /** Ticks of the pull timer since this slot has been waiting for something. */
  age = 0;
  /** First share of each sender, as it came: unverified. */
  readonly #shares = new Map<ReplicaId, { readonly digest: Digest; readonly share: Uint8Array }>();
  /** Senders whose share was bad. */
  readonly #culprits = new Set<ReplicaId>();

  constructor(seq: SequenceNumber) {
    this.seq = seq;
  }

  /** Decided here, and its value known. */
  get decided(): boolean {
    return this.commit !== null && this.proposal !== null && this.proposal.digest === this.commit.digest;
  }

  /** Certified by its primary: not a draft. */
  get certified(): boolean {
    return this.proposal !== null && this.proposal.certificate.length > 0;
  }

  addShare(from: ReplicaId, digest: Digest, share: Uint8Array): void {
    if (share.length > 0 && !this.#shares.has(from)) this.#shares.set(from, { digest, share });
  }

  condemn(culprit: ReplicaId): void {
    this.#culprits.add(culprit);
  }

  /** The shares that support the proposal, in the order of their signers. */
  supporting(n: number): Share[] {
    const shares: Share[] = [];
    if (this.proposal === null) return shares;
    for (let signer = 0; signer < n; signer += 1) {
      const found = this.#shares.get(signer);
      if (found === undefined || found.digest !== this.proposal.digest || this.#culprits.has(signer))
        continue;
      shares.push({ signer, share: found.share });
    }
    return shares;
  }
}
