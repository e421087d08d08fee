import { hash } from "node:crypto";
import { expect, test } from "vitest";
import type { PagedState } from "../service/service.ts";
import { SnapshotPages } from "../service/snapshot-pages.ts";
import { DecodeError } from "../wire/reader.ts";
import { ReplicatedState } from "./replicated-state.ts";
import { decodeShape } from "./state-transfer/shape.ts";

const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");

/** Pages that a test sets. */
class Pages implements PagedState {
  pages: number[];
  #dirty = new Set<number>();

  constructor(...pages: number[]) {
    this.pages = pages;
    this.#dirty = new Set(pages.keys());
  }

  get pageCount(): number {
    return this.pages.length;
  }

  set(index: number, page: number): void {
    this.pages[index] = page;
    this.#dirty.add(index);
  }

  takeDirty(): readonly number[] {
    const dirty = [...this.#dirty].sort((x, y) => x - y);
    this.#dirty.clear();
    return dirty;
  }

  page(index: number): Uint8Array {
    return Uint8Array.of(this.pages[index] ?? 0);
  }

  load(pages: readonly Uint8Array[]): void {
    this.pages = pages.map(([byte]) => byte ?? 0);
    this.#dirty = new Set(this.pages.keys());
  }
}

const orderer = (cut: number): Uint8Array => Uint8Array.of(cut);

test("a seal saves what changed, and its root says the whole state", () => {
  const service = new Pages(10, 11, 12);
  const state = new ReplicatedState(digestOf, { clients: new Pages(1, 2), service });
  expect(state.seal(orderer(5)).pages.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  service.set(1, 99);
  const seal = state.seal(orderer(6));
  expect(seal.pages.map(({ index, bytes }) => [index, ...bytes])).toEqual([
    [0, 6],
    [5, 99],
  ]);
  expect(seal.pageCount).toBe(7);

  const fresh = new ReplicatedState(digestOf, { clients: new Pages(1, 2), service: new Pages(10, 99, 12) });
  expect(fresh.seal(orderer(6)).root).toBe(seal.root);
});

test("every part of the state is in the root, and its place too", () => {
  const root = (cut: number, clients: number[], service: number[]): string =>
    new ReplicatedState(digestOf, { clients: new Pages(...clients), service: new Pages(...service) }).seal(
      orderer(cut),
    ).root;
  const roots = [
    root(5, [1], [10]),
    root(6, [1], [10]),
    root(5, [2], [10]),
    root(5, [1], [11]),
    root(5, [10], [1]),
  ];
  expect(new Set(roots).size).toBe(5);
  expect(root(5, [1], [10, 11])).not.toBe(root(5, [1], [10]));
});

test("a service may shrink and grow", () => {
  const service = new Pages(10, 11, 12);
  const state = new ReplicatedState(digestOf, { clients: new Pages(1), service });
  state.seal(orderer(1));
  service.pages.length = 1;
  const small = state.seal(orderer(2));
  expect(small.pageCount).toBe(4);
  service.set(1, 20);
  const fresh = new ReplicatedState(digestOf, { clients: new Pages(1), service: new Pages(10, 20) });
  expect(state.seal(orderer(3)).root).toBe(fresh.seal(orderer(3)).root);
});

test("a loaded state seals to the root that it was saved under", () => {
  const one = new ReplicatedState(digestOf, { clients: new Pages(1, 2), service: new Pages(10, 11) });
  const { root, pages } = one.seal(orderer(5));
  const service = new Pages();
  const other = new ReplicatedState(digestOf, { clients: new Pages(0, 0), service });
  expect([...other.load(pages.map(({ bytes }) => bytes))]).toEqual([5]);
  expect(service.pages).toEqual([10, 11]);
  expect(other.seal(orderer(5)).root).toBe(root);
});

test("a state without its first pages, or of another shape than it says, is none", () => {
  const saved = new ReplicatedState(digestOf, { clients: new Pages(1, 2), service: new Pages(10) });
  const pages = saved.seal(orderer(1)).pages.map(({ bytes }) => bytes);
  const state = new ReplicatedState(digestOf, { clients: new Pages(1, 2), service: new Pages() });
  for (const none of [
    [],
    [orderer(1)],
    pages.slice(0, 3),
    [...pages, Uint8Array.of(1)],
    [...pages.slice(0, -1), Uint8Array.of(1, 2)],
    [orderer(1), Uint8Array.of(1), ...pages.slice(2)],
  ]) {
    expect(() => state.load(none)).toThrow(DecodeError);
  }
  expect(() => state.load(pages)).not.toThrow();
});

test("its shape says how long the pages are, and is saved when that changes", () => {
  const service = new SnapshotPages({ snapshot: () => bytes, restore: () => {} });
  let bytes = new Uint8Array(65_536 + 3);
  const state = new ReplicatedState(digestOf, { clients: new Pages(1), service });
  expect(decodeShape(state.seal(orderer(1)).shape)).toEqual([1, 4 + 4 * 5, 1, 65_536, 3]);
  expect(state.seal(orderer(2)).pages.map(({ index }) => index)).toEqual([0]);
  bytes = new Uint8Array(65_536 + 4);
  service.invalidate();
  expect(state.seal(orderer(3)).pages.map(({ index }) => index)).toEqual([0, 1, 4]);
});

test("a state that replaces another tells what changed against the last seal, and only what a seal covers", () => {
  const target = new ReplicatedState(digestOf, { clients: new Pages(1, 2), service: new Pages(10, 11, 12) });
  const { pages, root } = target.seal(orderer(9));
  const clients = new Pages(1, 3);
  const state = new ReplicatedState(digestOf, { clients, service: new Pages(10, 99) });
  state.seal(orderer(5));
  clients.set(0, 77); // Executed since.
  const seal = state.replace(pages.map(({ bytes }) => bytes));
  expect(seal.root).toBe(root);
  expect(seal.pages.map(({ index }) => index)).toEqual([0, 1, 3, 5, 6]);
  expect(state.page(0)).toBeNull();
  expect([4, 5, 6].map((index) => state.page(index)?.[0])).toEqual([10, 11, 12]);
});
