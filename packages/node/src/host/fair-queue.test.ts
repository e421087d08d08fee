import { expect, test } from "vitest";
import { FairQueue } from "./fair-queue.ts";

const all = (): boolean => true;
const frame = (text: string): Uint8Array => Buffer.from(text);

/** Takes so many, each for its cost, and says of whom. */
function taken(queue: FairQueue, count: number, cost: (from: number) => number = () => 1): string {
  let order = "";
  for (let i = 0; i < count; i += 1) {
    const next = queue.take(all);
    if (next === null) return `${order}.`;
    queue.charge(next.from, cost(next.from));
    order += next.from;
  }
  return order;
}

test("peers take turns, however many frames one has", () => {
  const queue = new FairQueue();
  for (let i = 0; i < 3_000; i += 1) queue.push(1, frame(`${i}`));
  for (const peer of [2, 3, 2, 3]) queue.push(peer, frame("x"));
  expect(taken(queue, 8)).toBe("12312311");
});

test("frames of one peer keep their order", () => {
  const queue = new FairQueue();
  const texts: string[] = [];
  for (let i = 0; i < 5_000; i += 1) queue.push(1, frame(`${i}`));
  for (let next = queue.take(all); next !== null; next = queue.take(all))
    texts.push(Buffer.from(next.frame).toString());
  expect(texts.length).toBe(5_000);
  expect(texts).toEqual(Array.from({ length: 5_000 }, (_, i) => `${i}`));
});

test("it is cost that is shared: of dear frames fewer are taken", () => {
  const queue = new FairQueue();
  for (let i = 0; i < 20; i += 1) for (const peer of [1, 2]) queue.push(peer, frame("x"));
  expect(taken(queue, 12, (from) => (from === 1 ? 5 : 1))).toBe("122222122222");
});

test("who had nothing to do has saved nothing up, and owes nothing", () => {
  const queue = new FairQueue();
  for (let i = 0; i < 100; i += 1) queue.push(1, frame("x"));
  taken(queue, 50);
  for (let i = 0; i < 10; i += 1) queue.push(2, frame("x"));
  expect(taken(queue, 8)).toMatch(/^2?(12){3}/);
});

test("who may not be served is passed over, and keeps its turn", () => {
  const queue = new FairQueue();
  for (const peer of [1, 1, 2]) queue.push(peer, frame("x"));
  expect(queue.take((peer) => peer !== 1)?.from).toBe(2);
  expect(queue.take((peer) => peer !== 1)).toBe(null);
  expect(taken(queue, 9)).toBe("11.");
});
