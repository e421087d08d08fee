import { Random } from "@destiny/core/kernel/random";
import { expect, test } from "vitest";
import { Engine, Occurrence } from "./engine.ts";
import { HORIZON } from "./time-wheel.ts";

class Named extends Occurrence {
  readonly #happened: string[];
  readonly name: string;

  constructor(happened: string[], name: string) {
    super();
    this.#happened = happened;
    this.name = name;
  }

  happen(): void {
    this.#happened.push(this.name);
  }
}

/** Delays of all sizes: none, within a word of bits, within the wheel, about its end, far beyond it. */
function delayFrom(random: Random): number {
  const most = [1, 40, 5_000, HORIZON + 2, 4 * HORIZON][random.below(5)] ?? 1;
  return random.below(most);
}

test("near or far, cancelled or not, things happen in the order of a stable sort by time", () => {
  const random = new Random(3);
  const engine = new Engine();
  const happened: string[] = [];
  const cancelled = new Set<object>();
  const expected: { at: number; occurrence: Named }[] = [];
  for (let i = 0; i < 5_000; i += 1) {
    const occurrence = new Named(happened, `${i}`);
    const at = engine.now + delayFrom(random);
    engine.schedule(at, occurrence);
    expected.push({ at, occurrence });
    const victim = expected[random.below(expected.length * 4)];
    if (victim?.occurrence.state === "scheduled") cancelled.add(victim);
    if (victim !== undefined) engine.cancel(victim.occurrence);
    if (random.chance(0.3)) engine.run(engine.now + random.below(2_000));
  }
  engine.run(engine.now + 8 * HORIZON);
  const order = expected.filter((each) => !cancelled.has(each)).sort((a, b) => a.at - b.at);
  expect(happened.length).toBeGreaterThan(4_000);
  expect(cancelled.size).toBeGreaterThan(100);
  expect(happened).toEqual(order.map(({ occurrence }) => occurrence.name));
  expect(engine.atRest).toBe(true);
});

test("at one microsecond, what was scheduled from far away comes before what was scheduled from near", () => {
  const engine = new Engine();
  const happened: string[] = [];
  const at = 2 * HORIZON;
  engine.schedule(at, new Named(happened, "far"));
  engine.run(HORIZON + 5);
  engine.schedule(at, new Named(happened, "near"));
  engine.run(at);
  expect(happened).toEqual(["far", "near"]);
});

test("what happens may be scheduled again, as the same object; what waits may not", () => {
  const engine = new Engine();
  const times: number[] = [];
  class Recurring extends Occurrence {
    happen(): void {
      times.push(engine.now);
      if (times.length < 4) engine.schedule(engine.now + 10 ** times.length, this);
    }
  }
  const recurring = new Recurring();
  engine.schedule(1, recurring);
  expect(() => engine.schedule(2, recurring)).toThrow();
  engine.run(1_000_000);
  expect(times).toEqual([1, 11, 111, 1_111]);
});
