import { Random } from "@destiny/core/kernel/random";
import { expect, test } from "vitest";
import { checkHistory } from "./check-history.ts";
import { type Operation, step } from "./history.ts";
import { flawOf } from "./witness.ts";

const put = (invoked: number, returned: number | null, value: string, existed = false): Operation => ({
  client: "a",
  key: "k",
  action: { type: "put", value },
  invoked,
  returned,
  outcome: returned === null ? null : { type: "changed", existed },
});

const get = (invoked: number, returned: number, value: string | null): Operation => ({
  client: "b",
  key: "k",
  action: { type: "get" },
  invoked,
  returned,
  outcome: { type: "found", value },
});

test("a read during a write may see either value", () => {
  expect(checkHistory([put(0, 10, "x"), get(1, 2, null)]).type).toBe("linearizable");
  expect(checkHistory([put(0, 10, "x"), get(1, 2, "x")]).type).toBe("linearizable");
});

test("a read after a write that was answered sees it", () => {
  expect(checkHistory([put(0, 1, "x"), get(2, 3, null)])).toMatchObject({ type: "violation", key: "k" });
});

test("two reads never see a write and then no more", () => {
  expect(checkHistory([put(0, 10, "x"), get(1, 2, "x"), get(3, 4, null)]).type).toBe("violation");
  expect(checkHistory([put(0, 10, "x"), get(1, 2, null), get(3, 4, "x")]).type).toBe("linearizable");
});

test("a write that was never answered may have taken effect, late or never", () => {
  expect(checkHistory([put(0, null, "x"), get(5, 6, null), get(7, 8, "x")]).type).toBe("linearizable");
  expect(checkHistory([put(0, null, "x"), get(5, 6, null)]).type).toBe("linearizable");
  expect(checkHistory([put(0, null, "x"), get(5, 6, "x"), get(7, 8, null)]).type).toBe("violation");
});

test("an answer that says whether there was a value before is checked too", () => {
  expect(checkHistory([put(0, 1, "x"), put(2, 3, "y", false)]).type).toBe("violation");
  expect(checkHistory([put(0, 1, "x"), put(2, 3, "y", true)]).type).toBe("linearizable");
});

test("a counterexample leaves out reads that do not matter", () => {
  const history = [put(0, 1, "x"), get(2, 3, "x"), get(4, 5, "x"), get(6, 7, null), get(8, 9, "x")];
  const verdict = checkHistory(history);
  expect(verdict.type === "violation" && verdict.counterexample).toEqual([history[0], history[3]]);
});

test("keys are checked one by one, and the one that is wrong is named", () => {
  const other = { ...get(2, 3, "never written"), key: "other" };
  expect(checkHistory([put(0, 1, "x"), get(2, 3, "x"), other])).toMatchObject({
    type: "violation",
    key: "other",
  });
});

test("a search that takes too long says that it knows nothing", () => {
  expect(checkHistory([put(0, 1, "x"), get(2, 3, null)], { stepsMax: 1 }).type).toBe("unknown");
});

test.each([1, 2, 3])(
  "what one machine answered in an order unknown is linearizable, and a stale read in it is not",
  (seed) => {
    const { operations } = played(new Random(seed), 400);
    expect(checkHistory(operations).type).toBe("linearizable");
    expect(flawOf(operations)).toBeNull();
    const stale = operations.findIndex(
      ({ action, outcome }, i) =>
        i > 200 && action.type === "get" && outcome?.type === "found" && outcome.value !== null,
    );
    const broken = operations.map((operation, i) =>
      i === stale ? { ...operation, outcome: { type: "found" as const, value: "never" } } : operation,
    );
    expect(checkHistory(broken).type).toBe("violation");
    expect(flawOf(broken)).not.toBeNull();
  },
);

test("a witness that goes against real time is none", () => {
  expect(flawOf([put(0, 1, "x"), get(2, 3, "x")])).toBeNull();
  expect(flawOf([get(2, 3, null), put(0, 1, "x")])).toMatch(/answered before/);
});

test("ten thousand operations of twenty clients on fifty keys take a moment", () => {
  const { operations } = played(new Random(9), 10_000, 50);
  const startedAt = performance.now();
  expect(checkHistory(operations).type).toBe("linearizable");
  expect(performance.now() - startedAt).toBeLessThan(5_000);
});

/** Operations in the order in which one machine executed them, each seen to last a while around that. */
function played(random: Random, count: number, keys = 5): { readonly operations: readonly Operation[] } {
  const values = new Map<string, string | null>();
  const operations = Array.from({ length: count }, (_, i): Operation => {
    const key = `k${random.below(keys)}`;
    const choice = random.below(10);
    const action =
      choice < 5
        ? ({ type: "put", value: `${i}` } as const)
        : ({ type: choice < 9 ? "get" : "delete" } as const);
    const before = values.get(key) ?? null;
    values.set(key, step(before, { action, outcome: null }).value);
    const outcome =
      action.type === "get"
        ? ({ type: "found", value: before } as const)
        : ({ type: "changed", existed: before !== null } as const);
    const [early, late] = [random.below(20), random.below(20)];
    return { client: `${i % 20}`, key, action, invoked: i - early, returned: i + late, outcome };
  });
  return { operations };
}
