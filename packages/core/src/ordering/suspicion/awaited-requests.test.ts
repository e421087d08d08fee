import { expect, test } from "vitest";
import type { Request } from "../../wire/request.ts";
import { AwaitedRequests } from "./awaited-requests.ts";
import { ITEMS_MAX, type Key, Row } from "./stopwatches.ts";
import type { Watch } from "./watch.ts";

/** Notes which stopwatches run, and how often each was started. */
class Stage {
  readonly running = new Set<Key>();
  readonly starts: Key[] = [];
  counted = 0;
  readonly awaited: AwaitedRequests;

  constructor() {
    const watch = {
      start: (row: Row, key: Key, twin: number) => {
        expect([row, twin]).toEqual([Row.Proposal, 9]);
        if (!this.running.has(key)) this.starts.push(key);
        this.running.add(key);
      },
      stop: (_row: Row, key: Key) => void this.running.delete(key),
      count: () => {
        this.counted += 1;
      },
    };
    this.awaited = new AwaitedRequests(watch as unknown as Watch, 9);
  }
}

const of = (...timestamps: number[]): Request[] =>
  timestamps.map((timestamp) => ({ client: "a", timestamp }) as Request);

test("a request is waited for until a proposal has it, or a later one of its client", () => {
  for (const timestamp of [5, 6]) {
    const { awaited, running } = new Stage();
    awaited.expect("a", 5);
    expect([...running]).toEqual(["a"]);
    awaited.onProposed(of(4));
    expect([...running]).toEqual(["a"]);
    awaited.onProposed(of(timestamp));
    expect([...running]).toEqual([]);
  }
});

test("what a proposal of this view has already is not waited for", () => {
  const { awaited, running } = new Stage();
  awaited.onProposed(of(5));
  awaited.expect("a", 5);
  expect([...running]).toEqual([]);
  awaited.expect("a", 6);
  expect([...running]).toEqual(["a"]);
});

test("progress for a client gives what still waits its full time", () => {
  const { awaited, starts } = new Stage();
  awaited.expect("a", 5);
  awaited.expect("a", 7);
  awaited.onProposed(of(6));
  expect(starts).toEqual(["a", "a"]);
});

test("what was served is not waited for, what came later is", () => {
  const { awaited, running } = new Stage();
  awaited.expect("a", 5);
  awaited.expect("a", 7);
  awaited.served("a", 5);
  expect([...running]).toEqual(["a"]);
  awaited.served("a", 7);
  expect([...running]).toEqual([]);
});

test("a batch that had its turn without serving its request must be followed by another", () => {
  const { awaited, running } = new Stage();
  awaited.expect("a", 5);
  awaited.onProposed(of(5));
  awaited.onExecuted(of(5));
  expect([...running]).toEqual(["a"]);
});

test("an earlier batch's turn says nothing of a later one that is under way", () => {
  const { awaited, running } = new Stage();
  awaited.onProposed(of(4));
  awaited.onProposed(of(5));
  awaited.onExecuted(of(4));
  awaited.expect("a", 5);
  expect([...running]).toEqual([]);
});

test("in a new view proposals of the old one are gone, and what executed is not waited for", () => {
  const { awaited, running } = new Stage();
  awaited.expect("a", 5);
  awaited.expect("b", 1);
  awaited.onProposed(of(5));
  awaited.served("b", 1);
  awaited.restart();
  expect([...running]).toEqual(["a"]);
});

test("every proposal feeds the count twins", () => {
  const stage = new Stage();
  stage.awaited.onProposed([]);
  stage.awaited.onProposed(of(1, 2));
  expect(stage.counted).toBe(2);
});

test("clients waited for are bounded", () => {
  const { awaited, running } = new Stage();
  for (let i = 0; i < ITEMS_MAX + 5; i += 1) awaited.expect(`client ${i}`, 1);
  expect(running.size).toBe(ITEMS_MAX);
});
