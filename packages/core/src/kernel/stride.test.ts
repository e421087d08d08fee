import { expect, test } from "vitest";
import { strideOf } from "./stride.ts";

test.each([0.01, 0.5, 0.618, 1])("from each place of a circle, strides of %d come by all others", (part) => {
  for (let places = 1; places <= 64; places += 1) {
    const stride = strideOf(places, part);
    const seen = new Set(Array.from({ length: places }, (_, step) => (step * stride) % places));
    expect([places, stride >= places * part, seen.size]).toEqual([places, true, places]);
  }
});

test("a part that does is taken as it is", () => {
  expect(strideOf(12, 5 / 12)).toBe(5);
  expect(strideOf(12, 0.5)).toBe(7);
});
