import type { Digest, ReplicaId, SequenceNumber, View } from "../kernel/ids.ts";
import { type Anchor, writeAnchor } from "./anchor.ts";
import { type Certificate, type Message, MessageKind, type Proposal } from "./messages.ts";
import type { CounterValue } from "./statement.ts";
import type { Hash, Value } from "./value.ts";
import { Writer } from "./writer.ts";

/** Digest of the NewView of view 0, which is implicit and empty. */
export const FIRST_VIEW_DIGEST: Digest = "\0".repeat(32);
/** Steps of a counter since its base: one for every view that failed in a row. */
export const CHAIN_MAX = 1024;
/** Digests in one {@link FetchBodies}. */
export const BODIES_MAX = 64;

/**
 * One step of a replica's ordering counter: its continuing certificate at `[to|0]`, which reveals the value before. The
 * steps since the base leave no room for an act that the replica does not show (hybster.md 6.2).
 */
export interface Link {
  readonly to: View;
  /** Of the content of the ViewChange that was certified. */
  readonly digest: Digest;
  readonly old: CounterValue;
  readonly certificate: Uint8Array;
}

/** What a {@link ViewChange} says, before it is certified. */
export interface ViewChangeContent {
  readonly sender: ReplicaId;
  /** The view that it leaves for. */
  readonly to: View;
  /** The last view whose NewView it accepted. */
  readonly base: View;
  /** Of the NewView of the base; {@link FIRST_VIEW_DIGEST} for view 0. */
  readonly baseDigest: Digest;
  /** Last slot that it certified in its base; 0 if none. */
  readonly oLast: SequenceNumber;
  /** Newest stable checkpoint that it knows; null if there is none. */
  readonly anchor: Anchor | null;
  /** Headers of its base above the checkpoint, up to the last slot certified or covered by the base's NewView. */
  readonly prepares: readonly Proposal[];
}

/** A replica leaves for a view, and shows all that it certified since its base (hybster.md 6.1). A draft until certified. */
export class ViewChange implements Message, ViewChangeContent {
  readonly kind: MessageKind = MessageKind.ViewChange;
  readonly sender: ReplicaId;
  readonly to: View;
  readonly base: View;
  readonly baseDigest: Digest;
  readonly oLast: SequenceNumber;
  readonly anchor: Anchor | null;
  readonly prepares: readonly Proposal[];
  /** The steps of the counter since the base, but for the last, which certifies this message. */
  readonly chain: readonly Link[];
  /** What the counter was before; of no meaning in a draft. */
  readonly old: CounterValue;
  /** Empty in a draft. */
  readonly certificate: Uint8Array;
  /** Of the content: what the certificate speaks of. Chain and certificate speak for themselves. */
  readonly digest: Digest;

  private constructor(fields: Omit<ViewChange, "kind" | "certified" | "link">) {
    this.sender = fields.sender;
    this.to = fields.to;
    this.base = fields.base;
    this.baseDigest = fields.baseDigest;
    this.oLast = fields.oLast;
    this.anchor = fields.anchor;
    this.prepares = fields.prepares;
    this.chain = fields.chain;
    this.old = fields.old;
    this.certificate = fields.certificate;
    this.digest = fields.digest;
  }

  static of(
    fields: ViewChangeContent & Pick<ViewChange, "chain" | "old" | "certificate">,
    hash: Hash,
  ): ViewChange {
    return new ViewChange({ ...fields, digest: hash(contentBytes(fields)) });
  }

  /** The same message, certified. */
  certified(old: CounterValue, certificate: Uint8Array): ViewChange {
    return new ViewChange({ ...this, old, certificate });
  }

  /** The step of the counter that this message is. */
  get link(): Link {
    const { to, digest, old, certificate } = this;
    return { to, digest, old, certificate };
  }
}

/** A new primary opens its view: what f + 1 replicas showed, and what follows from it (hybster.md 6.4). */
export class NewView implements Message {
  readonly kind: MessageKind = MessageKind.NewView;
  readonly view: View;
  readonly viewChanges: readonly ViewChange[];
  /** The newest anchor among them. */
  readonly anchor: Anchor | null;
  /** Headers of this view: what is re-proposed above the anchor, without gaps. */
  readonly prepares: readonly Proposal[];
  /** `nvCount` of dqbft.md 4.2. */
  readonly count: number;
  /** The primary's, on its counter of NewViews: there is one NewView per view. Empty in a draft. */
  readonly certificate: Uint8Array;
  readonly digest: Digest;

  private constructor(fields: Omit<NewView, "kind" | "certified">) {
    this.view = fields.view;
    this.viewChanges = fields.viewChanges;
    this.anchor = fields.anchor;
    this.prepares = fields.prepares;
    this.count = fields.count;
    this.certificate = fields.certificate;
    this.digest = fields.digest;
  }

