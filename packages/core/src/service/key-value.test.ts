import fc from "fast-check";
import { expect, test } from "vitest";
import { LIMITS } from "../wire/limits.ts";
import { DecodeError } from "../wire/reader.ts";
import { encodeOutcome } from "../wire/reply.ts";
import {
  decodeExisted,
  decodeValue,
  encodeDelete,
  encodeGet,
  encodePut,
  KEY_BYTES_MAX,
  KeyValue,
  VALUE_BYTES_MAX,
} from "./key-value.ts";
import { MalformedOperation } from "./service.ts";

fc.configureGlobal({ seed: 1 });

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);

test("put, get and delete", () => {
  const service = new KeyValue();
  for (const key of ["a", "", "__proto__", "constructor", "ключ😀"]) {
    expect(decodeValue(service.query(encodeGet(key)))).toBeUndefined();
    expect(decodeExisted(service.apply(encodePut(key, utf8("1"))))).toBe(false);
    expect(decodeExisted(service.apply(encodePut(key, utf8(key))))).toBe(true);
    expect(decodeValue(service.query(encodeGet(key)))).toEqual(utf8(key));
    expect(decodeExisted(service.apply(encodeDelete(key)))).toBe(true);
    expect(decodeExisted(service.apply(encodeDelete(key)))).toBe(false);
    expect(service.query(encodeGet(key))).toEqual(Uint8Array.of(0));
  }
});

test("the bytes of every operation and result, which change only on purpose", () => {
  const service = new KeyValue();
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
  expect(hex(encodePut("key", utf8("value")))).toBe("01030000006b65790500000076616c7565");
  expect(hex(encodeGet("key"))).toBe("02030000006b6579");
  expect(hex(encodeDelete("key"))).toBe("03030000006b6579");
  expect(hex(service.apply(encodePut("key", utf8("value"))))).toBe("00");
  expect(hex(service.query(encodeGet("key")))).toBe("0176616c7565");
  expect(hex(service.apply(encodeDelete("key")))).toBe("01");
});

test("an empty value is not an absent one", () => {
  const service = new KeyValue();
  service.apply(encodePut("empty", new Uint8Array(0)));
  expect(decodeValue(service.query(encodeGet("empty")))).toEqual(new Uint8Array(0));
});

test("the limits are inclusive, and the largest value fits into a result", () => {
  const service = new KeyValue();
  const longest = "é".repeat(KEY_BYTES_MAX / 2);
  const largest = new Uint8Array(VALUE_BYTES_MAX).fill(7);
  const put = encodePut(longest, largest);
  expect(put.length).toBeLessThanOrEqual(LIMITS.operationBytesMax);
  service.apply(put);
  const result = service.query(encodeGet(longest));
  expect(encodeOutcome({ ok: true, result }).length).toBeLessThanOrEqual(LIMITS.resultBytesMax);
  expect(decodeValue(result)).toEqual(largest);
  expect(() => encodeGet(`${longest}x`)).toThrow(MalformedOperation);
  expect(() => encodePut("key", new Uint8Array(VALUE_BYTES_MAX + 1))).toThrow(MalformedOperation);
  expect(() => encodeDelete("\udc00")).toThrow(MalformedOperation);
});

test("an operation cut short, with more behind it, or of another kind is malformed and changes nothing", () => {
  const service = new KeyValue();
  service.apply(encodePut("key", utf8("value")));
  service.state.takeDirty();
  const operations = [encodePut("key", utf8("other")), encodeGet("key"), encodeDelete("key")];
  for (const operation of operations) {
    for (let length = 0; length < operation.length; length += 1) {
      expect(() => service.apply(operation.subarray(0, length))).toThrow(MalformedOperation);
    }
    expect(() => service.apply(Buffer.concat([operation, Uint8Array.of(0)]))).toThrow(MalformedOperation);
  }
  for (const tag of [0, 4, 255]) {
    expect(() => service.apply(Uint8Array.of(tag, 0, 0, 0, 0))).toThrow(MalformedOperation);
  }
  expect(() => service.apply(Uint8Array.of(3, 1, 0, 0, 0, 0xff))).toThrow(MalformedOperation);
  expect(() => service.apply(encodeGet("key"))).toThrow(MalformedOperation);
  expect(() => service.query(encodeDelete("key"))).toThrow(MalformedOperation);
  expect(() => service.query(encodePut("key", utf8("other")))).toThrow(MalformedOperation);
  expect(service.state.takeDirty()).toEqual([]);
  expect(decodeValue(service.query(encodeGet("key")))).toEqual(utf8("value"));
});

test("arbitrary bytes are an operation or malformed, and nothing else is ever thrown", () => {
  const service = new KeyValue({ pageCount: 2 });
  const near = fc
    .tuple(fc.constantFrom(1, 2, 3), fc.uint8Array({ maxLength: 3 }), fc.uint8Array({ maxLength: 8 }))
    .map(([tag, key, rest]) => Uint8Array.of(tag, key.length, 0, 0, 0, ...key, ...rest));
  fc.assert(
    fc.property(fc.oneof(fc.uint8Array({ maxLength: 20 }), near), (bytes) => {
      try {
        service.apply(bytes);
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedOperation);
      }
    }),
    { numRuns: 1000 },
  );
});

test("the state keeps its own copy of a value", () => {
  const service = new KeyValue();
  const operation = encodePut("key", utf8("value"));
  service.apply(operation);
  operation.fill(0);
  const result = service.query(encodeGet("key"));
  result.fill(0);
  expect(decodeValue(service.query(encodeGet("key")))).toEqual(utf8("value"));
});

test("a result that is none is refused", () => {
  for (const bytes of [[], [2], [0, 0]]) {
    expect(() => decodeValue(Uint8Array.from(bytes))).toThrow(DecodeError);
    expect(() => decodeExisted(Uint8Array.from(bytes))).toThrow(DecodeError);
  }
});
