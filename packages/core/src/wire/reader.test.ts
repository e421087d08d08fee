import fc from "fast-check";
import { expect, test } from "vitest";
import { InvariantViolation } from "../kernel/invariant.ts";
import { DecodeError, fromDigest, Reader, toDigest } from "./reader.ts";
import { Writer } from "./writer.ts";

fc.configureGlobal({ seed: 1 });

const digest = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(toDigest);
/** A field: how it is written, and how it is read back. */
const field = fc.oneof(
  fc.nat(0xff).map((x) => ({ write: (out: Writer) => out.u8(x), read: (input: Reader) => input.u8(), x })),
  fc
    .nat(0xffff)
    .map((x) => ({ write: (out: Writer) => out.u16(x), read: (input: Reader) => input.u16(), x })),
  fc
    .nat(0xffff_ffff)
    .map((x) => ({ write: (out: Writer) => out.u32(x), read: (input: Reader) => input.u32(), x })),
  fc
    .nat(2 ** 48 - 1)
    .map((x) => ({ write: (out: Writer) => out.u48(x), read: (input: Reader) => input.u48(), x })),
  fc
    .boolean()
    .map((x) => ({ write: (out: Writer) => out.u8(Number(x)), read: (input: Reader) => input.flag(), x })),
  digest.map((x) => ({ write: (out: Writer) => out.digest(x), read: (input: Reader) => input.digest(), x })),
  fc.uint8Array().map((x) => ({
    write: (out: Writer) => out.bytes(x),
    read: (input: Reader) => input.bytes(x.length),
    x,
  })),
  fc
    .uint8Array()
    .map((x) => ({ write: (out: Writer) => out.raw(x), read: (input: Reader) => input.raw(x.length), x })),
);

test("fields in any order, from any capacity, come back as they were", () => {
  fc.assert(
    fc.property(fc.array(field), fc.nat(40), (fields, capacity) => {
      const out = new Writer(capacity);
      for (const { write } of fields) write(out);
      const bytes = out.finish();
      expect(bytes).toHaveLength(out.length);
      const input = new Reader(bytes);
      for (const { read, x } of fields) expect(read(input)).toEqual(x);
      expect(input.remaining).toBe(0);
      input.end();
    }),
  );
});

test("the last field cut anywhere ends too early", () => {
  fc.assert(
    fc.property(field, fc.nat(), ({ write, read }, cut) => {
      const bytes = write(new Writer()).finish();
      if (bytes.length === 0) return;
      expect(() => read(new Reader(bytes.subarray(0, cut % bytes.length)))).toThrow("ends too early");
    }),
  );
});

test("numbers are little-endian", () => {
  const bytes = new Writer().u16(0x0102).u32(0x0304_0506).u48(0x0708_090a_0b0c).finish();
  expect([...bytes]).toEqual([2, 1, 6, 5, 4, 3, 12, 11, 10, 9, 8, 7]);
});

test("a number that does not fit its field is our own fault", () => {
  for (const bad of [-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    for (const name of ["u8", "u16", "u32", "u48"] as const) {
      expect(() => new Writer()[name](bad)).toThrow(InvariantViolation);
    }
  }
  expect(() => new Writer().u8(2 ** 8)).toThrow(InvariantViolation);
  expect(() => new Writer().u16(2 ** 16)).toThrow(InvariantViolation);
  expect(() => new Writer().u32(2 ** 32)).toThrow(InvariantViolation);
  expect(() => new Writer().u48(2 ** 48)).toThrow(InvariantViolation);
  expect(() => new Writer().digest("short")).toThrow(InvariantViolation);
});

test("second spellings and fields above their limits are refused", () => {
  for (let byte = 2; byte < 256; byte += 1) {
    expect(() => new Reader(Uint8Array.of(byte)).flag()).toThrow(DecodeError);
  }
  const five = new Writer().bytes(new Uint8Array(5)).finish();
  expect(new Reader(five).bytes(5)).toHaveLength(5);
  expect(() => new Reader(five).bytes(4)).toThrow("above its limit");
  expect(() => new Reader(five).end()).toThrow("9 bytes after the end");
  const three = new Writer().u32(3).raw(new Uint8Array(6)).finish();
  expect(new Reader(three).count(3, 2)).toBe(3);
  expect(() => new Reader(three).count(2, 2)).toThrow("more items");
  expect(() => new Reader(three).count(3, 3)).toThrow("more items");
});

test("a digest is its bytes, and nothing of another length", () => {
  fc.assert(
    fc.property(digest, (each) => {
      expect(toDigest(fromDigest(each))).toBe(each);
    }),
  );
  expect(() => toDigest(new Uint8Array(31))).toThrow(DecodeError);
  expect(() => toDigest(new Uint8Array(33))).toThrow(DecodeError);
});

test("what is copied out of a Buffer is a copy", () => {
  const source = Buffer.from([1, 2, 3]);
  const copy = new Reader(source).raw(3).slice();
  source.fill(0);
  expect(copy).toEqual(Uint8Array.of(1, 2, 3));
});
