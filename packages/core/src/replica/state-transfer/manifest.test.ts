import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { pageLeaf } from "../../wire/anchor.ts";
import { DecodeError } from "../../wire/reader.ts";
import { DIGESTS_MAX, StateDigests } from "../../wire/state-transfer.ts";
import { Manifest } from "./manifest.ts";
import { ModelState, pagesOf } from "./model-state.ts";
import { decodeShape, encodeShape } from "./shape.ts";

const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");

const small = new ModelState(digestOf, 8, pagesOf(5, 10));
const large = new ModelState(digestOf, 8, pagesOf(2 * DIGESTS_MAX + 40, 3));

test("a shape is the lengths of all pages, its own too", () => {
  expect(decodeShape(small.shape)).toEqual([1, 4 + 4 * 7, 10, 10, 10, 10, 10]);
  for (const none of [new Uint8Array(0), small.shape.subarray(1), encodeShape([1, 2, 3]), encodeShape([8])]) {
    expect(() => decodeShape(none)).toThrow(DecodeError);
  }
});

test("a small state is known by its first digests", () => {
  const manifest = new Manifest(small.anchor, digestOf);
  expect(manifest.missing()).toEqual([0]);
  expect(manifest.complete).toBe(false);
  expect(manifest.add(small.digests(1))).toBe(true);
  expect(manifest.complete).toBe(true);
  expect(manifest.leaves).toEqual(small.leaves);
  expect(manifest.lengths.slice(2)).toEqual([10, 10, 10, 10, 10]);
});

test("the digests of a large one come in subtrees, each verified by itself, in any order but the first", () => {
  const manifest = new Manifest(large.anchor, digestOf);
  expect(manifest.add(large.digests(1, DIGESTS_MAX))).toBe(false); // Nobody knows yet how many there are.
  expect(manifest.add(large.digests(1))).toBe(true);
  expect(manifest.missing()).toEqual([DIGESTS_MAX, 2 * DIGESTS_MAX]);
  expect(manifest.add(large.digests(1, 2 * DIGESTS_MAX))).toBe(true);
  const wrong = large.digests(1, DIGESTS_MAX);
  expect(manifest.add(new StateDigests({ ...wrong, digests: wrong.digests.with(7, "x".repeat(32)) }))).toBe(
    false,
  );
  expect(manifest.add(new StateDigests({ ...wrong, path: wrong.path.slice(1) }))).toBe(false);
  expect(manifest.add(new StateDigests({ ...wrong, first: 1 }))).toBe(false);
  expect(manifest.missing()).toEqual([DIGESTS_MAX]);
  expect(manifest.add(wrong)).toBe(true);
  expect(manifest.leaves).toEqual(large.leaves);
});

test("no other number of pages leads to the same root, though inner nodes may be given as leaves", () => {
  const state = new ModelState(digestOf, 8, pagesOf(2, 10)); // Four leaves.
  const honest = state.digests(1);
  const [a, b, c, d] = state.leaves as [string, string, string, string];
  const inner = digestOf(Uint8Array.from(`\0${c}${d}`, (char) => char.charCodeAt(0)));
  const shape = encodeShape([1, 4 + 4 * 3, 10]);
  const lies = [
    { digests: [a, b, inner], shape },
    { digests: [a, pageLeaf(1, shape, digestOf), inner], shape },
    { digests: [a, b, c], shape: honest.shape },
    { digests: [a, b, c, d, d], shape: honest.shape },
    { digests: [a, b, c, d], shape },
    { digests: [], shape: honest.shape },
  ];
  for (const lie of lies) {
    const manifest = new Manifest(state.anchor, digestOf);
    expect(manifest.add(new StateDigests({ ...honest, ...lie }))).toBe(false);
    expect(manifest.add(honest)).toBe(true);
  }
});
