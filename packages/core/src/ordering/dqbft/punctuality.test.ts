import { expect, test } from "vitest";
import { Punctuality } from "./punctuality.ts";

/** Every D-instance but 0 decides a slot at once, so many times. */
function others(punctuality: Punctuality, rounds: number, first = 1): void {
  for (let seq = first; seq < first + rounds; seq += 1) {
    for (const instance of [1, 2, 3]) {
      punctuality.onHeader(instance, seq);
      punctuality.onDecided(instance, seq);
    }
  }
}

test("H35: a D-instance whose slots stay open while others decide many is slow, and no other is", () => {
  const punctuality = new Punctuality(4);
  punctuality.onHeader(0, 1);
  others(punctuality, 5);
  expect(punctuality.isSlow(0)).toBe(false);
  others(punctuality, 20, 6);
  expect([0, 1, 2, 3].map((instance) => punctuality.isSlow(instance))).toEqual([true, false, false, false]);
});

test("it stays so while its slots are late again and again, and ends with good work", () => {
  const punctuality = new Punctuality(4);
  for (let seq = 1; seq <= 20; seq += 1) {
    punctuality.onHeader(0, seq);
    others(punctuality, 30, seq * 30);
    punctuality.onDecided(0, seq);
  }
  expect(punctuality.isSlow(0)).toBe(true);
  for (let seq = 21; seq <= 60; seq += 1) {
    punctuality.onHeader(0, seq);
    punctuality.onDecided(0, seq);
  }
  expect(punctuality.isSlow(0)).toBe(false);
});

test("one loaded D-instance is not slow, whatever its pipeline", () => {
  const punctuality = new Punctuality(4);
  for (let seq = 1; seq <= 400; seq += 1) {
    punctuality.onHeader(0, seq);
    if (seq > 16) punctuality.onDecided(0, seq - 16);
  }
  expect(punctuality.isSlow(0)).toBe(false);
});

test("what a view change drops is forgotten", () => {
  const punctuality = new Punctuality(4);
  punctuality.onHeader(0, 1);
  others(punctuality, 20);
  expect(punctuality.isSlow(0)).toBe(true);
  punctuality.forget(0);
  expect(punctuality.isSlow(0)).toBe(false);
});
