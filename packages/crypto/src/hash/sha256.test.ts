import { createHash } from "node:crypto";
import { DIGEST_BYTES } from "@destiny/core/kernel/ids";
import { fromDigest } from "@destiny/core/wire/reader";
import fc from "fast-check";
import { expect, test } from "vitest";
import { digestOf, sha256 } from "./sha256.ts";

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

test("the standard's vector", () => {
  const hex = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  expect(Buffer.from(sha256(text("abc"))).toString("hex")).toBe(hex);
  expect(Buffer.from(fromDigest(digestOf(text("abc")))).toString("hex")).toBe(hex);
});

test("a digest of parts is the digest of their concatenation, below and above the joining limit", () => {
  const parts = fc.array(fc.uint8Array({ maxLength: 2000 }), { maxLength: 6 });
  fc.assert(
    fc.property(parts, (list) => {
      const expected = createHash("sha256").update(Buffer.concat(list)).digest("binary");
      expect(digestOf(...list)).toBe(expected);
      expect(expected).toHaveLength(DIGEST_BYTES);
    }),
    { numRuns: 50 },
  );
});
