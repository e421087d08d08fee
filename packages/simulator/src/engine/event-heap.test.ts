import { Random } from "@destiny/core/kernel/random";
import { expect, test } from "vitest";
import { EventHeap } from "./event-heap.ts";

test("items come out by time, and at one time in the order in which they were put in: like a stable sort", () => {
  const random = new Random(1);
  const heap = new EventHeap<string>();
  const waiting: { time: number; name: string }[] = [];
  for (let i = 0; i < 20_000; i += 1) {
    if (random.chance(0.6) || waiting.length === 0) {
      const time = random.below(500) + i;
      waiting.push({ time, name: `${i}` });
      heap.push(time, `${i}`);
      continue;
    }
    const first = waiting.reduce((best, each) => (each.time < best.time ? each : best));
    waiting.splice(waiting.indexOf(first), 1);
    expect(heap.firstTime).toBe(first.time);
    expect(heap.pop()).toBe(first.name);
  }
  expect(heap.size).toBe(waiting.length);
});

test("an empty heap has no first time, and nothing to take", () => {
  const heap = new EventHeap<number>();
  expect(heap.firstTime).toBe(Number.POSITIVE_INFINITY);
  expect(() => heap.pop()).toThrow();
});

test("times are exact to the microsecond for centuries", () => {
  const heap = new EventHeap<string>();
  const late = 2 ** 53 - 2;
  heap.push(late + 1, "second");
  heap.push(late, "first");
  expect([heap.pop(), heap.pop()]).toEqual(["first", "second"]);
});
