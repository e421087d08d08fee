import { REPLICAS_MAX } from "../kernel/ids.ts";
import { present } from "../kernel/invariant.ts";
import { type Anchor, readAnchor, writeAnchor } from "./anchor.ts";
import { LIMITS } from "./limits.ts";
import type { CodecTable, MessageCodec } from "./message-codec.ts";
import { Certificate, type Message, MessageKind, Proposal } from "./messages.ts";
import { DecodeError, type Reader } from "./reader.ts";
import { type Hash, Value } from "./value.ts";
import {
  BODIES_MAX,
  Body,
  CHAIN_MAX,
  FetchBodies,
  FetchNewView,
  type KeptNewView,
  type Link,
  NewView,
  NewViewAck,
  ViewChange,
  ViewState,
  writeHeader,
  writeLink,
} from "./view-change.ts";
import { Writer } from "./writer.ts";

/** Headers in one ViewChange or NewView: a window of the largest size that a trusted subsystem re-issues. */
const HEADERS_MAX = 512;
const KEPT_MAX = 1024;
/** Kinds of commit certificates that establish a view. */
const COMMITS: readonly MessageKind[] = [MessageKind.Commit, MessageKind.HybsterCertificate];
const NOTHING: Uint8Array = new Uint8Array(0);

/**
 * Headers and anchors that a message names more than once, written once: the f + 1 ViewChanges of a NewView list mostly the
 * same. In the order in which they are first named, and all different: there is one spelling.
 */
class PoolWriter<T> {
  readonly items = new Writer();
  readonly #indexes = new Map<string, number>();
  readonly #write: (item: T, out: Writer) => void;

  constructor(write: (item: T, out: Writer) => void) {
    this.#write = write;
  }

  get size(): number {
    return this.#indexes.size;
  }

  index(item: T): number {
    const alone = new Writer();
    this.#write(item, alone);
    const bytes = alone.finish();
    const key = latin1(bytes);
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    this.items.raw(bytes);
    this.#indexes.set(key, this.#indexes.size);
    return this.#indexes.size - 1;
  }
}

class PoolReader<T> {
  readonly #items: T[] = [];
  #named = 0;

  constructor(count: number, read: () => { item: T; key: string }) {
    const keys = new Set<string>();
    for (let i = 0; i < count; i += 1) {
      const { item, key } = read();
      if (keys.has(key)) throw new DecodeError("the same item twice");
      keys.add(key);
      this.#items.push(item);
    }
  }

