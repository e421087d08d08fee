import { Random } from "@destiny/core/kernel/random";
import { expect, test } from "vitest";
import { Engine } from "../engine/engine.ts";
import { Timers } from "./timers.ts";

/** The timer that never rests. */
const HEARTBEAT = 3;

function open(): { engine: Engine; timers: Timers; fired: [number, number][] } {
  const engine = new Engine();
  const fired: [number, number][] = [];
  const timers = new Timers(
    engine,
    ({ timer }) => void fired.push([timer, engine.now]),
    ({ timer }) => timer === HEARTBEAT,
  );
  return { engine, timers, fired };
}

const name = (timer: number) => ({ instance: 1, timer });

test("a timer fires once, when it was last set to, sooner or later than before, and not at all if cancelled", () => {
  const { engine, timers, fired } = open();
  timers.set(name(1), 100);
  timers.set(name(2), 100);
  engine.run(50);
  timers.set(name(1), 100);
  timers.set(name(2), 10);
  timers.set(name(4), 20);
  timers.cancel(name(4));
  engine.run(1_000);
  expect(fired).toEqual([
    [2, 60],
    [1, 150],
  ]);
});

test("one that was cancelled can be set again, also for a time before that of then", () => {
  const { engine, timers, fired } = open();
  timers.set(name(1), 100);
  timers.cancel(name(1));
  expect(engine.atRest).toBe(true);
  timers.set(name(1), 200);
  expect(engine.atRest).toBe(false);
  timers.cancel(name(1));
  timers.set(name(1), 30);
  engine.run(1_000);
  timers.set(name(1), 5);
  engine.run(2_000);
  expect(fired).toEqual([
    [1, 30],
    [1, 1_005],
  ]);
});

test("those that run are counted, but for what never rests; clearing stops all of them", () => {
  const { engine, timers, fired } = open();
  for (const timer of [1, 2, HEARTBEAT]) timers.set(name(timer), 10);
  timers.cancel(name(2));
  expect(timers.running).toBe(1);
  timers.clear();
  expect(timers.running).toBe(0);
  engine.run(100);
  expect(fired).toEqual([]);
  expect(engine.atRest).toBe(true);
});

test("whatever is set and cancelled, timers fire as a list of them would say", () => {
  const { engine, timers, fired } = open();
  const random = new Random(2);
  const due = new Map<number, number>();
  const expected: [number, number][] = [];
  for (let step = 0; step < 5_000; step += 1) {
    const timer = 4 + random.below(5);
    if (random.chance(0.3)) {
      timers.cancel(name(timer));
      due.delete(timer);
    } else {
      const delay = 1 + random.below(random.chance(0.1) ? 200_000 : 300);
      timers.set(name(timer), delay);
      due.set(timer, engine.now + delay);
    }
    const end = engine.now + random.below(100);
    for (const [each, at] of [...due].sort(([, a], [, b]) => a - b)) {
      if (at > end) continue;
      expected.push([each, at]);
      due.delete(each);
    }
    engine.run(end);
  }
  const inOrder = (list: [number, number][]): unknown => [...list].sort((a, b) => a[1] - b[1] || a[0] - b[0]);
  expect(expected.length).toBeGreaterThan(500);
  expect(inOrder(fired)).toEqual(inOrder(expected));
});
