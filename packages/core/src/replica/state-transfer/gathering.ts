import type { Digest, ReplicaId } from "../../kernel/ids.ts";
import { present } from "../../kernel/invariant.ts";
import { pageLeaf } from "../../wire/anchor.ts";
import { CHUNK_BYTES_MAX, PIECES_MAX, type Piece } from "../../wire/state-transfer.ts";
import type { Hash } from "../../wire/value.ts";
import type { Manifest } from "./manifest.ts";
import { encodeShape, SHAPE_PAGE } from "./shape.ts";

/** What one request asks for: whole pages, or one piece of a page that is larger than a request. */
export interface Chunk {
  readonly pieces: readonly Piece[];
}

/** What taking in a chunk came to. */
export interface Taken {
  /** Whoever sent bytes that the root does not vouch for. */
  readonly culprit: ReplicaId | null;
  /** What must be asked for again, of anybody. */
  readonly again: readonly Chunk[];
}

/** A page that comes in several pieces. */
interface LargePage {
  readonly chunks: readonly Chunk[];
  readonly parts: Map<number, { readonly bytes: Uint8Array; readonly from: ReplicaId }>;
  /** Pieces of several sources did not fit together, and nobody knows whose fault it was: one alone sends it now. */
  exclusive: boolean;
  owner: ReplicaId | null;
}

const NOTHING: Uint8Array = new Uint8Array(0);
const DONE: Taken = { culprit: null, again: [] };

/** The pages of a state that are here, by their digests: what is the same in a newer state need not come again. */
export class Gathering {
  readonly #hash: Hash;
  #manifest: Manifest | null = null;
  #pages = new Map<Digest, Uint8Array>();
  #large = new Map<number, LargePage>();
  #lacking = 0;
  #wanted = 0;

  constructor(hash: Hash) {
    this.#hash = hash;
  }

