import { createHash } from "node:crypto";
import fc from "fast-check";
import { expect, test } from "vitest";
import { MerkleTree, merkleRoot, PATH_MAX, rootFromPath } from "./merkle.ts";
import { requestLeaf, resultLeaf, rootOfReply } from "./reply.ts";
import type { Hash } from "./value.ts";

fc.configureGlobal({ seed: 1 });

const sha256 = (text: string): string => createHash("sha256").update(text, "latin1").digest("binary");
const hash: Hash = (bytes) => createHash("sha256").update(bytes).digest("binary");
const leavesOf = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => sha256(`leaf ${index}`));

/** The obvious twin: the larger left part of a tree is full, as in RFC 6962. */
function naiveRoot(leaves: readonly string[]): string {
  const [first = sha256("")] = leaves;
  if (leaves.length <= 1) return first;
  let left = 1;
  while (left * 2 < leaves.length) left *= 2;
  return sha256(`\0${naiveRoot(leaves.slice(0, left))}${naiveRoot(leaves.slice(left))}`);
}

function naivePath(leaves: readonly string[], index: number): string[] {
  if (leaves.length <= 1) return [];
  let left = 1;
  while (left * 2 < leaves.length) left *= 2;
  if (index < left) return [...naivePath(leaves.slice(0, left), index), naiveRoot(leaves.slice(left))];
  return [...naivePath(leaves.slice(left), index - left), naiveRoot(leaves.slice(0, left))];
}

test("a run of leaves that is a subtree leads to the root by the path of its node, the last one too", () => {
  for (let count = 1; count <= 40; count += 1) {
    const leaves = leavesOf(count);
    const tree = new MerkleTree(leaves, hash);
    for (let first = 0; first < count; first += 4) {
      const subtree = merkleRoot(leaves.slice(first, first + 4), hash);
      const place = { index: first / 4, count: Math.ceil(count / 4) };
      expect(rootFromPath(subtree, place, tree.path(first / 4, 2), hash)).toBe(tree.root);
    }
  }
});

test("roots and paths are those of the obvious tree", () => {
  for (let count = 1; count <= 40; count += 1) {
    const leaves = leavesOf(count);
    const tree = new MerkleTree(leaves, hash);
    expect(tree.root).toBe(naiveRoot(leaves));
    expect(merkleRoot(leaves, hash)).toBe(tree.root);
    for (let index = 0; index < count; index += 1) {
      const path = tree.path(index);
      expect(path).toEqual(naivePath(leaves, index));
      expect(path.length).toBeLessThanOrEqual(PATH_MAX);
      expect(rootFromPath(leaves[index]!, { index, count }, path, hash)).toBe(tree.root);
    }
  }
  expect(merkleRoot([], hash)).toBe(sha256(""));
  expect(() => new MerkleTree([], hash)).toThrow("at least one leaf");
  expect(() => new MerkleTree(leavesOf(3), hash).path(3)).toThrow("starts at a node");
  expect(() => new MerkleTree(leavesOf(3), hash).path(-1)).toThrow("starts at a node");
});

test("a path proves its own leaf at its own place only", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 33 }), fc.nat(), fc.nat(), fc.nat(), (count, a, b, c) => {
      const leaves = leavesOf(count);
      const tree = new MerkleTree(leaves, hash);
      const index = a % count;
      const path = tree.path(index);
      const root = (leaf: string, at: number, steps: string[]): unknown =>
        rootFromPath(leaf, { index: at, count }, steps, hash);
      expect(root(sha256("another"), index, path)).not.toBe(tree.root);
      const elsewhere = b % count;
      if (elsewhere !== index) expect(root(leaves[index]!, elsewhere, path)).not.toBe(tree.root);
      expect(root(leaves[index]!, index, [...path, sha256("more")])).toBeNull();
      if (path.length === 0) return;
      expect(root(leaves[index]!, index, path.slice(1))).toBeNull();
      const lie = path.map((step, level) => (level === c % path.length ? sha256(step) : step));
      expect(root(leaves[index]!, index, lie)).not.toBe(tree.root);
    }),
    { numRuns: 300 },
  );
});

test("a place outside the tree has no root", () => {
  for (const [index, count] of [
    [0, 0],
    [1, 1],
    [5, 5],
    [-1, 3],
  ] as const) {
    expect(rootFromPath(sha256("leaf"), { index, count }, [], hash)).toBeNull();
  }
});

test("a node is never a leaf, nor one kind of leaf another", () => {
  const [left, right] = leavesOf(2) as [string, string];
  const bytes = Buffer.from(`${left}${right}`, "latin1");
  expect(resultLeaf(bytes, hash)).not.toBe(merkleRoot([left, right], hash));
  const request = { client: "c".repeat(32), timestamp: 1 };
  const leaf = requestLeaf(request, [bytes], hash);
  expect(leaf).not.toBe(resultLeaf(bytes, hash));
  expect(requestLeaf({ ...request, timestamp: 2 }, [bytes], hash)).not.toBe(leaf);
  expect(requestLeaf({ ...request, client: "d".repeat(32) }, [bytes], hash)).not.toBe(leaf);
  expect(requestLeaf(request, [bytes, bytes], hash)).not.toBe(leaf);
  expect(requestLeaf(request, [], hash)).not.toBe(leaf);
});

test("a proven reply leads to its entry's root, and with any result changed elsewhere", () => {
  const requests = [1, 2, 3, 4, 5].map((timestamp) => ({ client: "c".repeat(32), timestamp }));
  const results = [Uint8Array.of(0, 7), Uint8Array.of(1, 2)];
  const tree = new MerkleTree(
    requests.map((request) => requestLeaf(request, results, hash)),
    hash,
  );
  for (const [index, request] of requests.entries()) {
    const reply = {
      type: "proven" as const,
      ...request,
      seq: 9,
      entry: 1,
      index,
      count: 5,
      path: tree.path(index),
      aggregate: new Uint8Array(0),
      results,
    };
    expect(rootOfReply(reply, hash)).toBe(tree.root);
    expect(rootOfReply({ ...reply, results: results.slice(1) }, hash)).not.toBe(tree.root);
    expect(rootOfReply({ ...reply, results: [...results].reverse() }, hash)).not.toBe(tree.root);
    expect(rootOfReply({ ...reply, timestamp: 6 }, hash)).not.toBe(tree.root);
    expect(rootOfReply({ ...reply, count: 4 }, hash)).not.toBe(tree.root);
    expect(rootOfReply({ ...reply, index: 5 }, hash)).toBeNull();
  }
});
