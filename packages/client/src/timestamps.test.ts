import { expect, test } from "vitest";
import { TICKS_PER_MILLI, Timestamps } from "./timestamps.ts";

const NOW = 1_800_000_000_000;

test("strictly increasing while the clock stands, steps back and goes on", () => {
  let now = NOW;
  const timestamps = new Timestamps(() => now);
  let last = 0;
  for (const clock of [NOW, NOW, NOW, NOW - 5000, NOW - 5000, NOW + 1, NOW + 1]) {
    now = clock;
    const next = timestamps.next();
    expect(next).toBeGreaterThan(last);
    last = next;
  }
  expect(last).toBe((NOW + 1) * TICKS_PER_MILLI + 1);
});

test("a restarted client is ahead of what it signed at up to 64,000 a second", () => {
  let now = NOW;
  const before = new Timestamps(() => now);
  let last = 0;
  for (let milli = 0; milli < 100; milli += 1) {
    for (let i = 0; i < TICKS_PER_MILLI; i += 1) last = before.next();
    now += 1;
  }
  expect(new Timestamps(() => now).next()).toBeGreaterThan(last);
});

test("leaps grow from 16 ms to 18 hours, and start anew once a timestamp was late enough", () => {
  const timestamps = new Timestamps(() => NOW);
  let last = timestamps.next();
  const leap = (): number => {
    timestamps.leap();
    const next = timestamps.next();
    const millis = (next - last) / TICKS_PER_MILLI;
    last = next;
    return Math.floor(millis);
  };
  const leaps = Array.from({ length: 14 }, leap);
  expect(leaps[0]).toBe(16);
  expect(leaps[1]).toBe(64);
  expect(leaps[13]).toBe(67_108_864);
  timestamps.accepted();
  expect(leap()).toBe(16);
});

test("they fit 48 bits until 2109, leaps or not", () => {
  const timestamps = new Timestamps(() => Date.UTC(2108, 11, 31));
  for (let i = 0; i < 40; i += 1) timestamps.leap();
  expect(timestamps.next()).toBeLessThan(2 ** 48);
});
