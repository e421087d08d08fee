import { expect, test } from "vitest";
import { SbftViewChange, type SlotReport } from "../../wire/sbft.ts";
import { isValidViewChange } from "./validity.ts";

const NOTHING: Uint8Array = new Uint8Array(0);
const digest = "d".repeat(32);
const context = {
  lowOf: () => null,
  parameters: { window: 8, pullDelay: 1, viewChangeDelay: 1 },
};

const report = (seq: number, slow: number | null, fast: number | null = null): SlotReport => ({
  seq,
  slow: slow === null ? null : { view: slow, digest, aggregate: NOTHING },
  fast: fast === null ? null : { view: fast, digest, share: NOTHING },
});

function isValid(...slots: readonly SlotReport[]): boolean {
  const fields = { view: 3, sender: 1, anchor: null, slots, count: 0, signature: NOTHING };
  return isValidViewChange(
    SbftViewChange.of(fields, () => digest),
    context,
  );
}

test("what a correct replica sends is valid", () => {
  expect(isValid()).toBe(true);
  expect(isValid(report(1, 0, 2), report(2, null, 1), report(8, 2))).toBe(true);
});

test("slots are in order, each once, and in the window", () => {
  expect(isValid(report(2, 0), report(1, 0))).toBe(false);
  expect(isValid(report(2, 0), report(2, 1))).toBe(false);
  expect(isValid(report(0, 0))).toBe(false);
  expect(isValid(report(9, 0))).toBe(false);
});

test("what it speaks of is of views before the one that it asks for", () => {
  expect(isValid(report(1, 3))).toBe(false);
  expect(isValid(report(1, null, 3))).toBe(false);
});
