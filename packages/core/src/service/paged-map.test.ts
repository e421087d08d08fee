import fc from "fast-check";
import { expect, test } from "vitest";
import { DecodeError } from "../wire/reader.ts";
import { Writer } from "../wire/writer.ts";
import { PagedMap } from "./paged-map.ts";
import { MalformedOperation } from "./service.ts";

fc.configureGlobal({ seed: 1 });

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const key = fc.oneof(
  fc.constantFrom("", "a", "b", "__proto__", "constructor", "\uffff", "😀"),
  fc.string({ unit: "binary", maxLength: 4 }),
);
const value = fc.uint8Array({ maxLength: 4 });
const change = fc.oneof(
  fc.record({ type: fc.constant("put" as const), key, value }),
  fc.record({ type: fc.constant("delete" as const), key }),
);
const history = fc.array(change, { maxLength: 60 });
const pageCount = fc.constantFrom(1, 2, 7, 64);

type Change = { type: "put"; key: string; value: Uint8Array } | { type: "delete"; key: string };

function play(map: PagedMap, twin: Map<string, Uint8Array>, step: Change): void {
  if (step.type === "put") {
    expect(map.put(step.key, step.value)).toBe(twin.has(step.key));
    twin.set(step.key, step.value);
  } else expect(map.delete(step.key)).toBe(twin.delete(step.key));
  expect(map.size).toBe(twin.size);
}

const pagesOf = (map: PagedMap): Uint8Array[] =>
  Array.from({ length: map.pageCount }, (_, index) => map.page(index).slice());

test("is a map, whatever the number of pages", () => {
  fc.assert(
    fc.property(history, pageCount, (steps, count) => {
      const map = new PagedMap({ pageCount: count });
      const twin = new Map<string, Uint8Array>();
      for (const step of steps) play(map, twin, step);
      for (const { key: each } of steps) expect(map.get(each)).toEqual(twin.get(each));
    }),
  );
});

test("pages are a function of the entries, not of the history", () => {
  fc.assert(
    fc.property(history, pageCount, fc.infiniteStream(fc.nat()), (steps, count, numbers) => {
      const map = new PagedMap({ pageCount: count });
      const twin = new Map<string, Uint8Array>();
      for (const step of steps) play(map, twin, step);
      const shuffled = [...twin].map((entry) => ({ entry, at: numbers.next().value }));
      const again = new PagedMap({ pageCount: count });
      for (const { entry } of shuffled.sort((a, b) => a.at - b.at)) again.put(...entry);
      expect(pagesOf(again)).toEqual(pagesOf(map));
    }),
  );
});

test("a page lists its entries in the order of their keys' bytes", () => {
  fc.assert(
    fc.property(fc.dictionary(key, value), (entries) => {
      const map = new PagedMap({ pageCount: 1 });
      for (const [name, bytes] of Object.entries(entries)) map.put(name, bytes);
      const sorted = Object.entries(entries).sort(([a], [b]) => Buffer.compare(utf8(a), utf8(b)));
      const expected = new Writer();
      for (const [name, bytes] of sorted) expected.bytes(utf8(name)).bytes(bytes);
      expect(map.page(0)).toEqual(expected.finish());
    }),
  );
});

test("loading the pages gives the same map, with every page dirty, and shares no bytes", () => {
  fc.assert(
    fc.property(history, history, pageCount, (steps, before, count) => {
      const map = new PagedMap({ pageCount: count });
      const twin = new Map<string, Uint8Array>();
      for (const step of steps) play(map, twin, step);
      const pages = pagesOf(map);
      const other = new PagedMap({ pageCount: count });
      const otherTwin = new Map<string, Uint8Array>();
      for (const step of before) play(other, otherTwin, step);
      other.takeDirty();
      other.load(pages);
      expect(other.takeDirty()).toHaveLength(count);
      expect(other.size).toBe(twin.size);
      for (const page of pages) page.fill(0xee);
      for (const [name, bytes] of twin) expect(other.get(name)).toEqual(bytes);
      expect(pagesOf(other)).toEqual(pagesOf(map));
    }),
  );
});

test("dirty are all pages at first, and then exactly those that changes touched", () => {
  fc.assert(
    fc.property(history, fc.array(change, { maxLength: 5 }), pageCount, (steps, more, count) => {
      const map = new PagedMap({ pageCount: count });
      const twin = new Map<string, Uint8Array>();
      expect(map.takeDirty()).toEqual(Array.from({ length: count }, (_, index) => index));
      for (const step of steps) play(map, twin, step);
      map.takeDirty();
      expect(map.takeDirty()).toEqual([]);
      const touched = new Set<number>();
      for (const step of more) {
        if (step.type === "put" || twin.has(step.key)) touched.add(pageOf(step.key, count));
        play(map, twin, step);
      }
      expect(map.takeDirty()).toEqual([...touched].sort((a, b) => a - b));
    }),
  );
});

function pageOf(name: string, count: number): number {
  const alone = new PagedMap({ pageCount: count });
  alone.put(name, new Uint8Array(0));
  return Array.from({ length: count }, (_, index) => index).find(
    (index) => alone.page(index).length > 0,
  ) as number;
}

test("which key lies on which page never changes: replicas of different releases must agree", () => {
  const keys = ["", "a", "b", "account/1", "account/2", "__proto__", "😀", "ключ"];
  expect(keys.map((each) => pageOf(each, 256))).toMatchInlineSnapshot(`
    [
      1,
      199,
      222,
      182,
      159,
      58,
      119,
      148,
    ]
  `);
});

test("keys spread evenly over the pages", () => {
  const map = new PagedMap({ pageCount: 16 });
  for (let i = 0; i < 16_000; i += 1) map.put(`account/${i}`, new Uint8Array(0));
  for (const page of pagesOf(map)) {
    // An entry takes 8 bytes of lengths and about 12 of key.
    expect(page.length).toBeGreaterThan(900 * 18);
    expect(page.length).toBeLessThan(1100 * 22);
  }
});

test("refuses pages in any second spelling, and stays as it was", () => {
  const entry = (name: string): Uint8Array => new Writer().bytes(utf8(name)).bytes(utf8("v")).finish();
  const join = (...parts: Uint8Array[]): Uint8Array => Buffer.concat(parts);
  const map = new PagedMap({ pageCount: 2 });
  map.put("kept", utf8("v"));
  const before = pagesOf(map);
  const [one, two] = ["a", "b", "c", "d", "e"].filter((name) => pageOf(name, 2) === 0) as [string, string];
  const [other] = ["a", "b", "c", "d", "e"].filter((name) => pageOf(name, 2) === 1) as [string];
  const none = new Uint8Array(0);
  const bad: Uint8Array[][] = [
    [none],
    [none, none, none],
    [join(entry(two), entry(one)), none],
    [join(entry(one), entry(one)), none],
    [entry(other), none],
    [entry(one).subarray(0, -1), none],
    [join(entry(one), Uint8Array.of(0)), none],
    [new Writer().bytes(Uint8Array.of(0xc0, 0x80)).bytes(none).finish(), none],
  ];
  map.load([join(entry(one), entry(two)), entry(other)]);
  map.load(before);
  for (const pages of bad) expect(() => map.load(pages)).toThrow(DecodeError);
  expect(pagesOf(map)).toEqual(before);
});

test("a key without bytes is refused, and harmless to look for", () => {
  const map = new PagedMap();
  expect(() => map.put("\ud800", new Uint8Array(1))).toThrow(MalformedOperation);
  expect(map.get("\ud800")).toBeUndefined();
  expect(map.delete("\ud800")).toBe(false);
  expect(map.size).toBe(0);
});
