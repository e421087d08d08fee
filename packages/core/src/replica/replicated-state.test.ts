import { hash } from "node:crypto";
import { expect, test } from "vitest";
import type { PagedState } from "../service/service.ts";
import { DecodeError } from "../wire/reader.ts";
import { ReplicatedState } from "./replicated-state.ts";

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
  expect(state.seal(orderer(5)).pages.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5]);
  service.set(1, 99);
  const seal = state.seal(orderer(6));
  expect(seal.pages.map(({ index, bytes }) => [index, ...bytes])).toEqual([
    [0, 6],
    [4, 99],
  ]);
  expect(seal.pageCount).toBe(6);

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
  expect(small.pageCount).toBe(3);
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

test("a state without its first pages is none", () => {
  const state = new ReplicatedState(digestOf, { clients: new Pages(1, 2), service: new Pages() });
  expect(() => state.load([orderer(1), Uint8Array.of(1)])).toThrow(DecodeError);
  expect(() => state.load([])).toThrow(DecodeError);
});
