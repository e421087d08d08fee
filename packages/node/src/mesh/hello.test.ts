import { expect, test } from "vitest";
import { decodeHello, encodeHello, HELLO_BYTES } from "./hello.ts";

const hello = { version: 1, cluster: "\u00e9".repeat(32), replica: 300 };

test("a hello survives its encoding, which is as long as it says", () => {
  const bytes = encodeHello(hello);
  expect(bytes).toHaveLength(HELLO_BYTES);
  expect(decodeHello(bytes)).toEqual(hello);
});

test("truncated at every byte, too long, or with another magic it is none", () => {
  const bytes = encodeHello(hello);
  for (let length = 0; length < bytes.length; length += 1)
    expect(decodeHello(bytes.subarray(0, length))).toBeUndefined();
  expect(decodeHello(Buffer.concat([bytes, Uint8Array.of(0)]))).toBeUndefined();
  for (let at = 0; at < 4; at += 1) {
    const wrong = bytes.slice();
    wrong[at] = (wrong[at] ?? 0) ^ 1;
    expect(decodeHello(wrong)).toBeUndefined();
  }
});

test("its bytes are fixed: a peer of the same version must read them", () => {
  expect(Buffer.from(encodeHello({ ...hello, replica: 2 })).toString("hex")).toBe(
    `4453544d0100${"e9".repeat(32)}0200`,
  );
});
