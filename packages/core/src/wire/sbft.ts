import type { Digest, ReplicaId, SequenceNumber, View } from "../kernel/ids.ts";
import { type Anchor, writeAnchor } from "./anchor.ts";
import { type Message, MessageKind } from "./messages.ts";
import type { PbftNewView } from "./pbft.ts";
import type { Hash } from "./value.ts";
import { Writer } from "./writer.ts";

/** A replica's shares for a proposal, for the collectors: one for each path (`SignShare` of sbft.md 2). */
export class SbftShare implements Message {
  readonly kind: MessageKind = MessageKind.SbftShare;
  readonly view: View;
  readonly seq: SequenceNumber;
  readonly digest: Digest;
  /** Of scheme sigma. */
  readonly fast: Uint8Array;
  /** Of scheme tau. */
  readonly share: Uint8Array;

  constructor(fields: Omit<SbftShare, "kind">) {
    this.view = fields.view;
    this.seq = fields.seq;
    this.digest = fields.digest;
    this.fast = fields.fast;
    this.share = fields.share;
  }
}

/** A prepare certificate, as a view change shows it. */
export interface SlowReport {
  readonly view: View;
  readonly digest: Digest;
  /** `tau(h)`. */
  readonly aggregate: Uint8Array;
}

/** What a replica voted for last, as a view change shows it. */
export interface FastReport {
  readonly view: View;
  readonly digest: Digest;
  /** `sigma_i(h)` of the view change's sender. */
  readonly share: Uint8Array;
}

/** What a view change says of one slot: one of the two at least. */
export interface SlotReport {
  readonly seq: SequenceNumber;
  readonly slow: SlowReport | null;
  readonly fast: FastReport | null;
}

/** A replica leaves its view for a higher one, and says what must not be forgotten (sbft.md 7). A draft until it is signed. */
export class SbftViewChange implements Message {
  readonly kind: MessageKind = MessageKind.SbftViewChange;
  /** The view that it asks for. */
  readonly view: View;
  readonly sender: ReplicaId;
  /** The newest stable checkpoint that it knows; null before the first. */
  readonly anchor: Anchor | null;
  /** In ascending order of slots. */
  readonly slots: readonly SlotReport[];
  /** `c` of dqbft.md 4.2: established view changes, faded by good work. */
  readonly count: number;
  /** Empty in a draft. */
  readonly signature: Uint8Array;
  /** Of all but the signature: what the signature covers, and the name by which a NewView calls it. */
  readonly digest: Digest;

  private constructor(fields: Omit<SbftViewChange, "kind" | "signed">) {
    this.view = fields.view;
    this.sender = fields.sender;
    this.anchor = fields.anchor;
    this.slots = fields.slots;
    this.count = fields.count;
    this.signature = fields.signature;
    this.digest = fields.digest;
  }

  static of(fields: Omit<SbftViewChange, "kind" | "signed" | "digest">, hash: Hash): SbftViewChange {
    const out = new Writer(256 + fields.slots.length * 256);
    writeSbftChange(fields, out);
    return new SbftViewChange({ ...fields, digest: hash(out.finish()) });
  }

  /** The same message, signed. */
  signed(signature: Uint8Array): SbftViewChange {
    return new SbftViewChange({ ...this, signature });
  }
}

/** A view change of another replica, passed on: its signature speaks for it. */
export class SbftViewChangeForward implements Message {
  readonly kind: MessageKind = MessageKind.SbftViewChangeForward;
  readonly viewChange: SbftViewChange;

  constructor(viewChange: SbftViewChange) {
    this.viewChange = viewChange;
  }
}

/** In the log only: where a replica is in its views. */
export class SbftViewState implements Message {
  readonly kind: MessageKind = MessageKind.SbftViewState;
  /** Its own view change for the view that it is in or on its way to. */
  readonly viewChange: SbftViewChange;
  /** Of the last view that it entered; null for view 0. */
  readonly newView: PbftNewView | null;

  constructor(viewChange: SbftViewChange, newView: PbftNewView | null) {
    this.viewChange = viewChange;
    this.newView = newView;
  }
}

/** Writes a view change without its signature. */
export function writeSbftChange(
  change: Omit<SbftViewChange, "kind" | "signed" | "digest">,
  out: Writer,
): void {
  const { view, sender, anchor, slots, count } = change;
  out
    .u48(view)
    .u16(sender)
    .u48(count)
    .u8(anchor === null ? 0 : 1);
  if (anchor !== null) writeAnchor(anchor, out);
  out.u32(slots.length);
  for (const { seq, slow, fast } of slots) {
    out.u48(seq).u8((slow === null ? 0 : 1) + (fast === null ? 0 : 2));
    if (slow !== null) out.u48(slow.view).digest(slow.digest).bytes(slow.aggregate);
    if (fast !== null) out.u48(fast.view).digest(fast.digest).bytes(fast.share);
  }
}
