import type { Digest } from "../kernel/ids.ts";
import { invariant } from "../kernel/invariant.ts";
import type { PagedState } from "../service/service.ts";
import { pageLeaf } from "../wire/anchor.ts";
import { MerkleTree } from "../wire/merkle.ts";
import { DecodeError } from "../wire/reader.ts";
import type { Hash } from "../wire/value.ts";

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
}

/**
 * The replicated state as one numbered run of pages: the orderer's cut, the client table, the service (dqbft.md 5). Its
 * digest is a Merkle root over page digests, and only changed pages are hashed and saved again.
 */
export class ReplicatedState {
  readonly #hash: Hash;
  readonly #clients: PagedState;
  readonly #service: PagedState;
  readonly #leaves: Digest[] = [];

  constructor(hash: Hash, parts: { clients: PagedState; service: PagedState }) {
    this.#hash = hash;
    this.#clients = parts.clients;
    this.#service = parts.service;
  }

  /** Takes the state's digest together with the orderer's part, right after a slot's end. */
  seal(ordererPart: Uint8Array): Seal {
    const pages: ChangedPage[] = [{ index: 0, bytes: ordererPart }];
    const first = 1 + this.#clients.pageCount;
    for (const index of this.#clients.takeDirty())
      pages.push({ index: 1 + index, bytes: this.#clients.page(index) });
    for (const index of this.#service.takeDirty()) {
      if (index < this.#service.pageCount)
        pages.push({ index: first + index, bytes: this.#service.page(index) });
    }
    const pageCount = first + this.#service.pageCount;
    this.#leaves.length = Math.min(this.#leaves.length, pageCount);
    for (const { index, bytes } of pages) this.#leaves[index] = pageLeaf(index, bytes, this.#hash);
    invariant(this.#leaves.length === pageCount, "every new page is dirty");
    const tree = new MerkleTree(this.#leaves, this.#hash);
    return { root: tree.root, pages, pageCount, path: tree.path(0) };
  }

  /** Takes over a whole state. Returns the orderer's part. Throws {@link DecodeError} if the pages are none. */
  load(pages: readonly Uint8Array[]): Uint8Array {
    const [ordererPart] = pages;
    const first = 1 + this.#clients.pageCount;
    if (ordererPart === undefined || pages.length < first)
      throw new DecodeError("a state without its first pages");
    this.#clients.load(pages.slice(1, first));
    this.#service.load(pages.slice(first));
    return ordererPart;
  }
}
