import { expect, test } from "vitest";
import { DecodeError } from "../wire/reader.ts";
import { ClientTable, homeOf } from "./client-table.ts";
import type { KeptReply } from "./kept-replies.ts";

const client = (first: number, home = 0): string =>
  `${String.fromCharCode(first)}${"c".repeat(28)}${String.fromCharCode(0, home)}c`;

function reply(timestamp: number, bytes = 10): KeptReply {
  const place = { seq: 3, entry: 1, index: 0, count: 1, path: ["p".repeat(32)] };
  return { timestamp, request: "r".repeat(32), ...place, results: [new Uint8Array(bytes).fill(timestamp)] };
}

const pagesOf = (table: ClientTable): Uint8Array[] =>
  Array.from({ length: table.pageCount }, (_, index) => table.page(index));

test("a client that was never seen has executed nothing and belongs to the replica that its key says", () => {
  const table = new ClientTable(5, 4);
  expect(table.has(client(1))).toBe(false);
  expect(table.last(client(1))).toBe(0);
  expect(table.coordinator(client(1, 3))).toBe(3);
  expect(homeOf(client(1, 8), 5)).toBe(3);
});

test("the last executed timestamp and the newest replies are remembered, older ones forgotten", () => {
  const table = new ClientTable(5, 2);
  for (const timestamp of [1, 5, 9]) table.record(client(1), reply(timestamp));
  expect(table.last(client(1))).toBe(9);
  expect(table.reply(client(1), 1)).toBeUndefined();
  expect(table.reply(client(1), 5)?.timestamp).toBe(5);
  expect(table.reply(client(1), 9)?.results).toEqual([new Uint8Array(10).fill(9)]);
});

test("large replies are forgotten sooner, but never the newest", () => {
  const table = new ClientTable(5, 16);
  table.record(client(1), reply(1, 600_000));
  table.record(client(1), reply(2, 600_000));
  expect(table.reply(client(1), 1)).toBeUndefined();
  table.record(client(1), reply(3, 2_000_000));
  expect(table.reply(client(1), 3)).toBeDefined();
});

test("an assignment needs a higher nonce than the last one", () => {
  const table = new ClientTable(5, 4);
  expect(table.assign(client(1, 2), 4, 7)).toBe(true);
  expect(table.assign(client(1, 2), 3, 7)).toBe(false);
  expect(table.assign(client(1, 2), 3, 6)).toBe(false);
  expect(table.coordinator(client(1, 2))).toBe(4);
  expect(table.assign(client(1, 2), 3, 8)).toBe(true);
  expect(table.coordinator(client(1, 2))).toBe(3);
});

test("pages say everything, and depend on the state alone", () => {
  const one = new ClientTable(5, 4);
  one.record(client(1), reply(4));
  one.record(client(65), reply(2)); // On the same page.
  one.assign(client(2), 3, 9);
  const other = new ClientTable(5, 4);
  other.assign(client(2), 3, 9);
  other.record(client(65), reply(2));
  other.record(client(1), reply(4));
  expect(pagesOf(other)).toEqual(pagesOf(one));

  const loaded = new ClientTable(5, 4);
  loaded.load(pagesOf(one));
  expect(pagesOf(loaded)).toEqual(pagesOf(one));
  expect(loaded.size).toBe(3);
  expect(loaded.reply(client(1), 4)).toEqual(reply(4));
  expect(loaded.coordinator(client(2))).toBe(3);
});

test("dirty are the pages that changed; all of them at first and after loading", () => {
  const table = new ClientTable(5, 4);
  const all = Array.from({ length: table.pageCount }, (_, index) => index);
  expect(table.takeDirty()).toEqual(all);
  table.record(client(1), reply(4));
  table.assign(client(3), 3, 9);
  expect(table.takeDirty()).toEqual([1, 3]);
  expect(table.takeDirty()).toEqual([]);
  table.load(pagesOf(table));
  expect(table.takeDirty()).toEqual(all);
});

test("pages of another shape are refused", () => {
  const table = new ClientTable(5, 4);
  expect(() => table.load(pagesOf(table).slice(1))).toThrow(DecodeError);
  const pages = pagesOf(table);
  pages[0] = Uint8Array.of(1, 0, 0, 0);
  expect(() => table.load(pages)).toThrow(DecodeError);
});
