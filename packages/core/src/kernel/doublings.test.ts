import { expect, test } from "vitest";
import { multiplierAfter } from "./doublings.ts";

test("the first failures double the time, further ones once per round of primaries, and not for ever", () => {
  const n = 4;
  const exponents = [0, 1, 5, 6, 7, 8, 11, 12, 40, 72, 76, 10_000].map((failures) =>
    Math.log2(multiplierAfter(failures, n)),
  );
  expect(exponents).toEqual([0, 1, 5, 6, 7, 8, 8, 9, 16, 24, 24, 24]);
});

test("in a large cluster the time stands still within a round", () => {
  expect([6, 50, 100].map((failures) => multiplierAfter(failures, 101))).toEqual([64, 64, 64]);
  expect(multiplierAfter(101, 101)).toBe(128);
});
