import { expect, test } from "vitest";
import type { Effect } from "../../effects/effects.ts";
import { Port } from "../../effects/port.ts";
import { FaultModel } from "../../kernel/fault-model.ts";
import { SlotRing } from "../../kernel/slot-ring.ts";
import { Pull } from "../../wire/messages.ts";
import type { AgreementContext } from "../agreement.ts";
import { CatchUp, type CatchUpRules } from "./catch-up.ts";

const PULL_TIMER = 1;
const PULL_DELAY = 10;
const N = 7;

interface TestSlot {
  readonly seq: number;
  delivered: boolean;
  age: number;
}

/** Replica 2 of seven, of which three may fail, and what it asks and is asked for. */
class Stage implements CatchUpRules<TestSlot> {
  readonly slots: SlotRing<TestSlot> = new SlotRing(256, (seq) => ({ seq, delivered: false, age: 0 }));
  readonly catchUp: CatchUp<TestSlot>;
  decided = 0;
  known = 0;
  waiting = false;
  readonly helped: string[] = [];
  readonly answered: number[] = [];
  readonly #effects: Effect[] = [];

  constructor(witnesses: number) {
    const port = new Port({ push: (effect) => void this.#effects.push(effect) }, 0);
    const parameters = { window: 256, pullDelay: PULL_DELAY, viewChangeDelay: 100 };
    const context: unknown = { self: 2, faults: FaultModel.hybrid(N), port, parameters };
    this.catchUp = new CatchUp(context as AgreementContext, this, witnesses, this);
  }

  answer(_to: number, { seq }: TestSlot, values: boolean): number {
    this.answered.push(seq);
    return values ? 300_000 : 0;
  }

  help({ seq }: TestSlot, age: number): void {
    this.helped.push(`${seq} at ${age}`);
  }

  decide(upTo: number): void {
    this.decided = upTo;
    for (let seq = 1; seq <= upTo; seq += 1) this.slots.claim(seq).delivered = true;
    this.catchUp.progress();
  }

  tick(): void {}

  /** Lets the timer expire, and says what is asked for then. */
  expire(): string[] {
    this.said();
    expect(this.catchUp.expire(PULL_TIMER)).toBe(true);
    return this.said();
  }

  /** What was asked for since, and whether the timer was set. */
  said(): string[] {
    return this.#effects.splice(0).flatMap((effect) => {
      if (effect.type === "set-timer") return `timer ${effect.delay / PULL_DELAY}`;
      if (effect.type === "cancel-timer") return "no timer";
      if (effect.type === "serve-history") return `log ${effect.request.first}-${effect.request.last}`;
      if (effect.type !== "send" && effect.type !== "broadcast") return [];
      const to = effect.type === "send" ? effect.to : "all";
      const { message } = effect;
      return message instanceof Pull
        ? `${to}: ${message.first}-${message.last}${message.values ? " values" : ""}`
        : [];
    });
  }
}

test("a slot is helped from the second tick on, until it is delivered, and then the timer rests", () => {
  const stage = new Stage(1);
  stage.known = 2;
  stage.catchUp.arm();
  stage.catchUp.arm();
  expect(stage.said()).toEqual(["timer 1"]);
  for (let tick = 0; tick < 3; tick += 1) stage.expire();
  expect(stage.helped).toEqual(["1 at 1", "2 at 1", "1 at 2", "2 at 2"]);
  stage.slots.claim(1).age = 0;
  stage.slots.claim(2).delivered = true;
  stage.expire();
  stage.expire();
  expect(stage.helped.slice(4)).toEqual(["1 at 1"]);
  stage.said();
  stage.decide(2);
  expect(stage.said()).toEqual(["no timer"]);
});

test("another timer is none of its business", () => {
  expect(new Stage(1).catchUp.expire(PULL_TIMER + 1)).toBe(false);
});

test("a range is asked of one peer after the other, never of itself, in the end of all for less, and then given up", () => {
  const stage = new Stage(1);
  stage.catchUp.pursue(100);
  const asked = Array.from({ length: 2 * N + 1 }, () => stage.expire());
  expect(asked.slice(0, 4)).toEqual([
    ["3: 1-64 values", "timer 2"],
    ["4: 1-64 values", "timer 4"],
    ["5: 1-64 values", "timer 8"],
    ["all: 1-16 values", "timer 16"],
  ]);
  expect(asked.at(-1)).toEqual([]);
});

test("slots that are spoken of while the timer runs are under way, and asked for only a tick later", () => {
  const stage = new Stage(1);
  stage.known = 1;
  stage.catchUp.arm();
  stage.catchUp.pursue(10);
  stage.decide(1);
  expect(stage.expire()).toEqual(["timer 1"]);
  stage.catchUp.pursue(20);
  stage.decide(10);
  expect(stage.expire()).toEqual(["timer 1"]);
  expect(stage.expire()).toEqual(["3: 11-20 values", "timer 2"]);
});

test("where one peer is not enough, the first is asked for values and others bear witness", () => {
  const stage = new Stage(4);
  stage.catchUp.pursue(3);
  expect(stage.expire().slice(0, -1)).toEqual(["3: 1-3 values", "4: 1-3", "5: 1-3", "6: 1-3"]);
  expect(stage.expire().slice(0, -1)).toEqual(["4: 1-3 values", "5: 1-3", "6: 1-3", "0: 1-3"]);
  expect(stage.expire().slice(0, -1)).toEqual(["5: 1-3 values", "6: 1-3", "0: 1-3", "1: 1-3"]);
});

test("the next range is asked for when the last one is here, without waiting for the timer", () => {
  const stage = new Stage(1);
  stage.catchUp.pursue(100);
  stage.expire();
  stage.decide(63);
  expect(stage.said()).toEqual([]);
  stage.decide(64);
  expect(stage.said()).toEqual(["3: 65-100 values"]);
});

test("the timer runs for what else is waiting", () => {
  const stage = new Stage(1);
  stage.waiting = true;
  stage.catchUp.start();
  stage.catchUp.progress();
  expect(stage.said()).toEqual(["timer 1"]);
  expect(stage.expire()).toEqual(["timer 1"]);
  stage.waiting = false;
  expect(stage.expire()).toEqual([]);
});

test("an answer to a Pull is bounded in slots and in bytes; below the watermark the log answers", () => {
  const stage = new Stage(1);
  for (let seq = 1; seq <= 200; seq += 1) stage.slots.claim(seq);
  stage.slots.advance(10);
  stage.catchUp.onPull(1, new Pull(0, 500, false));
  expect(stage.said()).toEqual(["log 1-10"]);
  expect(stage.answered).toEqual(Array.from({ length: 53 }, (_, i) => 11 + i));
  stage.answered.length = 0;
  stage.catchUp.onPull(1, new Pull(20, 40, true));
  expect(stage.answered).toEqual([20, 21, 22, 23]);
});
