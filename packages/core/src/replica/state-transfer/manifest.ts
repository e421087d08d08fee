import type { Digest } from "../../kernel/ids.ts";
import { type Anchor, pageLeaf } from "../../wire/anchor.ts";
import { merkleRoot, rootFromPath } from "../../wire/merkle.ts";
import { DecodeError } from "../../wire/reader.ts";
import { DIGESTS_MAX, type StateDigests } from "../../wire/state-transfer.ts";
import type { Hash } from "../../wire/value.ts";
import { decodeShape, SHAPE_PAGE } from "./shape.ts";

/**
 * What a certified state consists of: the digest and the length of every page. It comes in subtrees, each of which is
 * verified against the anchor's root by itself, so that a false one is its sender's fault and nobody else's.
 */
export class Manifest {
  readonly anchor: Anchor;
  readonly #hash: Hash;
  readonly #leaves: Digest[] = [];
  /** Subtrees that have come, by their first leaf. */
  readonly #known = new Set<number>();
  /** Null until the first subtree has come. */
  #lengths: readonly number[] | null = null;

  constructor(anchor: Anchor, hash: Hash) {
    this.anchor = anchor;
    this.#hash = hash;
  }

  get lengths(): readonly number[] {
    return this.#lengths ?? [];
  }

  get leaves(): readonly Digest[] {
    return this.#leaves;
  }

  get complete(): boolean {
    return this.#lengths !== null && this.missing().length === 0;
  }

  /** First leaves of the subtrees that have not come; of the first one only, until that tells how many there are. */
  missing(): number[] {
    const count = this.#lengths?.length ?? 1;
    const missing: number[] = [];
    for (let first = 0; first < count; first += DIGESTS_MAX) if (!this.#known.has(first)) missing.push(first);
    return missing;
  }

  /** Takes a subtree in. False if the root does not vouch for it. */
  add(message: StateDigests): boolean {
    const { first, digests } = message;
    if (this.#known.has(first)) return true;
    const lengths = first === 0 ? this.#openShape(message) : this.#lengths;
    if (lengths === null || !this.#leadsToRoot(message, lengths.length)) return false;
    this.#lengths = lengths;
    this.#known.add(first);
    for (const [at, digest] of digests.entries()) this.#leaves[first + at] = digest;
    return true;
  }

  /** The shape under the digest that the message gives for it: if that leads to the root, so does the page count. */
  #openShape({ digests, shape }: StateDigests): readonly number[] | null {
    if (digests[SHAPE_PAGE] !== pageLeaf(SHAPE_PAGE, shape, this.#hash)) return null;
    try {
      return decodeShape(shape);
    } catch (error) {
      if (error instanceof DecodeError) return null;
      throw error;
    }
  }

  #leadsToRoot({ first, digests, path }: StateDigests, pageCount: number): boolean {
    if (first % DIGESTS_MAX !== 0 || digests.length !== Math.min(DIGESTS_MAX, pageCount - first))
      return false;
    const place = { index: first / DIGESTS_MAX, count: Math.ceil(pageCount / DIGESTS_MAX) };
    const subtree = merkleRoot(digests, this.#hash);
    return rootFromPath(subtree, place, path, this.#hash) === this.anchor.proof.root;
  }
}
