import fc from "fast-check";
import { expect, test } from "vitest";
import { DecodeError } from "./reader.ts";
import { decodeUtf8, encodeUtf8, isWellFormed } from "./utf8.ts";

fc.configureGlobal({ seed: 1 });

const text = fc.oneof(fc.string(), fc.string({ unit: "binary", maxLength: 200 }));

test("agrees with the platform's codec on every well-formed text", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  fc.assert(
    fc.property(text, fc.nat(100), (part, repeat) => {
      const whole = part.repeat(repeat);
      const bytes = encodeUtf8(whole);
      expect(Buffer.from(bytes).equals(new TextEncoder().encode(whole))).toBe(true);
      expect(decodeUtf8(bytes)).toBe(whole);
      expect(decoder.decode(bytes)).toBe(whole);
    }),
  );
});

test("refuses exactly the bytes that the platform's strict decoder refuses", () => {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const lead = fc.constantFrom(
    0x41,
    0x80,
    0xbf,
    0xc0,
    0xc1,
    0xc2,
    0xdf,
    0xe0,
    0xed,
    0xef,
    0xf0,
    0xf4,
    0xf5,
    0xff,
  );
  const bytes = fc.array(fc.oneof(lead, fc.constantFrom(0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf), fc.nat(255)), {
    maxLength: 8,
  });
  fc.assert(
    fc.property(bytes, (list) => {
      const input = Uint8Array.from(list);
      let expected: string | null = null;
      try {
        expected = decoder.decode(input);
      } catch {}
      if (expected === null) expect(() => decodeUtf8(input)).toThrow(DecodeError);
      else expect(decodeUtf8(input)).toBe(expected);
    }),
    { numRuns: 3000 },
  );
});

test("text longer than one chunk, with a pair across the border", () => {
  for (const length of [47, 48, 49, 4094, 4095, 4096, 4097, 8191]) {
    const whole = `${"a".repeat(length)}😀${"é".repeat(length)}`;
    expect(decodeUtf8(encodeUtf8(whole))).toBe(whole);
  }
});

test("a lone surrogate has no bytes", () => {
  expect(isWellFormed("😀")).toBe(true);
  for (const lone of ["\ud83d", "\ude00", "a\ud83db", "\ude00\ud83d"]) {
    expect(isWellFormed(lone)).toBe(false);
    expect(() => encodeUtf8(lone)).toThrow("well-formed");
  }
});
