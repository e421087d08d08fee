import type { Effect } from "@destiny/core/effects/effects";
import type { Outbox } from "@destiny/core/effects/port";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Micros } from "@destiny/core/kernel/ids";
import type { Driven } from "@destiny/core/replica/driven";
import { Pull } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { FixedDelays } from "../machine/fixed-delays.ts";
import type { Incoming, Machine } from "../machine/machine.ts";
import { World } from "./world.ts";

const LATENCY = 10_000;
const IDLE = new FixedDelays({ verifyMicros: 0, certifyMicros: 0, combineMicros: 0 });
const LOOP = 10.5;
const WORKER = 50;
const SIGNING = 30;

/** A loop that takes its time, a worker that looks at even Pulls first, and a list of when it was asked for what. */
class SlowMachine implements Machine {
  readonly calls: [string, Micros][] = [];
  #free = 0;

  arrive({ content }: Incoming, now: Micros): number {
    return (content as Pull).first % 2 === 0 ? now + WORKER : now;
  }

  arriveFromClient(_message: object, _bytes: number, now: Micros): number {
    return now;
  }

  handle({ content }: Incoming, _from: number, effects: readonly Effect[], now: Micros): number {
    this.calls.push([`handle ${(content as Pull).first}, ${effects.length} effects`, now]);
    return this.#turn(now);
  }

  handleFromClient(_message: object, _bytes: number, _effects: readonly Effect[], now: Micros): number {
    return this.#turn(now);
  }

  handleOwn(event: string, _effects: readonly Effect[], now: Micros): number {
    if (event !== "start") this.calls.push([event, now]);
    return event === "start" ? now : this.#turn(now);
  }

  execute(): void {
    // Nothing is.
  }

  certify(_claim: object, now: Micros): number {
    this.calls.push(["certify", now]);
    return now + SIGNING;
  }

  combine(_claim: object, _shares: number, now: Micros): number {
    return now;
  }

  crash(): void {
    this.#free = 0;
  }

  #turn(now: Micros): number {
    this.#free = Math.max(this.#free, now) + LOOP;
    return this.#free;
  }
}

interface Scene {
  readonly world: World;
  readonly machine: SlowMachine;
  /** Pulls that replica 0 got back, and when. */
  readonly answers: [number, Micros][];
  ask(first: number): void;
}

/** Replica 0 asks; replica 1, on the slow machine, answers each Pull with it, and has something signed for the first. */
function open(): Scene {
  const machine = new SlowMachine();
  const answers: [number, Micros][] = [];
  const outboxes: Outbox[] = [];
  const world: World = new World({
    faults: FaultModel.hybrid(3),
    seed: 1,
    instances: 1,
    durable: false,
    machine: (self) => (self === 1 ? machine : IDLE),
    create: (self, outbox) => {
      outboxes[self] = outbox;
      return driven((message) => {
        if (self === 0) answers.push([message.first, world.engine.now]);
        if (self !== 1) return;
        outbox.push({ type: "send", instance: 0, to: 0, message });
        const claim = { type: "statement", instance: 0, message: new Uint8Array(1) } as const;
        if (message.first === 1) outbox.push({ type: "certify", job: { instance: 0, ticket: 1 }, claim });
      });
    },
  });
  world.start();
  const ask = (first: number): void => {
    world.network.send({ from: 0, to: 1, instance: 0, content: new Pull(first, first, true) });
  };
  return { world, machine, answers, ask };
}

function driven(receive: (message: Pull) => void): Driven {
  const nothing = (): void => undefined;
  const rest = { submit: nothing, reassign: nothing, expire: nothing, complete: nothing, restore: nothing };
  const more = { recover: nothing, start: nothing, announce: nothing, admits: () => true };
  return {
    ...{ ...rest, ...more, checks: () => [] },
    receive: (_from: number, _instance: number, message: unknown) => receive(message as Pull),
  } as unknown as Driven;
}

test("the loop has messages in their order, each at once; what they lead to leaves when the loop is done with them", () => {
  const { world, machine, answers, ask } = open();
  for (const first of [3, 5]) ask(first);
  world.run(LATENCY);
  expect(machine.calls).toEqual([
    ["handle 3, 1 effects", LATENCY],
    ["handle 5, 1 effects", LATENCY],
  ]);
  world.run(LATENCY + 100);
  expect(answers).toEqual([
    [3, LATENCY + 10 + LATENCY],
    [5, LATENCY + 21 + LATENCY],
  ]);
});

test("what a worker looks at first enters the loop behind what came meanwhile", () => {
  const { world, machine, ask } = open();
  for (const first of [2, 3]) ask(first);
  world.run(LATENCY + WORKER);
  expect(machine.calls).toEqual([
    ["handle 3, 1 effects", LATENCY],
    ["handle 2, 1 effects", LATENCY + WORKER],
  ]);
});

test("workers are asked when the loop comes to it, and their answer is an event of its own", () => {
  const { world, machine, ask } = open();
  ask(1);
  world.run(LATENCY + 100);
  expect(machine.calls).toEqual([
    ["handle 1, 2 effects", LATENCY],
    ["certify", LATENCY + 10],
    ["completion", LATENCY + 10 + SIGNING],
  ]);
});

test("what is under way at a machine that crashes never ends", () => {
  const { world, machine, ask } = open();
  for (const first of [1, 2]) ask(first);
  world.run(LATENCY + 5);
  world.host(1).crash();
  world.run(LATENCY);
  expect(machine.calls).toEqual([["handle 1, 2 effects", LATENCY]]);
});
