import type { Digest } from "../kernel/ids.ts";
import { invariant } from "../kernel/invariant.ts";
import type { Hash } from "./value.ts";
import { Writer } from "./writer.ts";

/** Tags that keep a leaf from being taken for a node, and one kind of leaf for another. */
export const Leaf = { Node: 0, Request: 1, Result: 2, Page: 3 } as const;

/** Deepest tree: 2^32 leaves. */
export const PATH_MAX = 32;

/** The root over leaf digests in order; a lone node at the end of a level moves up as it is. Of none: of the empty list. */
export function merkleRoot(leaves: readonly Digest[], hash: Hash): Digest {
  if (leaves.length === 0) return hash(new Uint8Array(0));
  let level = leaves;
  // Results are often all the same, and then so are the nodes above them: a look-up costs a tenth of a hash.
  const known = new Map<string, Digest>();
  while (level.length > 1) level = parents(level, hash, known);
  return level[0] as Digest;
}

/** A tree that is kept to give many paths. */
export class MerkleTree {
  readonly #levels: (readonly Digest[])[];

  constructor(leaves: readonly Digest[], hash: Hash) {
    invariant(leaves.length > 0, "a tree of at least one leaf");
    this.#levels = [leaves];
    for (let level = leaves; level.length > 1; ) {
      level = parents(level, hash);
      this.#levels.push(level);
    }
  }

  get root(): Digest {
    return this.#levels[this.#levels.length - 1]?.[0] as Digest;
  }

  /** The siblings on the way from a leaf, or from a node of a higher level, to the root, bottom first. */
  path(index: number, height = 0): Digest[] {
    const first = Math.min(height, this.#levels.length - 1);
    invariant(index >= 0 && index < (this.#levels[first]?.length ?? 0), "a path starts at a node");
    const path: Digest[] = [];
    let at = index;
    for (let above = first; above < this.#levels.length; above += 1) {
      const level = this.#levels[above] as readonly Digest[];
      const sibling = level.length > 1 ? level[at ^ 1] : undefined;
      if (sibling !== undefined) path.push(sibling);
      at >>>= 1;
    }
    return path;
  }
}

/** The root that a leaf at `index` of `count` leaves leads to along a path, or null if the path does not fit. */
export function rootFromPath(
  leaf: Digest,
  place: { readonly index: number; readonly count: number },
  path: readonly Digest[],
  hash: Hash,
): Digest | null {
  if (place.index < 0 || place.index >= place.count) return null;
  let digest = leaf;
  let used = 0;
  let at = place.index;
  for (let width = place.count; width > 1; width = (width + 1) >>> 1) {
    if ((at ^ 1) < width) {
      const sibling = path[used];
      if (sibling === undefined) return null;
      used += 1;
      digest = at % 2 === 0 ? node(digest, sibling, hash) : node(sibling, digest, hash);
    }
    at >>>= 1;
  }
  return used === path.length ? digest : null;
}

function parents(level: readonly Digest[], hash: Hash, known?: Map<string, Digest>): Digest[] {
  const above: Digest[] = [];
  for (let i = 0; i < level.length; i += 2) {
    const left = level[i] as Digest;
    const right = level[i + 1];
    above.push(right === undefined ? left : (known?.get(left + right) ?? node(left, right, hash, known)));
  }
  return above;
}

function node(left: Digest, right: Digest, hash: Hash, known?: Map<string, Digest>): Digest {
  const digest = hash(new Writer(65).u8(Leaf.Node).digest(left).digest(right).finish());
  known?.set(left + right, digest);
  return digest;
}
