import { expect, test } from "vitest";
import { Rounds } from "./rounds.ts";

const N = 4;

function rounds(): Rounds {
  return new Rounds(N, { wake: 100, read: 10, flush: 1 });
}

test("each connection that is read from pays once per round; being woken is beside it", () => {
  const each = rounds();
  each.enter(0);
  expect([each.read(1, true), each.read(1, false), each.read(2, false)]).toEqual([110, 0, 10]);
  expect([each.readFromClient(false), each.readFromClient(false)]).toEqual([10, 0]);
});

test("each connection that is written to pays once per round, alone or with all others", () => {
  const each = rounds();
  each.enter(0);
  expect([each.send(2), each.send(2), each.send(1)]).toEqual([1, 0, 1]);
  expect([each.broadcast(), each.broadcast(), each.send(3)]).toEqual([1, 0, 0]);
  expect([each.reply(), each.reply()]).toEqual([1, 0]);
});

test("what comes while a round is under way is the next one", () => {
  const each = rounds();
  const writes: number[] = [];
  for (const [now, start] of [
    [0, 0],
    [0, 5],
    [1, 10],
    [9, 15],
    [10, 20],
    [11, 25],
  ] as const) {
    each.enter(now);
    each.begin(start);
    writes.push(each.broadcast());
  }
  expect(writes).toEqual([3, 0, 3, 0, 0, 3]);
});

test("the round of a process that is gone is over", () => {
  const each = rounds();
  each.enter(0);
  each.begin(1_000);
  each.broadcast();
  each.reset();
  each.enter(10);
  expect(each.broadcast()).toBe(3);
});
