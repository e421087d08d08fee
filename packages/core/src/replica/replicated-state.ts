import type { Digest } from "../kernel/ids.ts";
import { invariant } from "../kernel/invariant.ts";
import type { PagedState } from "../service/service.ts";
import { pageLeaf } from "../wire/anchor.ts";
import { MerkleTree } from "../wire/merkle.ts";
import { DecodeError } from "../wire/reader.ts";
import type { Hash } from "../wire/value.ts";
import { decodeShape, encodeShape, SHAPE_PAGE, shapeBytes } from "./state-transfer/shape.ts";

/** A page that changed since the last seal. */
export interface ChangedPage {
  readonly index: number;
  readonly bytes: Uint8Array;
}

/** The replicated state at one point: its digest, and what changed since the last one. */
export interface Seal {
  readonly root: Digest;
  readonly pages: readonly ChangedPage[];
  readonly pageCount: number;
  /** From page 0, the orderer's part, to the root. */
  readonly path: readonly Digest[];
  /** The digests of all pages. */
  readonly leaves: readonly Digest[];
  /** Page 1: how long the pages are. */
  readonly shape: Uint8Array;
}

/** Pages before the client table: the orderer's part, and the shape. */
const OWN_PAGES = 2;

/**
 * The replicated state as one numbered run of pages: the orderer's cut, the shape, the client table, the service (dqbft.md 5).
 * Its digest is a Merkle root over page digests, and only changed pages are hashed and saved again.
 */
export class ReplicatedState {
  readonly #hash: Hash;
  readonly #clients: PagedState;
  readonly #service: PagedState;
  #leaves: Digest[] = [];
  readonly #lengths: number[] = [];

  constructor(hash: Hash, parts: { clients: PagedState; service: PagedState }) {
    this.#hash = hash;
    this.#clients = parts.clients;
    this.#service = parts.service;
  }

  get pageCount(): number {
    return this.#servicePages + this.#service.pageCount;
  }

  /** A page of clients or service as it is now; null if it is none of them. */
  page(index: number): Uint8Array | null {
    if (index < OWN_PAGES || index >= this.pageCount) return null;
    const first = this.#servicePages;
    return index < first ? this.#clients.page(index - OWN_PAGES) : this.#service.page(index - first);
  }

  /** Takes the state's digest together with the orderer's part, right after a slot's end. */
  seal(ordererPart: Uint8Array): Seal {
    const pages: ChangedPage[] = [{ index: 0, bytes: ordererPart }, ...this.#dirtyPages()];
    const { pageCount } = this;
    this.#leaves.length = Math.min(this.#leaves.length, pageCount);
    this.#lengths.length = pageCount;
    for (const { index, bytes } of pages) this.#note(index, bytes);
    this.#lengths[SHAPE_PAGE] = shapeBytes(pageCount);
    const shape = encodeShape(this.#lengths);
    const before = this.#leaves[SHAPE_PAGE];
    this.#note(SHAPE_PAGE, shape);
    if (this.#leaves[SHAPE_PAGE] !== before) pages.splice(1, 0, { index: SHAPE_PAGE, bytes: shape });
    invariant(this.#leaves.length === pageCount, "every new page is dirty");
    const tree = new MerkleTree(this.#leaves, this.#hash);
    const leaves = [...this.#leaves];
    return { root: tree.root, pages, pageCount, path: tree.path(0), leaves, shape };
  }

  /** Takes over a whole state. Returns the orderer's part. Throws {@link DecodeError} if the pages are none. */
  load(pages: readonly Uint8Array[]): Uint8Array {
    const [ordererPart, shape] = pages;
    const first = this.#servicePages;
    if (ordererPart === undefined || shape === undefined || pages.length < first)
      throw new DecodeError("a state without its first pages");
    const lengths = decodeShape(shape);
    if (lengths.length !== pages.length || pages.some(({ length }, index) => length !== lengths[index]))
      throw new DecodeError("a state of another shape than it says");
    this.#clients.load(pages.slice(OWN_PAGES, first));
    this.#service.load(pages.slice(first));
    return ordererPart;
  }

  /** Takes over a state whose every page was verified. What changed is told against the seal before. */
  replace(pages: readonly Uint8Array[]): Seal {
    const before = this.#leaves;
    this.#leaves = [];
    const seal = this.seal(this.load(pages));
    return { ...seal, pages: seal.pages.filter(({ index }) => before[index] !== seal.leaves[index]) };
  }

  get #servicePages(): number {
    return OWN_PAGES + this.#clients.pageCount;
  }

  #dirtyPages(): ChangedPage[] {
    const pages: ChangedPage[] = [];
    const first = this.#servicePages;
    const { pageCount } = this.#service;
    for (const index of this.#clients.takeDirty())
      pages.push({ index: OWN_PAGES + index, bytes: this.#clients.page(index) });
    for (const index of this.#service.takeDirty()) {
      if (index < pageCount) pages.push({ index: first + index, bytes: this.#service.page(index) });
    }
    return pages;
  }

  #note(index: number, bytes: Uint8Array): void {
    this.#leaves[index] = pageLeaf(index, bytes, this.#hash);
    this.#lengths[index] = bytes.length;
  }
}
