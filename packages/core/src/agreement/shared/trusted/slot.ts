import type { Digest, SequenceNumber } from "../../../kernel/ids.ts";
import { type Certificate, MessageKind, Proposal } from "../../../wire/messages.ts";
import type { Value } from "../../../wire/value.ts";
import { SlotBodies } from "../slot-bodies.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** What a replica keeps of one order number, whatever its votes are. */
export class TrustedSlot {
  readonly seq: SequenceNumber;
  /**
   * The Prepare of the base view, once it is here; a draft without certificate at the primary until its subsystem answers; a
   * header without its value where a NewView re-proposes what we have executed.
   */
  proposal: Proposal | null = null;
  /** Our own vote is asked for; it will come. */
  signing = false;
  /** Our own vote for the proposal: a share or a certificate. */
  share: Uint8Array | null = null;
  /** A commit certificate, of whatever view. */
  commit: Certificate | null = null;
  /** The value was handed to the layer above. */
  delivered = false;
  /** What the log holds of it: the header of a Prepare, its value too. */
  logged: Proposal | null = null;
  /** The layer above found the value at fault: a function of its bytes, so for good. */
  refused = false;
  /** Ticks of the pull timer since this slot has been waiting for something. */
  age = 0;
  /** The last Prepare that came of an earlier view: its value may be the one that was decided. */
  elder: Proposal | null = null;
  /** The Prepare of the newest view after the base that came: our vote waits for that view's NewView. */
  later: Proposal | null = null;
  /** Made when one is kept: thousands of slots have no other values than those named above. */
  #bodies: SlotBodies | null = null;

  constructor(seq: SequenceNumber) {
    this.seq = seq;
  }

  /** Values that ViewChanges and NewViews speak of, got by their digests, and those that we may be asked for. */
  get bodies(): SlotBodies {
    this.#bodies ??= new SlotBodies((digest) => this.commit?.digest === digest);
    return this.#bodies;
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
    return (
      offers(this.proposal, digest) ??
      offers(this.later, digest) ??
      offers(this.elder, digest) ??
      this.#bodies?.get(digest) ??
      null
    );
  }

  /** Keeps the value that this certificate decided, whose Prepare is not here: of use for ourselves alone. */
  keepValue({ view, seq, digest, extension }: Certificate, value: Value): void {
    const header = { kind: MessageKind.Prepare, view, seq, digest, extension };
    const empty = { certificate: NOTHING, share: NOTHING, evidence: [] };
    this.bodies.set(digest, new Proposal({ ...header, ...empty, value }));
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
    if (!onTheWay) this.#bodies?.clear();
    else if (before !== null && before.value !== null) this.bodies.set(before.digest, before);
    if (decided !== null && decided.digest !== proposal?.digest) this.bodies.set(decided.digest, decided);
    this.elder = null;
    this.proposal = proposal;
    this.signing = false;
    this.share = null;
    this.refused = false;
    this.age = 0;
  }
}

/** The proposal, if it has the value with this digest. */
function offers(proposal: Proposal | null, digest: Digest): Proposal | null {
  if (proposal !== null && proposal.value !== null && proposal.digest === digest) return proposal;
  return null;
}
