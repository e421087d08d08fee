import { expect, test } from "vitest";
import { Engine, Occurrence } from "./engine.ts";

class Noted extends Occurrence {
  readonly #notes: string[];
  readonly #name: string;

  constructor(notes: string[], name: string, background = false) {
    super(background);
    this.#notes = notes;
    this.#name = name;
  }

  happen(): void {
    this.#notes.push(this.#name);
  }
}

test("time stands still between events, and moves on to the end of a run", () => {
  const engine = new Engine();
  const times: number[] = [];
  for (const delay of [30, 10, 20]) engine.after(delay, () => void times.push(engine.now));
  engine.run(25);
  expect(times).toEqual([10, 20]);
  expect(engine.now).toBe(25);
  engine.run(100);
  expect(times).toEqual([10, 20, 30]);
});

test("what is scheduled for now happens after what already was", () => {
  const engine = new Engine();
  const notes: string[] = [];
  engine.after(5, () => {
    notes.push("a");
    engine.after(0, () => void notes.push("c"));
  });
  engine.after(5, () => void notes.push("b"));
  engine.run(5);
  expect(notes).toEqual(["a", "b", "c"]);
});

test("the past is closed, and a microsecond is whole", () => {
  const engine = new Engine();
  engine.run(10);
  expect(() => engine.schedule(9, new Noted([], "late"))).toThrow();
  expect(() => engine.schedule(10.5, new Noted([], "half"))).toThrow();
});

test("at rest is when all that is to come goes on for ever", () => {
  const engine = new Engine();
  const notes: string[] = [];
  expect(engine.atRest).toBe(true);
  engine.schedule(5, new Noted(notes, "heartbeat", true));
  expect(engine.atRest).toBe(true);
  const work = new Noted(notes, "work");
  engine.schedule(6, work);
  expect(engine.atRest).toBe(false);
  engine.run(1_000, () => engine.atRest);
  expect(engine.now).toBe(6);
  expect(notes).toEqual(["heartbeat", "work"]);
});

test("what is cancelled does not happen, and is not waited for; cancelling again or too late does nothing", () => {
  const engine = new Engine();
  const notes: string[] = [];
  const [one, two] = [new Noted(notes, "one"), new Noted(notes, "two")];
  engine.schedule(5, one);
  engine.schedule(5, two);
  engine.cancel(one);
  engine.cancel(one);
  expect(engine.atRest).toBe(false);
  engine.run(10);
  engine.cancel(two);
  expect(notes).toEqual(["two"]);
  expect(engine.atRest).toBe(true);
});

test("members of a fleet and occurrences happen in one order; what comes next at a time is announced first", () => {
  const engine = new Engine();
  const notes: string[] = [];
  const announced = new Set<number>();
  engine.launch({
    approach: (member) => void announced.add(member),
    happen: (member) => {
      notes.push(`member ${member}${announced.has(member) ? "" : ", unannounced"}`);
      if (engine.now === 5) engine.scheduleMember(100_000, member);
    },
  });
  engine.scheduleMember(5, 3);
  engine.schedule(5, new Noted(notes, "occurrence"));
  engine.scheduleMember(5, 2_000);
  expect(engine.atRest).toBe(false);
  engine.run(5, () => notes.length === 1);
  expect(notes).toEqual(["member 3"]);
  engine.run(200_000);
  expect(notes).toEqual(["member 3", "occurrence", "member 2000", "member 3", "member 2000"]);
  expect([engine.happened, engine.atRest]).toEqual([5, true]);
});
