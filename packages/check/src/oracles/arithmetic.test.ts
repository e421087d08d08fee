import { FaultModel } from "@destiny/core/kernel/fault-model";
import { expect, test } from "vitest";
import { majorities } from "./arithmetic.ts";

test("the hybrid model: n = 2f + 1, and any two quorums share a replica", () => {
  expect(majorities("hybrid", 3, 0)).toMatchObject({ faulty: 1, quorum: 2, vouched: 2, stable: 2 });
  expect(majorities("hybrid", 4, 0)).toMatchObject({ faulty: 1, quorum: 3, vouched: 2, stable: 2 });
  expect(majorities("hybrid", 5, 0)).toMatchObject({ faulty: 2, quorum: 3, vouched: 3, stable: 3 });
});

test("the Byzantine model: n = 3f + 1, and any two quorums share a correct replica", () => {
  expect(majorities("byzantine", 4, 0)).toEqual({ faulty: 1, quorum: 3, fast: 4, vouched: 2, stable: 3 });
  expect(majorities("byzantine", 6, 0)).toEqual({ faulty: 1, quorum: 4, fast: 6, vouched: 2, stable: 4 });
  expect(majorities("byzantine", 7, 0)).toEqual({ faulty: 2, quorum: 5, fast: 7, vouched: 3, stable: 5 });
});

test("so many slow ones beside the faulty: n = 3f + 2c + 1, and the fast path does without c", () => {
  expect(majorities("byzantine", 6, 1)).toEqual({ faulty: 1, quorum: 4, fast: 5, vouched: 2, stable: 4 });
  expect(majorities("byzantine", 7, 1)).toEqual({ faulty: 1, quorum: 5, fast: 6, vouched: 2, stable: 5 });
  expect(majorities("byzantine", 8, 2)).toEqual({ faulty: 1, quorum: 5, fast: 6, vouched: 2, stable: 5 });
  expect(majorities("byzantine", 9, 1)).toEqual({ faulty: 2, quorum: 6, fast: 8, vouched: 3, stable: 6 });
  expect(majorities("byzantine", 5, 1).faulty).toBe(0);
});

test("reckoned apart, the product comes to the same", () => {
  for (let n = 4; n <= 60; n += 1) {
    for (let slow = 0; 2 * slow + 4 <= n; slow += 1) {
      const { f, quorum, fastQuorum, oneCorrect, stability } = FaultModel.byzantine(n, slow);
      const product = { faulty: f, quorum, fast: fastQuorum, vouched: oneCorrect, stable: stability };
      expect(majorities("byzantine", n, slow), `${n} replicas, ${slow} slow`).toEqual(product);
    }
  }
});
