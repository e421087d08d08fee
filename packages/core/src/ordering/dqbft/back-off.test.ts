import { beforeEach, expect, test } from "vitest";
import type { Effect } from "../../effects/effects.ts";
import { Port } from "../../effects/port.ts";
import { BackOff } from "./back-off.ts";

let effects: Effect[];
let backOff: BackOff;

beforeEach(() => {
  effects = [];
  backOff = new BackOff(new Port({ push: (effect) => void effects.push(effect) }, 1), 7, 100);
});

const delays = (): number[] => effects.splice(0).flatMap((e) => (e.type === "set-timer" ? [e.delay] : []));

test("pauses double with every time, and the first comes after the first time", () => {
  expect(backOff.running).toBe(false);
  for (const delay of [100, 200, 400]) {
    backOff.start();
    expect([backOff.running, delays()]).toEqual([true, [delay]]);
    backOff.expire();
    expect(backOff.running).toBe(false);
    delays();
  }
});

test("a quiet time as long as a pause halves the next one, until no timer runs", () => {
  backOff.start();
  backOff.start();
  delays();
  backOff.expire();
  expect(delays()).toEqual([400]);
  backOff.expire();
  expect(delays()).toEqual([200]);
  backOff.expire();
  expect(delays()).toEqual([]);
  backOff.start();
  expect(delays()).toEqual([100]);
});

test("what is disturbed in that time does not count as quiet", () => {
  backOff.start();
  backOff.expire();
  delays();
  backOff.disturb();
  backOff.expire();
  expect(delays()).toEqual([200]);
});
