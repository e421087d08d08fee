import { VALUES_PER_SLOT } from "@destiny/core/agreement/shared/slot-bodies";
import { NEW_VIEWS_MAX } from "@destiny/core/agreement/shared/trusted/lineage";
import { defaultParameters } from "@destiny/core/parameters";
import { CLIENT_BYTES_MAX, KEPT_BYTES_MAX } from "@destiny/core/replica/kept-replies";
import { LIMITS } from "@destiny/core/wire/limits";
import { expect, test } from "vitest";
import { DEFAULT_REPLICA_LIMITS as limits } from "../configuration/replica-settings.ts";
import { UNVERIFIED_BYTES_MAX } from "../host/ingress.ts";
import { GROUP_BYTES_MAX } from "../store/group-commit.ts";
import { memoryBound } from "./memory-bound.ts";

const parameters = defaultParameters(5);
const load = { n: 5, parameters, limits, clients: 0, serviceBytes: 0 };
const bound = memoryBound(load);

test("what may be kept more of raises the bound by at least as much", () => {
  const { disseminationWindow, orderWindow, intakeBytesMax } = parameters;
  const more = (changes: Partial<typeof parameters>): number =>
    memoryBound({ ...load, parameters: { ...parameters, ...changes } }) - bound;
  expect(more({ disseminationWindow: disseminationWindow + 1 })).toBe(
    5 * VALUES_PER_SLOT * LIMITS.valueBytesMax,
  );
  expect(more({ orderWindow: orderWindow + 1 })).toBe(VALUES_PER_SLOT * LIMITS.frameBytesMax);
  expect(more({ intakeBytesMax: intakeBytesMax + 1 })).toBe(1);
  expect(memoryBound({ ...load, serviceBytes: 7 })).toBe(bound + 7);
  expect(memoryBound({ ...load, clients: 1 }) - bound).toBe(
    limits.clientBacklogBytesMax + CLIENT_BYTES_MAX + LIMITS.requestResultsBytesMax,
  );
});

test("clients come with one bound for all: of their replies, and of the connections that there may be", () => {
  const many = memoryBound({ ...load, clients: 100_000 });
  expect(many).toBe(memoryBound({ ...load, clients: 1_000_000 }));
  const connections = limits.clientConnectionsMax * limits.clientBacklogBytesMax;
  expect(many - bound).toBe(connections + KEPT_BYTES_MAX + LIMITS.requestResultsBytesMax);
});

test("a batch of the largest legal size is a value of the largest size, and fits into a frame", () => {
  expect(parameters.batchBytes + LIMITS.requestBytesMax).toBeLessThanOrEqual(LIMITS.batchBytesMax);
  expect(LIMITS.batchBytesMax).toBeLessThanOrEqual(LIMITS.valueBytesMax);
  expect(LIMITS.valueBytesMax).toBeLessThan(LIMITS.frameBytesMax);
});

test("every term is what a part of the code enforces", () => {
  const { n } = load;
  const slots =
    n * parameters.disseminationWindow * LIMITS.valueBytesMax + parameters.orderWindow * LIMITS.frameBytesMax;
  const views = (n + 1) * NEW_VIEWS_MAX * LIMITS.frameBytesMax;
  const peer = UNVERIFIED_BYTES_MAX + 2 * LIMITS.frameBytesMax + limits.meshBacklogBytesMax;
  const store = 2 * (GROUP_BYTES_MAX + LIMITS.frameBytesMax);
  const engine = 512 * 1_048_576;
  expect(bound).toBe(
    engine + VALUES_PER_SLOT * slots + views + (n - 1) * peer + store + parameters.intakeBytesMax,
  );
});