  item(index: number): T {
    if (index > this.#named || index >= this.#items.length) throw new DecodeError("an item out of order");
    if (index === this.#named) this.#named += 1;
    return present(this.#items[index], "an index within the pool");
  }

  end(): void {
    if (this.#named !== this.#items.length) throw new DecodeError("an item that nothing names");
  }
}

/** Writes what names pooled items; the pools go out before it. */
class Packer {
  readonly out = new Writer(1024);
  readonly #headers = new PoolWriter<Proposal>(writeHeader);
  readonly #anchors = new PoolWriter<Anchor>(writeAnchor);

  anchor(anchor: Anchor | null): void {
    this.out.u8(anchor === null ? 0 : 1);
    if (anchor !== null) this.out.u32(this.#anchors.index(anchor));
  }

  headers(headers: readonly Proposal[]): void {
    this.out.u32(headers.length);
    for (const header of headers) this.out.u32(this.#headers.index(header));
  }

  finish(out: Writer): void {
    for (const pool of [this.#headers, this.#anchors]) out.u32(pool.size).raw(pool.items.finish());
    out.raw(this.out.finish());
  }
}

class Unpacker {
  readonly input: Reader;
  readonly hash: Hash;
  readonly #headers: PoolReader<Proposal>;
  readonly #anchors: PoolReader<Anchor>;

  constructor(input: Reader, hash: Hash) {
    this.input = input;
    this.hash = hash;
    const pool = <T>(bytesEach: number, read: () => T, write: (item: T, out: Writer) => void) =>
      new PoolReader<T>(input.count(0xffff_ffff, bytesEach), () => {
        const item = read();
        const spelt = new Writer();
        write(item, spelt);
        return { item, key: latin1(spelt.finish()) };
      });
    this.#headers = pool(54, () => readHeader(input), writeHeader);
    this.#anchors = pool(54, () => readAnchor(input), writeAnchor);
  }

  anchor(): Anchor | null {
    return this.input.flag() ? this.#anchors.item(this.input.u32()) : null;
  }

  headers(): Proposal[] {
    return this.list(HEADERS_MAX, 4, () => this.#headers.item(this.input.u32()));
  }

  list<T>(countMax: number, bytesEach: number, read: () => T): T[] {
    const count = this.input.count(countMax, bytesEach);
    return Array.from({ length: count }, read);
  }

  end(): void {
    this.#headers.end();
    this.#anchors.end();
  }
}

function readHeader(input: Reader): Proposal {
  return new Proposal({
    kind: MessageKind.Prepare,
    view: input.u48(),
    seq: input.u48(),
    extension: input.u48(),
    digest: input.digest(),
    certificate: input.bytes(LIMITS.certificateBytesMax).slice(),
    share: NOTHING,
    value: null,
    evidence: [],
  });
}

function readLink(input: Reader): Link {
  return {
    to: input.u48(),
    digest: input.digest(),
    old: { view: input.u48(), seq: input.u48() },
    certificate: input.bytes(LIMITS.certificateBytesMax).slice(),
  };
}

function packLinks(links: readonly Link[], { out }: Packer): void {
  out.u32(links.length);
  for (const link of links) writeLink(link, out);
}

function packViewChange(viewChange: ViewChange, packer: Packer): void {
  const { sender, to, base, baseDigest, oLast, old, certificate } = viewChange;
  packer.out.u16(sender).u48(to).u48(base).digest(baseDigest).u48(oLast);
  packer.anchor(viewChange.anchor);
  packer.headers(viewChange.prepares);
  packLinks(viewChange.chain, packer);
  packer.out.u48(old.view).u48(old.seq).bytes(certificate);
}

function unpackViewChange(from: Unpacker): ViewChange {
  const { input } = from;
  const fields = {
    sender: input.u16(),
    to: input.u48(),
    base: input.u48(),
    baseDigest: input.digest(),
    oLast: input.u48(),
    anchor: from.anchor(),
    prepares: from.headers(),
    chain: from.list(CHAIN_MAX, 54, () => readLink(input)),
    old: { view: input.u48(), seq: input.u48() },
    certificate: input.bytes(LIMITS.certificateBytesMax).slice(),
  };
  return ViewChange.of(fields, from.hash);
}

function packNewView(newView: NewView, packer: Packer): void {
  packer.out.u48(newView.view).u48(newView.count).u32(newView.viewChanges.length);
  for (const viewChange of newView.viewChanges) packViewChange(viewChange, packer);
  packer.anchor(newView.anchor);
  packer.headers(newView.prepares);
  packer.out.bytes(newView.certificate);
}

function unpackNewView(from: Unpacker): NewView {
  const { input } = from;
  const fields = {
    view: input.u48(),
    count: input.u48(),
    viewChanges: from.list(REPLICAS_MAX, 80, () => unpackViewChange(from)),
    anchor: from.anchor(),
    prepares: from.headers(),
    certificate: input.bytes(LIMITS.certificateBytesMax).slice(),
  };
  return NewView.of(fields, from.hash);
}

function packAck(ack: NewViewAck, out: Writer): void {
  out.u48(ack.view).digest(ack.digest).u16(ack.sender).bytes(ack.certificate);
}

function unpackAck(input: Reader): NewViewAck {
  return new NewViewAck({
    view: input.u48(),
    digest: input.digest(),
    sender: input.u16(),
    certificate: input.bytes(LIMITS.certificateBytesMax).slice(),
  });
}

function packKept({ newView, acks, commit }: KeptNewView, packer: Packer): void {
  packNewView(newView, packer);
  packer.out.u32(acks.length);
  for (const ack of acks) packAck(ack, packer.out);
  packer.out.u8(commit === null ? 0 : COMMITS.indexOf(commit.kind) + 1);
  if (commit === null) return;
  const { view, seq, digest, extension, aggregate } = commit;
  packer.out.u48(view).u48(seq).digest(digest).u48(extension).bytes(aggregate);
}

function unpackKept(from: Unpacker): KeptNewView {
  const { input } = from;
  return {
    newView: unpackNewView(from),
    acks: from.list(REPLICAS_MAX, 44, () => unpackAck(input)),
    commit: unpackCommit(input),
  };
}

function unpackCommit(input: Reader): Certificate | null {
  const tag = input.u8();
  if (tag === 0) return null;
  const kind = COMMITS[tag - 1];
  if (kind === undefined) throw new DecodeError("no kind of commit certificate");
  return new Certificate({
    kind,
    view: input.u48(),
    seq: input.u48(),
    digest: input.digest(),
    extension: input.u48(),
    aggregate: input.bytes(LIMITS.evidenceBytesMax).slice(),
  });
}

function packState(state: ViewState, packer: Packer): void {
  packer.out.u48(state.view).u48(state.base).u32(state.kept.length);
  for (const each of state.kept) packKept(each, packer);
  packLinks(state.chain, packer);
  packer.out.u8(state.own === null ? 0 : 1);
  if (state.own !== null) packViewChange(state.own, packer);
  packer.out.u32(state.opening.length);
  for (const viewChange of state.opening) packViewChange(viewChange, packer);
}

function unpackState(from: Unpacker): ViewState {
  const { input } = from;
  return new ViewState({
    view: input.u48(),
    base: input.u48(),
    kept: from.list(KEPT_MAX, 80, () => unpackKept(from)),
    chain: from.list(CHAIN_MAX, 54, () => readLink(input)),
    own: input.flag() ? unpackViewChange(from) : null,
    opening: from.list(REPLICAS_MAX, 80, () => unpackViewChange(from)),
  });
}

function packed<T extends Message>(
  pack: (message: T, packer: Packer) => void,
  unpack: (from: Unpacker) => T,
): MessageCodec {
  return {
    write(message, out) {
      const packer = new Packer();
      pack(message as T, packer);
      packer.finish(out);
    },
    read(_kind, input, hash) {
      const from = new Unpacker(input, hash);
      const message = unpack(from);
      from.end();
      return message;
    },
  };
}

function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

export const VIEW_CHANGE_CODECS: CodecTable = {
  [MessageKind.ViewChange]: packed(packViewChange, unpackViewChange),
  [MessageKind.NewView]: packed(packNewView, unpackNewView),
  [MessageKind.ViewState]: packed(packState, unpackState),
  [MessageKind.NewViewAck]: {
    write: (message, out) => packAck(message as NewViewAck, out),
    read: (_kind, input) => unpackAck(input),
  },
  [MessageKind.FetchBodies]: {
    write(message, out) {
      const { digests } = message as FetchBodies;
      out.u32(digests.length);
      for (const digest of digests) out.digest(digest);
    },
    read(_kind, input) {
      const count = input.count(BODIES_MAX, 32);
      return new FetchBodies(Array.from({ length: count }, () => input.digest()));
    },
  },
  [MessageKind.Body]: {
    write: (message, out) => void out.bytes((message as Body).value.bytes),
    read: (_kind, input, hash) => new Body(Value.of(input.bytes(LIMITS.valueBytesMax), hash)),
  },
  [MessageKind.FetchNewView]: {
    write: (message, out) => void out.u48((message as FetchNewView).view),
    read: (_kind, input) => new FetchNewView(input.u48()),
  },
};
