import { expect, test } from "vitest";
import { fastDigest } from "./fast-digest.ts";

test("a digest has 32 bytes, and is the same for the same bytes", () => {
  const bytes = Uint8Array.from([1, 2, 3, 4, 5, 6, 7]);
  expect(fastDigest(bytes)).toHaveLength(32);
  expect(fastDigest(bytes)).toBe(fastDigest(bytes.slice()));
});

test("inputs that differ in one bit, in length or in order have different digests", () => {
  const digests = new Set<string>();
  for (let length = 0; length < 64; length += 1) {
    digests.add(fastDigest(new Uint8Array(length)));
    for (let bit = 0; bit < length * 8; bit += 1) {
      const bytes = new Uint8Array(length);
      bytes[bit >> 3] = 1 << (bit & 7);
      digests.add(fastDigest(bytes));
    }
  }
  expect(digests.size).toBe(64 + (8 * 64 * 63) / 2);
});
