import fc from "fast-check";
import { expect, test } from "vitest";
import { DecodeError } from "../wire/reader.ts";
import { decodeJson, encodeJson, type Json, ownedCopy } from "./canonical-json.ts";

fc.configureGlobal({ seed: 1 });

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small" },
    fc.constant(null),
    fc.boolean(),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.integer(),
    fc.string({ unit: "binary", maxLength: 5 }),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.dictionary(
      fc.string({ unit: "binary", maxLength: 5 }).filter((key) => key !== "__proto__"),
      tie("value"),
      { maxKeys: 4, noNullPrototype: true },
    ),
  ),
})).value;

test("one spelling: sorted keys, no spaces", () => {
  expect(text(encodeJson({ b: [1, 2.5, 1e21, -0], a: { "": null, "10": "é\n", "9": true } }))).toBe(
    '{"a":{"":null,"10":"é\\n","9":true},"b":[1,2.5,1e+21,-0]}',
  );
});

test("decoding gives back the same data, and another copy of it the same bytes", () => {
  fc.assert(
    fc.property(json, (value) => {
      const bytes = encodeJson(value);
      const decoded = decodeJson(bytes);
      expect(decoded).toStrictEqual(value);
      expect(encodeJson(decoded)).toEqual(bytes);
      expect(encodeJson(reversed(value))).toEqual(bytes);
      expect(JSON.parse(text(bytes))).toStrictEqual(value);
      expect(ownedCopy(value, 0)).toStrictEqual(value);
    }),
    { numRuns: 500 },
  );
});

function reversed(value: Json): Json {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([key, member]) => [key, reversed(member)] as const)
      .reverse(),
  );
}

const cyclic: Record<string, unknown> = {};
cyclic["self"] = cyclic;

test.each<[string, unknown]>([
  ["NaN", Number.NaN],
  ["infinity", [Number.POSITIVE_INFINITY]],
  ["undefined", { a: undefined }],
  ["a function", { a: () => 1 }],
  ["a bigint", 1n],
  ["a symbol", Symbol("s")],
  ["a symbol as a key", { [Symbol("s")]: 1 }],
  ["a lone surrogate", "\ud800"],
  ["a lone surrogate in a key", { "\udfff": 1 }],
  ["a key __proto__", JSON.parse('{"__proto__":1}')],
  ["a date", new Date(0)],
  ["a map", new Map()],
  ["bytes", new Uint8Array(1)],
  ["a promise", Promise.resolve(1)],
  ["a hole", new Array(1)],
  ["a cycle", cyclic],
])("%s is not plain data", (_name, value) => {
  expect(() => encodeJson(value)).toThrow(TypeError);
  expect(() => ownedCopy(value, 0)).toThrow(TypeError);
});

test.each([
  "",
  "{",
  "undefined",
  "NaN",
  "1e999",
  '{"__proto__":{"admin":true}}',
  '{"a":{"__proto__":1}}',
  '"\\ud800"',
  '{"\\ud800":1}',
  "[1,]",
  "\ufeff1",
])("%s is refused", (spelling) => {
  expect(() => decodeJson(utf8(spelling))).toThrow(DecodeError);
});

test("64 levels are plain data, 65 are not, and a million harm nobody", () => {
  const nested = (levels: number): Uint8Array => utf8("[".repeat(levels) + "]".repeat(levels));
  expect(encodeJson(decodeJson(nested(64)))).toEqual(nested(64));
  expect(() => decodeJson(nested(65))).toThrow(DecodeError);
  expect(() => decodeJson(nested(1_000_000))).toThrow(DecodeError);
  expect(() => decodeJson(utf8("[".repeat(1_000_000)))).toThrow(DecodeError);
});

test("arbitrary bytes decode, or throw DecodeError and nothing else", () => {
  const fragments = fc.array(
    fc.constantFrom("{", "}", "[", "]", ":", ",", '"a"', "1", "-0", "\\", "\u0000", "é"),
  );
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 10 }),
    fragments.map((parts) => utf8(parts.join(""))),
  );
  fc.assert(
    fc.property(bytes, (input) => {
      try {
        decodeJson(input);
      } catch (error) {
        expect(error).toBeInstanceOf(DecodeError);
      }
    }),
    { numRuns: 2000 },
  );
});
