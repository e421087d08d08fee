import { expect, test } from "vitest";
import { MISSES_MAX, Patience, TICKS_MAX } from "./patience.ts";

const asked = (patience: Patience, times: number): readonly boolean[] =>
  Array.from({ length: times }, () => patience.waits());

test("who has not missed the fast path often enough waits for it", () => {
  const patience = new Patience();
  for (let i = 1; i < MISSES_MAX; i += 1) patience.missed();
  expect(asked(patience, 20).every((waits) => waits)).toBe(true);
});

test("after so many misses in a row only every so manieth slot waits (sbft.md 4)", () => {
  const patience = new Patience();
  for (let i = 0; i < 3 * MISSES_MAX; i += 1) patience.missed();
  const waits = asked(patience, 4 * MISSES_MAX);
  expect(waits.filter((each) => each)).toHaveLength(4);
  expect(waits.slice(0, MISSES_MAX - 1).every((each) => !each)).toBe(true);
});

test("one slot that is decided fast ends that, and begins the count anew", () => {
  const patience = new Patience();
  for (let i = 0; i < MISSES_MAX; i += 1) patience.missed();
  expect(patience.waits()).toBe(false);
  patience.hit();
  expect(patience.waits()).toBe(true);
  patience.missed();
  expect(patience.waits()).toBe(true);
});

test("it waits longer where all shares come just after it gave up, and less where they do not come", () => {
  const patience = new Patience();
  expect(patience.ticks).toBe(1);
  for (let i = 0; i < 10; i += 1) patience.gaveUpTooSoon();
  expect(patience.ticks).toBe(TICKS_MAX);
  patience.missed();
  expect(patience.ticks).toBe(TICKS_MAX / 2);
  for (let i = 0; i < 10; i += 1) patience.missed();
  expect(patience.ticks).toBe(1);
});
