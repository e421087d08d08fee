import { createHash } from "node:crypto";
import { ed25519 as noble } from "@noble/curves/ed25519.js";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isSoundPoint, openEd25519 } from "./ed25519.ts";
import { nodePrimitives, type Primitives, sodiumPrimitives } from "./primitives.ts";

const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const PRIME = 2n ** 255n - 19n;
const message = new TextEncoder().encode("message");
const seed = new Uint8Array(32).fill(9);
const sodium = sodiumPrimitives();
const libraries: [string, Primitives][] = [["node", nodePrimitives()]];
if (sodium !== undefined) libraries.push(["sodium", sodium]);

const little = (value: bigint): Uint8Array =>
  Buffer.from(value.toString(16).padStart(64, "0"), "hex").reverse();
const toBigInt = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).reverse().toString("hex")}`);
/** y of the points whose order divides the cofactor. */
const order8 = toBigInt(
  Buffer.from("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05", "hex"),
);
const smallOrder = [0n, 1n, PRIME - 1n, order8, PRIME - order8, PRIME, PRIME + 1n].flatMap((y) => [
  y,
  y + 2n ** 255n,
]);

test("small orders and second spellings are no sound points, in any spelling", () => {
  for (const y of smallOrder) expect(isSoundPoint(little(y))).toBe(false);
  for (let y = PRIME; y < 2n ** 255n; y += 1n) {
    expect(isSoundPoint(little(y))).toBe(false);
    expect(isSoundPoint(little(y + 2n ** 255n))).toBe(false);
  }
  for (const y of [2n, 3n, PRIME - 2n, 0xecn, 0xedn, 0x26n]) expect(isSoundPoint(little(y))).toBe(true);
  expect(isSoundPoint(new Uint8Array(31))).toBe(false);
});

test("the small orders of this test are those of the curve", () => {
  const torsion = noble.Point.fromBytes(little(order8));
  expect(torsion.multiplyUnsafe(8n).is0()).toBe(true);
  expect(torsion.multiplyUnsafe(4n).is0()).toBe(false);
});

describe.each(libraries)("%s", (_, primitives) => {
  const ed25519 = openEd25519(primitives);
  const key = ed25519.keyFromSeed(seed);
  const signature = key.sign(message);
  const R = signature.slice(0, 32);
  const S = toBigInt(signature.slice(32));
  const verify = (
    of: Partial<{ publicKey: Uint8Array; message: Uint8Array; signature: Uint8Array }>,
  ): boolean => ed25519.verify({ publicKey: key.publicKey, message, signature, ...of });

  test("RFC 8032, section 7.1, tests 1 and 3", () => {
    const vectors = [
      [
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
      ],
      [
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
      ],
    ].map((row) => row.map((hex) => Uint8Array.from(Buffer.from(hex, "hex"))));
    for (const [secret = R, publicKey = R, text = R, expected = R] of vectors) {
      const pair = ed25519.keyFromSeed(secret);
      expect(Uint8Array.from(pair.publicKey)).toEqual(publicKey);
      expect(Uint8Array.from(ed25519.publicKeyFromSeed(secret))).toEqual(publicKey);
      expect(Uint8Array.from(pair.sign(text))).toEqual(expected);
      expect(ed25519.verify({ publicKey, message: text, signature: expected })).toBe(true);
    }
  });

  test("good signatures pass, any change does not", () => {
    expect(verify({})).toBe(true);
    const change = fc.record({
      field: fc.constantFrom("publicKey", "message", "signature"),
      bit: fc.nat({ max: 7 }),
      at: fc.nat(),
    });
    fc.assert(
      fc.property(change, ({ field, bit, at }) => {
        const bytes = Uint8Array.from({ publicKey: key.publicKey, message, signature }[field] ?? []);
        bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << bit);
        expect(verify({ [field]: bytes })).toBe(false);
      }),
      { numRuns: 100 },
    );
  });

  test("wrong lengths are false, and throw nothing", () => {
    for (const length of [0, 31, 33, 63, 65]) {
      expect(verify({ publicKey: new Uint8Array(length) })).toBe(false);
      expect(verify({ signature: new Uint8Array(length) })).toBe(false);
    }
    expect(() => ed25519.keyFromSeed(new Uint8Array(31))).toThrow("32 bytes");
  });

  test("dqbft.md H32: S + L, a second signature of the same message, is false", () => {
    for (const second of [S + ORDER, S + 2n * ORDER].filter((value) => value < 2n ** 256n)) {
      expect(verify({ signature: Buffer.concat([R, little(second)]) })).toBe(false);
    }
  });

  test("the identity and its like as a key: no signature fits, where R = S·B would fit every message", () => {
    for (const y of smallOrder) {
      for (const r of smallOrder) {
        const forged = Buffer.concat([little(r), little(0n)]);
        expect(verify({ publicKey: little(y), signature: forged })).toBe(false);
      }
      const honestR = noble.Point.BASE.multiply(5n).toBytes();
      expect(verify({ publicKey: little(y), signature: Buffer.concat([honestR, little(5n)]) })).toBe(false);
    }
  });

  test("dqbft.md H32, (n8): a key with a part of small order: every library takes just those signatures where it vanishes", () => {
    // A' = A + T of order 8, S = r + h·a: without cofactor that holds where 8 divides h, with it always.
    const torsion = noble.Point.fromBytes(little(order8));
    const mixed = noble.Point.fromBytes(key.publicKey).add(torsion).toBytes();
    const { scalar } = noble.utils.getExtendedPublicKey(seed);
    const nonce = noble.Point.BASE.multiply(5n).toBytes();
    const outcomes = Array.from({ length: 40 }, (_, i) => {
      const text = Uint8Array.of(i);
      const h = toBigInt(createHash("sha512").update(nonce).update(mixed).update(text).digest()) % ORDER;
      const forged = Buffer.concat([nonce, little((5n + h * scalar) % ORDER)]);
      expect(ed25519.verify({ publicKey: mixed, message: text, signature: forged })).toBe(h % 8n === 0n);
      return h % 8n === 0n;
    });
    expect(new Set(outcomes).size).toBe(2);
  });
});
