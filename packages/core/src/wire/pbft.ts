import type { Digest, ReplicaId, SequenceNumber, View } from "../kernel/ids.ts";
import type { Anchor } from "./anchor.ts";
import { type Message, MessageKind } from "./messages.ts";

/** Digests that a replica reports of one slot at most. */
export const DIGESTS_PER_SLOT_MAX = 16;

/** One replica's signature among others in the same message. */
export interface Signed {
  readonly signer: ReplicaId;
  readonly signature: Uint8Array;
}

/**
 * That a value was prepared: pre-prepared by its primary, and prepared by enough others. With signatures it proves that; with
 * MACs it is a claim of whoever sends it, and header and votes are left out. Also a record of the log.
 */
export class PreparedCertificate implements Message {
  readonly kind: MessageKind = MessageKind.PbftPrepared;
  readonly view: View;
  readonly seq: SequenceNumber;
  readonly digest: Digest;
  /** Of the pre-prepare's header. */
  readonly extension: number;
  /** The primary's signature of the header. */
  readonly certificate: Uint8Array;
  /** Signed Prepares, in ascending order of their signers. */
  readonly votes: readonly Signed[];

  constructor(fields: Omit<PreparedCertificate, "kind">) {
    this.view = fields.view;
    this.seq = fields.seq;
    this.digest = fields.digest;
    this.extension = fields.extension;
    this.certificate = fields.certificate;
    this.votes = fields.votes;
  }
}

/** That a replica pre-prepared a digest, and in which view last: an entry of `Q` (pbft.md 7). */
export interface PrePrepared {
  readonly seq: SequenceNumber;
  readonly digest: Digest;
  readonly view: View;
}

/** A replica leaves its view for a higher one, and says what must not be forgotten (pbft.md 7 and 8). */
export class PbftViewChange implements Message {
  readonly kind: MessageKind = MessageKind.PbftViewChange;
  /** The view that it asks for. */
  readonly view: View;
  readonly sender: ReplicaId;
  /** The newest stable checkpoint that it knows; null before the first. */
  readonly anchor: Anchor | null;
  /** `P`, in ascending order of slots. */
  readonly prepared: readonly PreparedCertificate[];
  /** `Q`, in ascending order of slots, then of digests. Empty with signatures. */
  readonly preprepared: readonly PrePrepared[];
  /** `c` of dqbft.md 4.2: established view changes, faded by good work. */
  readonly count: number;
  /** Empty with MACs. */
  readonly signature: Uint8Array;

  constructor(fields: Omit<PbftViewChange, "kind">) {
    this.view = fields.view;
    this.sender = fields.sender;
    this.anchor = fields.anchor;
    this.prepared = fields.prepared;
    this.preprepared = fields.preprepared;
    this.count = fields.count;
    this.signature = fields.signature;
  }
}

/** Names a view change by its sender and its bytes. */
export interface ViewChangeName {
  readonly sender: ReplicaId;
  readonly digest: Digest;
}

/** To the new primary: this view change was authentic here too. */
export class PbftViewChangeAck implements Message {
  readonly kind: MessageKind = MessageKind.PbftViewChangeAck;
  readonly view: View;
  /** Whose view change. */
  readonly sender: ReplicaId;
  readonly digest: Digest;

  constructor(fields: Omit<PbftViewChangeAck, "kind">) {
    this.view = fields.view;
    this.sender = fields.sender;
    this.digest = fields.digest;
  }
}

/** A voucher: the forwarder has found this view change authentic (pbft.md 7). */
export class PbftViewChangeForward implements Message {
  readonly kind: MessageKind = MessageKind.PbftViewChangeForward;
  readonly viewChange: PbftViewChange;

  constructor(viewChange: PbftViewChange) {
    this.viewChange = viewChange;
  }
}

/** What a new view proposes at one slot, with its primary's signature of that header. */
export interface Selection {
  readonly seq: SequenceNumber;
  readonly digest: Digest;
  readonly certificate: Uint8Array;
}

/** The new primary opens a view: on which view changes, and what follows from them. Signed, so that it can be passed on. */
export class PbftNewView implements Message {
  readonly kind: MessageKind = MessageKind.PbftNewView;
  readonly view: View;
  /** `V`, in ascending order of senders. */
  readonly changes: readonly ViewChangeName[];
  /** The highest one in `V`. */
  readonly anchor: Anchor | null;
  /** `X`: every slot from the anchor's low up to the highest prepared one. */
  readonly selections: readonly Selection[];
  /** `nvCount` of dqbft.md 4.2. */
  readonly count: number;
  /** Of every header of the view. */
  readonly extension: number;
  readonly signature: Uint8Array;

  constructor(fields: Omit<PbftNewView, "kind">) {
    this.view = fields.view;
    this.changes = fields.changes;
    this.anchor = fields.anchor;
    this.selections = fields.selections;
    this.count = fields.count;
    this.extension = fields.extension;
    this.signature = fields.signature;
  }
}

/** "I sent Commit for this digest", signed: some of them are transferable evidence of a decision (dqbft.md 2, H30). */
export class CommitStatement implements Message {
  readonly kind: MessageKind = MessageKind.CommitStatement;
  readonly view: View;
  readonly seq: SequenceNumber;
  readonly digest: Digest;
  readonly signer: ReplicaId;
  readonly signature: Uint8Array;

  constructor(fields: Omit<CommitStatement, "kind">) {
    this.view = fields.view;
    this.seq = fields.seq;
    this.digest = fields.digest;
    this.signer = fields.signer;
    this.signature = fields.signature;
  }
}

/** Asks for commit statements about a slot. */
export class FetchStatement implements Message {
  readonly kind: MessageKind = MessageKind.FetchStatement;
  readonly seq: SequenceNumber;

  constructor(seq: SequenceNumber) {
    this.seq = seq;
  }
}

/** Asks for the view changes of a view that a NewView rests on and that are not here: `vcHave` of pbft.md 2, turned round. */
export class PbftStatus implements Message {
  readonly kind: MessageKind = MessageKind.PbftStatus;
  readonly view: View;
  readonly wanted: readonly ViewChangeName[];

  constructor(view: View, wanted: readonly ViewChangeName[]) {
    this.view = view;
    this.wanted = wanted;
  }
}

/** In the log only: where a replica is in its views. */
export class PbftViewState implements Message {
  readonly kind: MessageKind = MessageKind.PbftViewState;
  /** Its own view change for the view that it is in or on its way to. */
  readonly viewChange: PbftViewChange;
  /** Of the last view that it entered; null for view 0. */
  readonly newView: PbftNewView | null;

  constructor(viewChange: PbftViewChange, newView: PbftNewView | null) {
    this.viewChange = viewChange;
    this.newView = newView;
  }
}
