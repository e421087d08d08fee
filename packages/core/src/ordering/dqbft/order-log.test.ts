import { expect, test } from "vitest";
import { OrderLog } from "./order-log.ts";
import { OrderList, type Reference } from "./order-value.ts";

const limits = { entriesMax: 6, referencesPerInstanceMax: 3, n: 3 };
const ref = (instance: number, seq: number): Reference => ({ type: "reference", instance, seq });
const list = (...entries: Reference[]): OrderList => new OrderList(entries, true);

test("simNext follows what is accepted, simDec what is decided, both in the order of slots", () => {
  const log = new OrderLog(limits);
  const one = list(ref(1, 1), ref(2, 1));
  log.accept(2, list(ref(1, 2)));
  expect([log.accepted, log.next(1)]).toEqual([0, 1]);
  log.accept(1, one);
  expect([log.accepted, log.next(1), log.next(2)]).toEqual([2, 3, 2]);
  expect([log.decided, log.owed(1)]).toEqual([0, 0]);
  log.decide(1, one);
  expect([log.decided, log.owed(1), log.owed(2)]).toEqual([1, 1, 1]);
});

test("H7: a later O-slot that survives is skipped in the forecast, and what it named is due again", () => {
  const log = new OrderLog(limits);
  log.accept(1, list(ref(1, 1)));
  log.accept(2, list(ref(1, 2)));
  expect(log.next(1)).toBe(3);
  log.reopen();
  expect([log.accepted, log.next(1)]).toEqual([0, 1]);
  log.accept(1, list());
  log.accept(2, list(ref(1, 2)));
  expect([log.accepted, log.next(1)]).toEqual([2, 1]);
});

test("a view change keeps what is decided, even above a hole", () => {
  const log = new OrderLog(limits);
  const third = list(ref(2, 1));
  log.accept(1, list(ref(1, 1)));
  log.accept(2, list(ref(1, 2)));
  log.decide(3, third);
  log.reopen();
  expect(log.accepted).toBe(0);
  log.accept(1, list(ref(1, 1)));
  log.accept(2, list());
  expect([log.accepted, log.next(1), log.next(2)]).toEqual([3, 2, 2]);
  expect([...log.pending]).toContain(third);
});

test("a decision that differs from what was accepted counts", () => {
  const log = new OrderLog(limits);
  log.accept(1, list(ref(1, 1)));
  log.accept(2, list(ref(1, 2)));
  log.decide(1, list());
  expect([log.next(1), log.owed(1)]).toEqual([1, 0]);
});

test("it says of whose slots the forecast has changed, also where a gap is closed and where a view begins", () => {
  const log = new OrderLog(limits);
  log.accept(2, list(ref(2, 1)));
  expect(log.takeMoved()).toEqual([]);
  log.accept(1, list(ref(1, 1)));
  expect(log.takeMoved()).toEqual([1, 2]);
  log.decide(2, list(ref(2, 1)));
  log.takeMoved();
  log.decide(1, list(ref(1, 1)));
  expect([...log.takeMoved()].sort()).toEqual([0, 1, 2]); // Another list than the one accepted: all is folded anew.
  expect(log.takeMoved()).toEqual([]);
  log.reopen();
  expect(log.takeMoved()).toEqual([0, 1, 2]);
});

test("H21: no more than b references of one D-instance count in one slot", () => {
  const log = new OrderLog(limits);
  log.decide(1, list(...[1, 2, 3, 4].map((seq) => ref(1, seq))));
  expect([log.next(1), log.owed(1)]).toEqual([4, 3]);
});

test("a transferred state takes the place of what it covers, and of nothing above", () => {
  const log = new OrderLog(limits);
  log.accept(4, list(ref(1, 9)));
  log.restore({ executed: 3, cut: [0, 8, 2] });
  expect([log.decided, log.accepted, log.next(1), log.owed(2)]).toEqual([3, 4, 10, 2]);
  log.restore({ executed: 2, cut: [0, 0, 0] });
  expect(log.owed(1)).toBe(8);
});
