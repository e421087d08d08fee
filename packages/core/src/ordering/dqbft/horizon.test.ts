import { expect, test } from "vitest";
import { Horizon } from "./horizon.ts";
import { OrderList, type Reference } from "./order-value.ts";

const limits = { entriesMax: 6, referencesPerInstanceMax: 2, n: 3 };
const ref = (instance: number, seq: number): Reference => ({ type: "reference", instance, seq });
const list = (...entries: Reference[]): OrderList => new OrderList(entries, true);

function fold(...lists: OrderList[]): readonly number[] {
  const horizon = new Horizon(limits, [0, 0, 0]);
  for (const each of lists) horizon.fold(each);
  return horizon.cut;
}

test("references are taken one after the other, per D-instance", () => {
  expect(fold(list(ref(0, 1), ref(2, 1), ref(0, 2)), list(ref(2, 2)))).toEqual([2, 0, 2]);
});

test("H7: a gap is skipped, and what closes it later is taken", () => {
  expect(fold(list(ref(0, 2)), list(ref(0, 1)), list(ref(0, 2)))).toEqual([2, 0, 0]);
});

test("H12: a second occurrence and an unknown D-instance are skipped", () => {
  expect(fold(list(ref(0, 1), ref(3, 1), ref(0xffff, 1)), list(ref(0, 1), ref(1, 1)))).toEqual([1, 1, 0]);
});

test("H21: of one D-instance at most b references of a slot are looked at, skipped ones counted", () => {
  expect(fold(list(ref(0, 1), ref(0, 2), ref(0, 3)))).toEqual([2, 0, 0]);
  expect(fold(list(ref(0, 9), ref(0, 9), ref(0, 1)))).toEqual([0, 0, 0]);
  expect(fold(list(ref(0, 1), ref(0, 2)), list(ref(0, 3)))).toEqual([3, 0, 0]);
});

test("H21: entries beyond the size of an O-value do not exist", () => {
  const entries = [ref(0, 1), ref(1, 1), ref(2, 1), ref(0, 2), ref(1, 2), ref(2, 2), ref(2, 3)];
  expect(fold(list(...entries))).toEqual([2, 2, 2]);
});
