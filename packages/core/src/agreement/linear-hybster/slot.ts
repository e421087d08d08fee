import type { Share } from "../../effects/effects.ts";
import type { Digest, ReplicaId, SequenceNumber, View } from "../../kernel/ids.ts";
import type { Certificate, Proposal } from "../../wire/messages.ts";

/** What a replica keeps of one order number. */
export class Slot {
  readonly seq: SequenceNumber;
  /**
   * The Prepare of the base view, once it is here; a draft without certificate at the primary until its subsystem answers; a
   * header without its value where a NewView re-proposes what we have executed.
   */
  proposal: Proposal | null = null;
  /** Our own share is asked for; it will come. */
  signing = false;
  /** Our own share over the proposal. */
  share: Uint8Array | null = null;
  /** A commit certificate, of whatever view. */
  commit: Certificate | null = null;
  /** The value was handed to the layer above. */
  delivered = false;
  /** What the log holds of it: a Prepare of this view with this value. */
  logged: { readonly view: View; readonly digest: Digest } | null = null;
  /** The layer above found the value at fault: a function of its bytes, so for good. */
  refused = false;
  /** A peer has sent us its share: we are a collector of this slot. */
  collecting = false;
  /** What is being combined. */
  combining: Proposal | null = null;
  /** Ticks of the pull timer since this slot has been waiting for something. */
  age = 0;
  /** The last Prepare that came of an earlier view: its value may be the one that was decided. */
  elder: Proposal | null = null;
  /** The Prepare of the newest view after the base that came: our vote waits for that view's NewView. */
  later: Proposal | null = null;
  /** Values that ViewChanges and NewViews speak of, got by their digests, and those that we may be asked for. */
  readonly bodies: Map<Digest, Proposal> = new Map();
  /** First share of each sender, as it came: unverified. */
  readonly #shares = new Map<ReplicaId, { readonly digest: Digest; readonly share: Uint8Array }>();
  /** Senders whose share was bad. */
  readonly #culprits = new Set<ReplicaId>();

  constructor(seq: SequenceNumber) {
    this.seq = seq;
  }

  /** Decided here, and its value known. */
  get decided(): boolean {
    return this.commit !== null && this.body(this.commit.digest) !== null;
  }

  /** Certified by its primary: not a draft. */
  get certified(): boolean {
    return this.proposal !== null && this.proposal.certificate.length > 0;
  }

  /** A proposal with this value, of any view. */
  body(digest: Digest): Proposal | null {
    for (const proposal of [this.proposal, this.later, this.elder]) {
      if (proposal !== null && proposal.value !== null && proposal.digest === digest) return proposal;
    }
    return this.bodies.get(digest) ?? null;
  }

  /** What can be shown of the decision, or of the proposal before there is one. */
  get shown(): Proposal | null {
    return this.commit === null ? this.proposal : (this.body(this.commit.digest) ?? this.proposal);
  }

  /**
   * Another base: votes begin anew. Values stay that a ViewChange of ours has listed, if we are still on our way; else only
   * what is decided and what the new view proposes.
   */
  rebase(proposal: Proposal | null, onTheWay: boolean): void {
    const before = this.proposal;
    const decided = this.commit === null ? null : this.body(this.commit.digest);
    if (!onTheWay) this.bodies.clear();
    else if (before !== null && before.value !== null) this.bodies.set(before.digest, before);
    if (decided !== null && decided.digest !== proposal?.digest) this.bodies.set(decided.digest, decided);
    this.elder = null;
    this.proposal = proposal;
    this.signing = false;
    this.share = null;
    this.refused = false;
    this.collecting = false;
    this.age = 0;
    this.#shares.clear();
    this.#culprits.clear();
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
