import type { Digest, SequenceNumber, View } from "../../../kernel/ids.ts";
import type { Proposal } from "../../../wire/messages.ts";
import { SlotBodies } from "../slot-bodies.ts";

/** What a slot is decided to hold, and by which view; null if nobody has said which. */
export interface Decided {
  readonly digest: Digest;
  readonly view: View | null;
}

/** What a replica keeps of one order number, in protocols that rely on no trusted subsystem. */
export abstract class UntrustedSlot {
  readonly seq: SequenceNumber;
  /** Of the newest view that had one here. Without a value while the body is missing; a draft until it is signed. */
  proposal: Proposal | null = null;
  /** We stand by it: it is durable, and we vote for it. */
  accepted = false;
  /** The layer above found the value at fault: a function of its bytes, so for good. */
  refused = false;
  /** A proposal that could not be taken when it came: of a view to come, or perhaps the decided one. The last such. */
  spare: Proposal | null = null;
  /** Proposals with their values, by digest: those that view changes may come back to. */
  readonly bodies: SlotBodies = new SlotBodies((digest) => this.#isNeeded(digest));
  /** What the log holds a proposal of. */
  logged: Digest | null = null;
  /** The decided digest. */
  decision: Digest | null = null;
  /** The view that decided it; null if nobody has said which. */
  decidedIn: View | null = null;
  /** The value was handed to the layer above. */
  delivered = false;
  /** Ticks of the pull timer since this slot has been waiting for something. */
  age = 0;

  constructor(seq: SequenceNumber) {
    this.seq = seq;
  }

  /** What was prepared here, in the newest view. */
  abstract prepared: { readonly view: View; readonly digest: Digest } | null;

  /** Whether a view change of ours may speak of this digest. */
  abstract mayReport(digest: Digest): boolean;

  #isNeeded(digest: Digest): boolean {
    return digest === this.decision || digest === this.prepared?.digest;
  }

  /** A body for this digest, if one is here. */
  body(digest: Digest): Proposal | null {
    const kept = this.bodies.get(digest);
    if (kept !== undefined) return kept;
    return this.spare?.digest === digest ? this.spare : null;
  }
}
