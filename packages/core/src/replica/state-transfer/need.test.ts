import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { ModelState } from "./model-state.ts";
import { Need } from "./need.ts";

const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");

const anchorAt = (seq: number): ModelState["anchor"] => new ModelState(digestOf, seq, []).anchor;

test("a small lag is left to the logs, as long as they help", () => {
  const need = new Need(32);
  for (let executed = 0; executed < 30; executed += 3) {
    need.tick(executed, anchorAt(32));
    expect(need.isUrgent(executed, anchorAt(32))).toBe(false);
  }
  expect(need.isUrgent(0, null)).toBe(false);
});

test("when they do not help for some periods, the state is fetched", () => {
  const need = new Need(32);
  const urgent = Array.from({ length: 5 }, () => {
    need.tick(10, anchorAt(16));
    return need.isUrgent(10, anchorAt(16));
  });
  expect(urgent).toEqual([false, false, false, true, true]);
  expect(need.isUrgent(16, anchorAt(16))).toBe(false);
  need.tick(11, anchorAt(16));
  expect(need.isUrgent(11, anchorAt(16))).toBe(false);
});

test("rest is no lag", () => {
  const need = new Need(32);
  for (let i = 0; i < 10; i += 1) need.tick(16, anchorAt(16));
  expect(need.isUrgent(16, anchorAt(24))).toBe(false);
});

test("a large lag is not left to the logs, nor is what no instance can decide any more", () => {
  const need = new Need(32);
  expect(need.isUrgent(0, anchorAt(32))).toBe(false);
  expect(need.isUrgent(0, anchorAt(33))).toBe(true);
  need.onOutrun(anchorAt(20));
  expect(need.isUrgent(19, anchorAt(20))).toBe(true);
  expect(need.isUrgent(20, anchorAt(24))).toBe(false);
});

test("soon after a transfer one period without progress is enough", () => {
  const need = new Need(32);
  need.onInstalled();
  need.tick(16, anchorAt(24));
  expect(need.isUrgent(16, anchorAt(24))).toBe(false);
  need.tick(16, anchorAt(24));
  expect(need.isUrgent(16, anchorAt(24))).toBe(true);
});