  /** Pages that were, or are, to be fetched, and how many of them have come. */
  get progress(): { readonly done: number; readonly of: number } {
    return { done: this.#wanted - this.#lacking, of: this.#wanted };
  }

  get complete(): boolean {
    return this.#manifest !== null && this.#lacking === 0;
  }

  /** Sets out for a state. `own` is a page of ours as it is now. Returns what has to be fetched. */
  aim(manifest: Manifest, own: (index: number) => Uint8Array | null): Chunk[] {
    const before = this.#pages;
    const begun = this.#begun(manifest);
    this.#manifest = manifest;
    this.#pages = new Map();
    this.#large = begun;
    const lacking: Piece[] = [];
    for (const [index, digest] of manifest.leaves.entries()) {
      const known = before.get(digest) ?? this.#known(manifest, index, own);
      if (known === null) lacking.push({ index, offset: 0, length: manifest.lengths[index] ?? 0 });
      else this.#pages.set(digest, known);
    }
    this.#lacking = lacking.length;
    this.#wanted = lacking.length;
    return this.#plan(lacking).filter((chunk) => !this.has(chunk));
  }

  /** Nothing is fetched any more. */
  clear(): void {
    this.#manifest = null;
    this.#pages = new Map();
    this.#large = new Map();
    this.#lacking = 0;
    this.#wanted = 0;
  }

  /** Whether all of a chunk has come. */
  has({ pieces }: Chunk): boolean {
    return pieces.every(({ index, offset }) => {
      const digest = this.#manifest?.leaves[index];
      const isHere = digest !== undefined && this.#pages.has(digest);
      return isHere || this.#large.get(index)?.parts.has(offset) === true;
    });
  }

  /** Whether this chunk may come from this source. */
  mayCome(chunk: Chunk, from: ReplicaId): boolean {
    const page = this.#largeOf(chunk);
    if (page === undefined || !page.exclusive) return true;
    page.owner ??= from;
    return page.owner === from;
  }

  /** Takes in what a source sent for a chunk; lengths that are not those asked for are a lie. */
  take(chunk: Chunk, bytes: readonly Uint8Array[], from: ReplicaId): Taken {
    const fits = chunk.pieces.length === bytes.length;
    if (!fits || chunk.pieces.some(({ length }, at) => bytes[at]?.length !== length)) {
      return { culprit: from, again: [chunk] };
    }
    const page = this.#largeOf(chunk);
    if (page !== undefined) return this.#takePart(page, chunk, bytes[0] ?? NOTHING, from);
    const whole = chunk.pieces.every(({ index }, at) => this.#keep(index, bytes[at] ?? NOTHING));
    return whole ? DONE : { culprit: from, again: [chunk] };
  }

  /** A source is given up: what it alone was to send must be asked for again from the start. */
  forsake(source: ReplicaId): Chunk[] {
    const again: Chunk[] = [];
    for (const page of this.#large.values()) {
      if (page.owner !== source) continue;
      page.owner = null;
      page.parts.clear();
      again.push(...page.chunks);
    }
    return again;
  }

  /** The whole state, page by page. Only when {@link complete}. */
  pages(): Uint8Array[] {
    const { leaves } = present(this.#manifest, "a state that was aimed at");
    return leaves.map((digest) => present(this.#pages.get(digest), "a page that has come"));
  }

  #known(manifest: Manifest, index: number, own: (index: number) => Uint8Array | null): Uint8Array | null {
    if (index === 0) return manifest.anchor.part;
    if (index === SHAPE_PAGE) return encodeShape(manifest.lengths);
    if (manifest.lengths[index] === 0) return NOTHING;
    const bytes = own(index);
    if (bytes === null || bytes.length !== manifest.lengths[index]) return null;
    // A copy: it may be a view of a state that goes on.
    return pageLeaf(index, bytes, this.#hash) === manifest.leaves[index] ? bytes.slice() : null;
  }

  #plan(lacking: readonly Piece[]): Chunk[] {
    const chunks: Chunk[] = [];
    let pieces: Piece[] = [];
    let bytes = 0;
    for (const piece of lacking) {
      if (piece.length > CHUNK_BYTES_MAX) {
        chunks.push(...this.#cut(piece));
        continue;
      }
      if (pieces.length === PIECES_MAX || bytes + piece.length > CHUNK_BYTES_MAX) {
        chunks.push({ pieces });
        pieces = [];
        bytes = 0;
      }
      pieces.push(piece);
      bytes += piece.length;
    }
    if (pieces.length > 0) chunks.push({ pieces });
    return chunks;
  }

  /** Large pages of which something has come, and that are the same in the state to aim at now. */
  #begun(manifest: Manifest): Map<number, LargePage> {
    const leaves = this.#manifest?.leaves ?? [];
    return new Map([...this.#large].filter(([index]) => leaves[index] === manifest.leaves[index]));
  }

  #cut({ index, length }: Piece): readonly Chunk[] {
    const begun = this.#large.get(index);
    if (begun !== undefined) return begun.chunks;
    const chunks: Chunk[] = [];
    for (let offset = 0; offset < length; offset += CHUNK_BYTES_MAX) {
      chunks.push({ pieces: [{ index, offset, length: Math.min(CHUNK_BYTES_MAX, length - offset) }] });
    }
    this.#large.set(index, { chunks, parts: new Map(), exclusive: false, owner: null });
    return chunks;
  }

  #largeOf({ pieces }: Chunk): LargePage | undefined {
    return pieces.length === 1 ? this.#large.get(pieces[0]?.index ?? 0) : undefined;
  }

  #takePart(page: LargePage, chunk: Chunk, bytes: Uint8Array, from: ReplicaId): Taken {
    const { index, offset } = present(chunk.pieces[0], "a chunk of one piece");
    if (page.exclusive && page.owner !== from) return DONE; // Late: somebody else has taken it over.
    page.parts.set(offset, { bytes, from });
    if (page.parts.size < page.chunks.length) return DONE;
    const whole = page.chunks.map(({ pieces }) => page.parts.get(pieces[0]?.offset ?? 0)?.bytes ?? NOTHING);
    const senders = new Set([...page.parts.values()].map((part) => part.from));
    if (this.#keep(index, join(whole))) {
      this.#large.delete(index);
      return DONE;
    }
    page.parts.clear();
    page.exclusive = true;
    page.owner = null;
    return { culprit: senders.size === 1 ? from : null, again: page.chunks };
  }

  /** Whether these are the page's bytes. */
  #keep(index: number, bytes: Uint8Array): boolean {
    const digest = present(this.#manifest?.leaves[index], "a page of the state aimed at");
    if (this.#pages.has(digest)) return true;
    if (pageLeaf(index, bytes, this.#hash) !== digest) return false;
    this.#pages.set(digest, bytes);
    this.#lacking -= 1;
    return true;
  }
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
