import { expect, test } from "vitest";
import { majorities } from "./arithmetic.ts";

test("the hybrid model: n = 2f + 1, and any two quorums share a replica", () => {
  expect(majorities("hybrid", 3)).toEqual({ faulty: 1, quorum: 2, vouched: 2, stable: 2 });
  expect(majorities("hybrid", 4)).toEqual({ faulty: 1, quorum: 3, vouched: 2, stable: 2 });
  expect(majorities("hybrid", 5)).toEqual({ faulty: 2, quorum: 3, vouched: 3, stable: 3 });
});

test("the Byzantine model: n = 3f + 1, and any two quorums share a correct replica", () => {
  expect(majorities("byzantine", 4)).toEqual({ faulty: 1, quorum: 3, vouched: 2, stable: 3 });
  expect(majorities("byzantine", 6)).toEqual({ faulty: 1, quorum: 4, vouched: 2, stable: 4 });
  expect(majorities("byzantine", 7)).toEqual({ faulty: 2, quorum: 5, vouched: 3, stable: 5 });
});
