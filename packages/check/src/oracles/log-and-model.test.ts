import { expect, test } from "vitest";
import { GlobalLog } from "./global-log.ts";
import { SequentialModel } from "./sequential-model.ts";
import { delivery, digest, request, trippedBy } from "./test-bed.ts";

const FAULTY = 2;
const ALICE = digest("alice");

function openLog(): GlobalLog {
  return new GlobalLog({ faulty: new Set([FAULTY]), partitioned: () => true, grown: () => {} });
}

function openModel(genuine = true): SequentialModel {
  const isGenuine = (): boolean => genuine;
  return new SequentialModel({
    n: 3,
    faulty: new Set([FAULTY]),
    partitioned: () => false,
    isGenuine,
    isWished: isGenuine,
  });
}

const first = delivery(1, 0, request(ALICE, 1, { type: "put", key: 1, value: 7 }));
const other = delivery(1, 0, request(ALICE, 1, { type: "put", key: 1, value: 8 }));
const second = delivery(2, 0, request(ALICE, 2, { type: "get", key: 1 }));

test("S1: two replicas that execute different things at one place are told of", () => {
  const log = openLog();
  log.delivered(0, first);
  expect(trippedBy(() => log.delivered(1, first))).toBeNull();
  expect(trippedBy(() => openBoth(first, other))).toBe("S1 agreement");
  expect(trippedBy(() => openBoth(first, { ...first, coordinator: 1 }))).toBe("S1 agreement");
  expect(trippedBy(() => openBoth(first, second))).toBe("S1 agreement");
});

function openBoth(one: typeof first, two: typeof first): void {
  const log = openLog();
  log.delivered(0, one);
  log.delivered(1, two);
}

test("S1: a replica that starts again, or jumps, goes on where it says, and nowhere else", () => {
  const log = openLog();
  log.delivered(0, first);
  log.checkpointed(0, 1);
  log.delivered(0, second);
  log.started(1);
  log.resumedFrom(1, 1);
  expect(trippedBy(() => log.delivered(1, first))).toBe("S1 agreement");
  log.started(1);
  expect(trippedBy(() => log.delivered(1, first))).toBeNull();
  log.resumedFrom(1, 1);
  expect(trippedBy(() => log.delivered(1, second))).toBeNull();
});

test("S1: a slot ends after the same entries everywhere", () => {
  const log = openLog();
  log.delivered(0, first);
  log.checkpointed(0, 1);
  expect(trippedBy(() => log.checkpointed(1, 1))).toBe("S1 agreement");
});

test("what a faulty replica executes is nobody's business", () => {
  const log = openLog();
  log.delivered(0, first);
  expect(trippedBy(() => log.delivered(FAULTY, other))).toBeNull();
});

test("S6: a request that no client made must not execute", () => {
  expect(trippedBy(() => openModel(false).grow({ type: "batch", ...first }))).toBe("S6 client signature");
});

test("S4: a request executes once, however often it is ordered", () => {
  const model = openModel();
  model.grow({ type: "batch", ...first });
  model.grow({ type: "batch", ...other, seq: 2 });
  expect(model.executed).toBe(1);
  expect(model.store.values.get("k1")).toEqual(Uint8Array.of(7, 0, 0, 0));
});

test("S11: a reply must be what one machine would answer, at the place where it did", () => {
  const model = openModel();
  model.grow({ type: "batch", ...first });
  model.grow({ type: "batch", ...second });
  const right = { type: "plain", client: ALICE, timestamp: 2, seq: 2, entry: 0 } as const;
  const results = [Uint8Array.of(0, 1, 7, 0, 0, 0)];
  expect(trippedBy(() => model.replied(0, { ...right, results }))).toBeNull();
  const stale = [Uint8Array.of(0, 0)];
  expect(trippedBy(() => model.replied(0, { ...right, results: stale }))).toBe("S11 reply");
  expect(trippedBy(() => model.replied(0, { ...right, seq: 3, results }))).toBe("S11 reply");
  expect(trippedBy(() => model.replied(0, { ...right, timestamp: 3, results }))).toBe("S11 reply");
  expect(trippedBy(() => model.replied(FAULTY, { ...right, results: stale }))).toBeNull();
});

test("where each client has its coordinator, nobody else's batches count", () => {
  const home = (ALICE.charCodeAt(29) * 256 + ALICE.charCodeAt(30)) % 3;
  const options = {
    n: 3,
    faulty: new Set<number>(),
    partitioned: () => true,
    isGenuine: () => true,
    isWished: () => true,
  };
  const model = new SequentialModel(options);
  model.grow({ type: "batch", ...first, coordinator: (home + 1) % 3 });
  expect(model.executed).toBe(0);
  model.grow({ type: "assign", client: ALICE, coordinator: (home + 1) % 3, nonce: 1, valid: true });
  model.grow({ type: "batch", ...first, coordinator: (home + 1) % 3 });
  expect(model.executed).toBe(1);
});
