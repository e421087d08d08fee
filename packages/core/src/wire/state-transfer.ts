import type { Digest, SequenceNumber } from "../kernel/ids.ts";
import { PATH_MAX } from "./merkle.ts";
import type { CodecTable, MessageCodec } from "./message-codec.ts";
import { type Message, MessageKind } from "./messages.ts";
import { DecodeError } from "./reader.ts";

/** Bytes of pages that one request may ask for: 512 KiB. */
export const CHUNK_BYTES_MAX = 524_288;
/** Pieces of pages that one request may ask for. */
export const PIECES_MAX = 1024;
/** Page digests that one answer holds: a subtree of this many leaves. A power of two. */
export const DIGESTS_MAX = 1024;
/** Pages that a state may have to be transferable, so that its shape fits into a frame. */
export const PAGES_MAX = 524_288;
const SHAPE_BYTES_MAX = 4 + 4 * PAGES_MAX;

/** A run of bytes of one page. */
export interface Piece {
  readonly index: number;
  readonly offset: number;
  readonly length: number;
}

/** Asks for the replicated state after `seq`: for pieces of its pages, or for page digests if it names no piece. */
export class FetchState implements Message {
  readonly kind: MessageKind = MessageKind.FetchState;
  readonly seq: SequenceNumber;
  /** Comes back with the answer. */
  readonly ticket: number;
  /** The first page whose digest is asked for: a multiple of {@link DIGESTS_MAX}. */
  readonly first: number;
  readonly pieces: readonly Piece[];

  constructor(fields: Omit<FetchState, "kind">) {
    this.seq = fields.seq;
    this.ticket = fields.ticket;
    this.first = fields.first;
    this.pieces = fields.pieces;
  }
}

/** The pieces that were asked for, in that order. They prove nothing: the receiver knows their pages' digests. */
export class StatePages implements Message {
  readonly kind: MessageKind = MessageKind.StatePages;
  readonly seq: SequenceNumber;
  readonly ticket: number;
  readonly pieces: readonly Uint8Array[];

  constructor(fields: Omit<StatePages, "kind">) {
    this.seq = fields.seq;
    this.ticket = fields.ticket;
    this.pieces = fields.pieces;
  }
}

/** Digests of consecutive pages, with the path from their subtree to the certified root. None: the state is not here. */
export class StateDigests implements Message {
  readonly kind: MessageKind = MessageKind.StateDigests;
  readonly seq: SequenceNumber;
  readonly ticket: number;
  readonly first: number;
  readonly digests: readonly Digest[];
  readonly path: readonly Digest[];
  /** The page that says how many pages there are and how long: with the first digests only. */
  readonly shape: Uint8Array;

  constructor(fields: Omit<StateDigests, "kind">) {
    this.seq = fields.seq;
    this.ticket = fields.ticket;
    this.first = fields.first;
    this.digests = fields.digests;
    this.path = fields.path;
    this.shape = fields.shape;
  }
}

const fetchState: MessageCodec = {
  write(message, out) {
    const { seq, ticket, first, pieces } = message as FetchState;
    out.u48(seq).u32(ticket).u32(first).u32(pieces.length);
    for (const { index, offset, length } of pieces) out.u32(index).u32(offset).u32(length);
  },
  read(_kind, input) {
    const place = { seq: input.u48(), ticket: input.u32(), first: input.u32() };
    const count = input.count(PIECES_MAX, 12);
    const pieces: Piece[] = [];
    let bytes = 0;
    for (let i = 0; i < count; i += 1) {
      const piece = { index: input.u32(), offset: input.u32(), length: input.u32() };
      bytes += piece.length;
      if (bytes > CHUNK_BYTES_MAX) throw new DecodeError("more of a state than one request may ask for");
      pieces.push(piece);
    }
    return new FetchState({ ...place, pieces });
  },
};

const statePages: MessageCodec = {
  write(message, out) {
    const { seq, ticket, pieces } = message as StatePages;
    out.u48(seq).u32(ticket).u32(pieces.length);
    for (const bytes of pieces) out.bytes(bytes);
  },
  read(_kind, input) {
    const place = { seq: input.u48(), ticket: input.u32() };
    const count = input.count(PIECES_MAX, 4);
    const pieces: Uint8Array[] = [];
    // Copies: pages outlive the frame that they came in, and not all of them are kept.
    for (let i = 0; i < count; i += 1) pieces.push(input.bytes(CHUNK_BYTES_MAX).slice());
    return new StatePages({ ...place, pieces });
  },
};

const stateDigests: MessageCodec = {
  write(message, out) {
    const { seq, ticket, first, digests, path, shape } = message as StateDigests;
    out.u48(seq).u32(ticket).u32(first).u32(digests.length);
    for (const digest of digests) out.digest(digest);
    out.u32(path.length);
    for (const digest of path) out.digest(digest);
    out.bytes(shape);
  },
  read(_kind, input) {
    const place = { seq: input.u48(), ticket: input.u32(), first: input.u32() };
    const digests: Digest[] = [];
    for (let left = input.count(DIGESTS_MAX, 32); left > 0; left -= 1) digests.push(input.digest());
    const path: Digest[] = [];
    for (let left = input.count(PATH_MAX, 32); left > 0; left -= 1) path.push(input.digest());
    return new StateDigests({ ...place, digests, path, shape: input.bytes(SHAPE_BYTES_MAX).slice() });
  },
};

export const STATE_TRANSFER_CODECS: CodecTable = {
  [MessageKind.FetchState]: fetchState,
  [MessageKind.StatePages]: statePages,
  [MessageKind.StateDigests]: stateDigests,
};
