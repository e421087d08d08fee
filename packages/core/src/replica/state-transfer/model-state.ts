import type { Digest } from "../../kernel/ids.ts";
import { Anchor, pageLeaf } from "../../wire/anchor.ts";
import { MerkleTree } from "../../wire/merkle.ts";
import { CheckpointProof } from "../../wire/messages.ts";
import { DIGESTS_MAX, type Piece, StateDigests } from "../../wire/state-transfer.ts";
import type { Hash } from "../../wire/value.ts";
import { encodeShape, shapeBytes } from "./shape.ts";

/** A state as tests need one: its pages, and what a correct replica says of them. */
export class ModelState {
  readonly seq: number;
  readonly pages: readonly Uint8Array[];
  readonly leaves: readonly Digest[];
  readonly anchor: Anchor;
  readonly #tree: MerkleTree;

  /** `pages` are those after the orderer's part and the shape. */
  constructor(hash: Hash, seq: number, pages: readonly Uint8Array[]) {
    this.seq = seq;
    const part = Uint8Array.of(seq);
    const lengths = [part.length, shapeBytes(2 + pages.length), ...pages.map(({ length }) => length)];
    this.pages = [part, encodeShape(lengths), ...pages];
    this.leaves = this.pages.map((bytes, index) => pageLeaf(index, bytes, hash));
    this.#tree = new MerkleTree(this.leaves, hash);
    const proof = new CheckpointProof({ seq, root: this.#tree.root, aggregate: new Uint8Array(48) });
    this.anchor = new Anchor({ proof, part, pageCount: this.pages.length, path: this.#tree.path(0) });
  }

  get shape(): Uint8Array {
    return this.pages[1] ?? new Uint8Array(0);
  }

  digests(ticket: number, first = 0): StateDigests {
    const path = this.#tree.path(first / DIGESTS_MAX, Math.log2(DIGESTS_MAX));
    const digests = this.leaves.slice(first, first + DIGESTS_MAX);
    const shape = first === 0 ? this.shape : new Uint8Array(0);
    return new StateDigests({ seq: this.seq, ticket, first, digests, path, shape });
  }

  pieces(asked: readonly Piece[]): Uint8Array[] {
    return asked.map(({ index, offset, length }) => {
      const page = this.pages[index] ?? new Uint8Array(0);
      return page.slice(offset, offset + length);
    });
  }
}

/** Pages with bytes that tell them apart. */
export function pagesOf(count: number, length: number, from = 0): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => new Uint8Array(length).fill((from + index) % 251));
}
