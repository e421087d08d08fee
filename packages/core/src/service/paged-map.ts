import { invariant } from "../kernel/invariant.ts";
import { DecodeError, Reader } from "../wire/reader.ts";
import { decodeUtf8, encodeUtf8, isWellFormed } from "../wire/utf8.ts";
import { Writer } from "../wire/writer.ts";
import { MalformedOperation, type PagedState } from "./service.ts";

/** Pages of a map that does not say otherwise: 100,000 entries are 400 to a page. */
const PAGES = 256;

/**
 * A map from text to bytes, spread over a fixed number of pages by a hash of the key. Replicas need the same number of
 * pages. The hash is no secret: who picks colliding keys makes one page large, and checkpoints slower, but no worse than
 * a state of one page.
 */
export class PagedMap implements PagedState {
  readonly pageCount: number;
  #pages: Map<string, Uint8Array>[];
  readonly #dirty: Uint8Array;
  #size = 0;

  constructor(options: { readonly pageCount?: number } = {}) {
    this.pageCount = options.pageCount ?? PAGES;
    invariant(Number.isInteger(this.pageCount) && this.pageCount >= 1, "a map of at least one page");
    this.#pages = Array.from({ length: this.pageCount }, () => new Map());
    this.#dirty = new Uint8Array(this.pageCount).fill(1);
  }

  /** Entries in the map. */
  get size(): number {
    return this.#size;
  }

  /** The value itself, not a copy: it must not be changed. */
  get(key: string): Uint8Array | undefined {
    return this.#pageOf(key).get(key);
  }

  /**
   * Sets a value, and says whether the key had one. The bytes are kept as they are: copy a view of something larger, and
   * anything that changes later. Throws {@link MalformedOperation} for a key with a lone surrogate, which has no bytes.
   */
  put(key: string, value: Uint8Array): boolean {
    if (!isWellFormed(key)) throw new MalformedOperation("a key with half of a surrogate pair");
    const index = pageIndex(key, this.pageCount);
    const page = this.#pages[index] as Map<string, Uint8Array>;
    const before = page.size;
    page.set(key, value);
    this.#dirty[index] = 1;
    const existed = page.size === before;
    if (!existed) this.#size += 1;
    return existed;
  }

  /** Removes a key, and says whether it was there. */
  delete(key: string): boolean {
    const index = pageIndex(key, this.pageCount);
    const existed = (this.#pages[index] as Map<string, Uint8Array>).delete(key);
    if (existed) {
      this.#dirty[index] = 1;
      this.#size -= 1;
    }
    return existed;
  }

  /** The pages that a `put`, or a `delete` that found its key, touched since the last call. */
  takeDirty(): readonly number[] {
    const indices: number[] = [];
    for (let index = 0; index < this.pageCount; index += 1) if (this.#dirty[index] === 1) indices.push(index);
    this.#dirty.fill(0);
    return indices;
  }

  /** The page's entries, each a key and a value after their lengths, in the order of the keys' bytes. */
  page(index: number): Uint8Array {
    const page = this.#pages[index];
    invariant(page !== undefined, "a page of the map");
    let size = 0;
    for (const [key, value] of page) size += 8 + key.length + value.length;
    const out = new Writer(size);
    const entries = [...page].sort(([a], [b]) => compareInUtf8(a, b));
    for (const [key, value] of entries) out.bytes(encodeUtf8(key)).bytes(value);
    return out.finish();
  }

  /** Throws {@link DecodeError}, and leaves the map as it was, unless these are the pages of a map of as many pages. */
  load(pages: readonly Uint8Array[]): void {
    if (pages.length !== this.pageCount) {
      throw new DecodeError(`${pages.length} pages for a map of ${this.pageCount}`);
    }
    const loaded = pages.map((bytes, index) => this.#parse(bytes, index));
    this.#pages = loaded;
    this.#size = loaded.reduce((sum, page) => sum + page.size, 0);
    this.#dirty.fill(1);
  }

  #pageOf(key: string): Map<string, Uint8Array> {
    return this.#pages[pageIndex(key, this.pageCount)] as Map<string, Uint8Array>;
  }

  #parse(bytes: Uint8Array, index: number): Map<string, Uint8Array> {
    const page = new Map<string, Uint8Array>();
    const input = new Reader(bytes);
    let last: string | undefined;
    while (input.remaining > 0) {
      const key = decodeUtf8(input.bytes(input.remaining));
      if (last !== undefined && compareInUtf8(last, key) >= 0) throw new DecodeError("keys out of order");
      if (pageIndex(key, this.pageCount) !== index) throw new DecodeError("a key on another's page");
      page.set(key, input.bytes(input.remaining).slice());
      last = key;
    }
    return page;
  }
}

/** FNV-1a over the UTF-16 code units, mixed once more so that the last characters reach all bits. */
function pageIndex(key: string, pageCount: number): number {
  let hash = 0x811c_9dc5;
  for (let i = 0; i < key.length; i += 1) hash = Math.imul(hash ^ key.charCodeAt(i), 0x0100_0193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  return ((hash ^ (hash >>> 13)) >>> 0) % pageCount;
}

/** The order of the texts' UTF-8 bytes, which is that of their code points; `<` would compare halves of pairs. */
function compareInUtf8(a: string, b: string): number {
  const common = Math.min(a.length, b.length);
  for (let i = 0; i < common; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return rank(x) - rank(y);
  }
  return a.length - b.length;
}

/** Code units in the order of code points: halves of pairs, which stand for what is above U+FFFF, come last. */
function rank(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit >= 0xe000 ? unit - 0x800 : unit + 0x2000;
}
