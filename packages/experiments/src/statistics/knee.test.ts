import { expect, test } from "vitest";
import { kneeOf, peakOf } from "./knee.ts";
import { spreadOf } from "./numbers.ts";

const SWEEP = [
  { load: 8, throughput: 980, latencyMs: 300 },
  { load: 1, throughput: 200, latencyMs: 100 },
  { load: 16, throughput: 1000, latencyMs: 600 },
  { load: 32, throughput: 1000, latencyMs: 1200 },
  { load: 4, throughput: 700, latencyMs: 150 },
].map((point) => ({ ...point, settled: true }));

test("the peak is the highest throughput, at the lowest load that has it", () => {
  expect(peakOf(SWEEP)).toMatchObject({ load: 16, throughput: 1000 });
});

test("the knee is the lowest load with 97 % of the peak", () => {
  expect(kneeOf(SWEEP)).toMatchObject({ load: 8, latencyMs: 300 });
  expect(kneeOf(SWEEP.filter(({ load }) => load !== 8))).toMatchObject({ load: 16 });
});

test("what has not settled is no peak, unless nothing has", () => {
  const unsettled = { load: 64, throughput: 2000, latencyMs: 5000, settled: false };
  expect(peakOf([...SWEEP, unsettled])).toMatchObject({ load: 16 });
  expect(peakOf([unsettled])).toBe(unsettled);
});

test("mean and sample deviation", () => {
  expect(spreadOf([2, 4, 4, 4, 5, 5, 7, 9])).toMatchObject({ count: 8, mean: 5 });
  expect(spreadOf([2, 4, 4, 4, 5, 5, 7, 9]).deviation).toBeCloseTo(2.138, 3);
  expect(spreadOf([3])).toEqual({ count: 1, mean: 3, deviation: 0 });
});
