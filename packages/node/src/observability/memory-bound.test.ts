import { defaultParameters } from "@destiny/core/parameters";
import { LIMITS } from "@destiny/core/wire/limits";
import { expect, test } from "vitest";
import { DEFAULT_REPLICA_LIMITS as limits } from "../configuration/replica-settings.ts";
import { memoryBound } from "./memory-bound.ts";

const parameters = defaultParameters(5);
const load = { n: 5, parameters, limits, clients: 0, serviceBytes: 0 };
const bound = memoryBound(load);

test("what may be kept more of raises the bound by at least as much", () => {
  const { disseminationWindow, orderWindow, intakeBytesMax } = parameters;
  const more = (changes: Partial<typeof parameters>): number =>
    memoryBound({ ...load, parameters: { ...parameters, ...changes } }) - bound;
  expect(more({ disseminationWindow: disseminationWindow + 1 })).toBeGreaterThanOrEqual(
    5 * LIMITS.batchBytesMax,
  );
  expect(more({ orderWindow: orderWindow + 1 })).toBeGreaterThanOrEqual(LIMITS.frameBytesMax);
  expect(more({ intakeBytesMax: intakeBytesMax + 1 })).toBe(1);
  expect(memoryBound({ ...load, serviceBytes: 7 })).toBe(bound + 7);
  expect(memoryBound({ ...load, clients: 1 }) - bound).toBeGreaterThanOrEqual(
    limits.clientBacklogBytesMax + LIMITS.requestResultsBytesMax,
  );
});
