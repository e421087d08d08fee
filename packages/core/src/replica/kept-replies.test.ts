import { expect, test } from "vitest";
import { ClientTable } from "./client-table.ts";
import type { KeptReply } from "./kept-replies.ts";
import { KEPT_BYTES_MAX, KeptReplies } from "./kept-replies.ts";

const client = (number: number): string => String.fromCharCode(number % 256, number >>> 8) + "c".repeat(30);

function reply(timestamp: number, seq: number, bytes = 1_000): KeptReply {
  const place = { seq, entry: 1, index: 0, count: 1, path: [] };
  return { timestamp, request: "r".repeat(32), ...place, results: [new Uint8Array(bytes)] };
}

const pagesOf = (table: ClientTable): Uint8Array[] =>
  Array.from({ length: table.pageCount }, (_, index) => table.page(index));

/** Room for about ten replies of all clients together. */
const ROOM = 13_200;
const open = (): ClientTable => new ClientTable(5, 16, ROOM);
const kept = (table: ClientTable, count: number): number[] =>
  Array.from({ length: count }, (_, i) => i + 1).filter((i) => table.reply(client(i % 7), i) !== undefined);

test("of all clients' replies those executed first are forgotten, and what may have executed is not called new", () => {
  const table = open();
  for (let seq = 1; seq <= 30; seq += 1) table.record(client(seq % 7), reply(seq, seq));
  expect(kept(table, 30)).toEqual([21, 22, 23, 24, 25, 26, 27, 28, 29, 30]);
  table.record(client(200), reply(1, 31, 20_000)); // Larger than all the room: the newest stays.
  expect(table.reply(client(200), 1)).toBeDefined();
  expect(kept(table, 30)).toEqual([]);
  expect(table.hasForgotten(client(2), 30)).toBe(true);
  expect(table.hasForgotten(client(2), 31)).toBe(false);
  expect(table.last(client(2))).toBe(30);
});

test("a replica that got the state goes on forgetting the same ones as those that executed it", () => {
  const one = open();
  for (let seq = 1; seq <= 25; seq += 1) one.record(client((seq * 5) % 7), reply(seq, seq, 100 * seq));
  const other = open();
  other.load(pagesOf(one));
  for (let seq = 26; seq <= 60; seq += 1) {
    for (const table of [one, other])
      table.record(client((seq * 3) % 7), reply(seq, seq, (seq * 977) % 3_000));
    expect(pagesOf(other)).toEqual(pagesOf(one));
  }
});

test("a page from which a reply was forgotten is saved anew", () => {
  const table = open();
  for (let seq = 1; seq <= 10; seq += 1) table.record(client(seq), reply(1, seq));
  table.takeDirty();
  table.record(client(11), reply(1, 11));
  expect(table.takeDirty()).toEqual([1, 11]);
});

test("however many clients there are, what is kept of their replies has one bound", () => {
  const replies = new KeptReplies();
  for (let number = 0; number < 2_000; number += 1) {
    replies.add(client(number), reply(1, number, 1_000_000));
    while (replies.takeExcess() !== null);
    expect(replies.bytes).toBeLessThanOrEqual(KEPT_BYTES_MAX);
  }
});
