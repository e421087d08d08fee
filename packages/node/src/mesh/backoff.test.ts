import { expect, test } from "vitest";
import { Backoff } from "./backoff.ts";

test("the span doubles up to its bound, for ever, and a success starts it again", () => {
  const backoff = new Backoff(50, 3000, () => 1);
  const spans = Array.from({ length: 8 }, () => backoff.next());
  expect(spans).toEqual([50, 100, 200, 400, 800, 1600, 3000, 3000]);
  for (let i = 0; i < 5000; i += 1) expect(backoff.next()).toBe(3000);
  backoff.reset();
  expect(backoff.next()).toBe(50);
});

test("jitter takes off half at most", () => {
  expect(new Backoff(50, 3000, () => 0).next()).toBe(25);
  expect(new Backoff(50, 3000, () => 0.5).next()).toBe(37.5);
});