  static of(fields: Omit<NewView, "kind" | "digest" | "certified">, hash: Hash): NewView {
    return new NewView({ ...fields, digest: hash(newViewBytes(fields)) });
  }

  /** The same message, certified. */
  certified(certificate: Uint8Array): NewView {
    return new NewView({ ...this, certificate });
  }
}

/** A replica found a NewView valid and made it its base: f + 1 of them establish it (hybster.md 6.2, 6.5). */
export class NewViewAck implements Message {
  readonly kind: MessageKind = MessageKind.NewViewAck;
  readonly view: View;
  readonly digest: Digest;
  readonly sender: ReplicaId;
  readonly certificate: Uint8Array;

  constructor(fields: Omit<NewViewAck, "kind">) {
    this.view = fields.view;
    this.digest = fields.digest;
    this.sender = fields.sender;
    this.certificate = fields.certificate;
  }
}

/** A NewView that is valid here, with what establishes it, as far as that is known. */
export interface KeptNewView {
  readonly newView: NewView;
  readonly acks: readonly NewViewAck[];
  /** A commit certificate of its view, which alone establishes it. */
  readonly commit: Certificate | null;
}

/** All that a restart must know of a replica's views. In its own log only. */
export class ViewState implements Message {
  readonly kind: MessageKind = MessageKind.ViewState;
  /** The view it is in, or on its way to. */
  readonly view: View;
  readonly base: View;
  /** NewView of the base, and those that its validity rests on. */
  readonly kept: readonly KeptNewView[];
  /** Steps of the counter since the base. */
  readonly chain: readonly Link[];
  /** The last ViewChange of its own: a draft as long as it may not have been certified. */
  readonly own: ViewChange | null;
  /** The ViewChanges that it opens {@link view} with, once it has chosen. */
  readonly opening: readonly ViewChange[];

  constructor(fields: Omit<ViewState, "kind">) {
    this.view = fields.view;
    this.base = fields.base;
    this.kept = fields.kept;
    this.chain = fields.chain;
    this.own = fields.own;
    this.opening = fields.opening;
  }
}

/** Asks for values by their digests. */
export class FetchBodies implements Message {
  readonly kind: MessageKind = MessageKind.FetchBodies;
  readonly digests: readonly Digest[];

  constructor(digests: readonly Digest[]) {
    this.digests = digests;
  }
}

/** A value for who asked for it by its digest. */
export class Body implements Message {
  readonly kind: MessageKind = MessageKind.Body;
  readonly value: Value;

  constructor(value: Value) {
    this.value = value;
  }
}

/** Asks for the NewView of a view, and for what establishes it. */
export class FetchNewView implements Message {
  readonly kind: MessageKind = MessageKind.FetchNewView;
  readonly view: View;

  constructor(view: View) {
    this.view = view;
  }
}

function contentBytes(content: ViewChangeContent): Uint8Array {
  const out = new Writer(256 + content.prepares.length * 160);
  out.u16(content.sender).u48(content.to).u48(content.base).digest(content.baseDigest).u48(content.oLast);
  writeOptionalAnchor(content.anchor, out);
  writeHeaders(content.prepares, out);
  return out.finish();
}

function newViewBytes(content: Omit<NewView, "kind" | "digest" | "certified">): Uint8Array {
  const out = new Writer(1024 + content.prepares.length * 160);
  out.u48(content.view).u48(content.count).u32(content.viewChanges.length);
  for (const { chain, link } of content.viewChanges) {
    out.u32(chain.length);
    for (const each of [...chain, link]) writeLink(each, out);
  }
  writeOptionalAnchor(content.anchor, out);
  writeHeaders(content.prepares, out);
  return out.finish();
}

/** Writes one step of a counter. */
export function writeLink({ to, digest, old, certificate }: Link, out: Writer): void {
  out.u48(to).digest(digest).u48(old.view).u48(old.seq).bytes(certificate);
}

/** Writes a proposal without share, value and evidence. */
export function writeHeader(header: Proposal, out: Writer): void {
  const { view, seq, extension, digest, certificate } = header;
  out.u48(view).u48(seq).u48(extension).digest(digest).bytes(certificate);
}

function writeHeaders(headers: readonly Proposal[], out: Writer): void {
  out.u32(headers.length);
  for (const header of headers) writeHeader(header, out);
}

function writeOptionalAnchor(anchor: Anchor | null, out: Writer): void {
  out.u8(anchor === null ? 0 : 1);
  if (anchor !== null) writeAnchor(anchor, out);
}
