import { afterAll, beforeAll, expect, test } from "vitest";
import { DamageSubject } from "./damage-subject.ts";
import { METADATA_KEYS, pageKey } from "./layout.ts";
import { freeSpans, PageClaims } from "./page-claims.ts";

const PAGE_BYTES = 4_096;
const PAGE_HEADER_BYTES = 24;
const NODE_BYTES = 8;

let subject: DamageSubject;

beforeAll(async () => {
  subject = await DamageSubject.make();
});
afterAll(() => subject.close());

/** Where the newest header is. */
function newest(): number {
  const transaction = (at: number): bigint => subject.sound.readBigUInt64LE(at + 152);
  return transaction(0) > transaction(PAGE_BYTES) ? 0 : PAGE_BYTES;
}

/** Where the root of a tree is, by the place of its number in the header. */
function root(offset: number): number {
  return Number(subject.sound.readBigUInt64LE(newest() + offset)) * PAGE_BYTES;
}

/** Where the nodes of a page begin. */
function nodesAt(page: number): number[] {
  const nodes = subject.sound.readUInt16LE(page + 20) / 2;
  return [...Array(nodes).keys()].map((index) => {
    const at = page + PAGE_HEADER_BYTES;
    return at + subject.sound.readUInt16LE(at + 2 * index);
  });
}

const freeRoot = (): number => root(88);
const mainRoot = (): number => root(136);

/** The live leaf in which a key is. */
function nodeOf(key: Buffer): number {
  const leaves = nodesAt(mainRoot()).map((node) => subject.sound.readUInt32LE(node) * PAGE_BYTES);
  const nodes = leaves.flatMap((leaf) => nodesAt(leaf));
  const found = nodes.find((node) =>
    key.equals(subject.sound.subarray(node + NODE_BYTES, node + NODE_BYTES + key.length)),
  );
  expect(found).toBeDefined();
  return found ?? 0;
}

test("a list of free pages that names another page than it did is refused: LMDB would write over that one", async () => {
  for (const node of nodesAt(freeRoot())) {
    const list = node + NODE_BYTES + 8;
    const length = Number(subject.sound.readBigUInt64LE(list));
    expect(length).toBeGreaterThanOrEqual(2);
    for (let at = list + 8; at <= list + 8 * length; at += 8) {
      const before = Number(subject.sound.readBigUInt64LE(at));
      for (const bit of [0, 1, 2, 3, 4]) {
        // Page 0 is none: a free page is forgotten, which harms nobody.
        const isGone = (before ^ (1 << bit)) === 0;
        expect(await subject.flip(at, bit), `${before} at ${at}, bit ${bit}`).toBe(
          isGone ? "unharmed" : "refused",
        );
      }
    }
  }
});

test("a list that was freed by a transaction yet to come is refused", async () => {
  const [first = 0] = nodesAt(freeRoot());
  expect(await subject.flip(first + NODE_BYTES + 3, 0)).toBe("refused");
});

test("a page that says it was written after those above it is refused: LMDB would write into it", async () => {
  const [leaf = 0] = nodesAt(mainRoot()).map((node) => subject.sound.readUInt32LE(node) * PAGE_BYTES);
  for (const page of [leaf, freeRoot()]) expect(await subject.flip(page + 8, 5)).toBe("refused");
});

test.each([
  ["identity", METADATA_KEYS.identity],
  ["account", METADATA_KEYS.account],
  ["watermarks", METADATA_KEYS.watermarks],
  ["checkpoints", METADATA_KEYS.checkpoints],
  ["what came with the checkpoint", METADATA_KEYS.checkpointMeta],
  ["a page of the state", pageKey(1, 2)],
])("the key of a record that is not of the log is missed when it has changed: %s", async (_name, key) => {
  const at = nodeOf(key) + NODE_BYTES + key.length - 1;
  for (const bit of [0, 3, 7]) expect(await subject.flip(at, bit)).toBe("refused");
});

test("lengths by which LMDB would move what is beside them are refused, whether or not anybody reads them", async () => {
  const node = nodeOf(pageKey(1, 1));
  for (const bit of [1, 4]) expect(await subject.flip(node, bit)).toBe("refused");
  for (const bit of [0, 2]) expect(await subject.flip(node + 6, bit)).toBe("refused");
});

test("a header of another kind, number, version or address is refused before LMDB sees it", async () => {
  for (const page of [0, PAGE_BYTES]) {
    for (const offset of [0, 18, 24, 28, 32]) expect(await subject.flip(page + offset, 3)).toBe("refused");
  }
});

test("a page is claimed once, and only if it is in the file", () => {
  const claims = new PageClaims(20);
  expect([claims.take(2, 3), claims.take(5, 16), claims.take(1, 1), claims.take(21, 1)]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  const others = new PageClaims(20);
  expect([others.take(8, 2), others.take(7, 2), others.take(Number.NaN, 1), others.take(3, 0)]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test("a list of free pages names pages and spans, and nothing beyond its length", () => {
  const record = (...numbers: number[]): Buffer => {
    const bytes = Buffer.alloc(8 * numbers.length);
    for (const [at, number] of numbers.entries()) bytes.writeBigInt64LE(BigInt(number), 8 * at);
    return bytes;
  };
  const spans = [
    { first: 7, count: 1 },
    { first: 9, count: 3 },
  ];
  expect([...freeSpans(record(4, 7, 0, -3, 9, 99))]).toEqual(spans);
  expect([...freeSpans(record(3, 7, -3))]).toEqual([null]);
  expect([...freeSpans(record(2, 7, -3))]).toEqual([spans[0], null]);
  expect([...freeSpans(Buffer.alloc(4))]).toEqual([null]);
});
