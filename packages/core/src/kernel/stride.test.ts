import { expect, test } from "vitest";
import { strideFrom } from "./stride.ts";

test("from each place of a circle, strides come by all others", () => {
  for (let places = 1; places <= 64; places += 1) {
    for (let least = 1; least <= places; least += 1) {
      const stride = strideFrom(least, places);
      const seen = new Set(Array.from({ length: places }, (_, step) => (step * stride) % places));
      expect([least, stride >= least, seen.size]).toEqual([least, true, places]);
    }
  }
});

test("a number that does is taken as it is", () => {
  expect(strideFrom(5, 12)).toBe(5);
  expect(strideFrom(6, 12)).toBe(7);
});
