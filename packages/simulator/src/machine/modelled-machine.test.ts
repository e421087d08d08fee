import type { Effect } from "@destiny/core/effects/effects";
import type { SlotClaim } from "@destiny/core/wire/claim";
import { MessageKind, Vote } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { WEIGHTLESS } from "../network/sizes.ts";
import { type CostProfile, parseProfile } from "./cost-profile.ts";
import type { Incoming } from "./machine.ts";
import { ModelledMachine } from "./modelled-machine.ts";
import { Pool } from "./processors.ts";
import { priceList } from "./tariff.ts";

const SOURCE = { source: "this test" };
const PROFILE = parseProfile({
  name: "test",
  about: "round numbers",
  processors: { count: 3, workers: 2, shared: false, ...SOURCE },
  overhead: { factor: 2, ...SOURCE },
  lanes: { per: "counter", payloadInside: false, delayMicros: 0, ...SOURCE },
  network: { interfaceGbitPerSecond: 1, overheadBytes: 0, messageBytesMin: 0, ...SOURCE },
  sizes: {
    ...{ share: 1, aggregate: 1, resultShare: 1, resultAggregate: 1, certificate: 1 },
    ...{ commandOverhead: 0, resultPerCommand: 0, ...SOURCE },
  },
  receive: {
    default: { loop: { micros: 5 }, ...SOURCE },
    Commit: { loop: { micros: 5 }, before: { micros: 50 }, ...SOURCE },
  },
  send: { default: { loop: { micros: 1 }, ...SOURCE } },
  prepare: {},
  certify: { slot: { before: { micros: 100 }, ...SOURCE } },
  combine: { tau: { before: { microsPerShare: 10, microsPerShareSquared: 1 }, ...SOURCE } },
  other: { execute: { loop: { microsPerCommand: 0.5 }, ...SOURCE } },
});

/** The same, with a price on being lone. */
const LONE = parseProfile({
  ...PROFILE,
  other: {
    wake: { loop: { micros: 50 }, ...SOURCE },
    read: { loop: { micros: 4 }, ...SOURCE },
    flush: { loop: { micros: 3 }, ...SOURCE },
  },
});

function machine(cpu = true, profile: CostProfile = PROFILE): ModelledMachine {
  return new ModelledMachine({
    prices: priceList(profile, cpu),
    lanes: PROFILE.lanes,
    n: 4,
    sizes: WEIGHTLESS,
    bundle: 10,
    requestBytes: 1_000,
    workers: new Pool(PROFILE.processors.workers),
    shared: false,
  });
}

function incoming(kind: MessageKind): Incoming {
  return { kind, content: {}, bytes: 0 };
}

function vote(): Vote {
  return new Vote({ kind: MessageKind.CommitSig, view: 0, seq: 1, digest: "", share: new Uint8Array(0) });
}

function claim(instance: number): SlotClaim {
  return { type: "slot", instance, value: { view: 0, seq: 1 }, message: new Uint8Array(0) };
}

test("the loop takes messages one after the other, with all that they lead to", () => {
  const each = machine();
  const broadcast: Effect = { type: "broadcast", instance: 0, message: vote() };
  expect(each.handle(incoming(MessageKind.CommitSig), 1, [], 0)).toBe(10);
  expect(each.handle(incoming(MessageKind.CommitSig), 1, [broadcast], 1)).toBe(10 + 10 + 3 * 2);
  each.execute(20, 0);
  expect(each.handle(incoming(MessageKind.CommitSig), 1, [], 100)).toBe(100 + 10 + 20);
  expect(each.account().sentMessages[MessageKind.CommitSig]).toBe(3);
});

test("a worker looks at a certificate before the loop does; votes go straight to the loop", () => {
  const each = machine();
  expect([0, 1, 2].map((now) => each.arrive(incoming(MessageKind.Commit), now))).toEqual([100, 101, 200]);
  expect(each.arrive(incoming(MessageKind.CommitSig), 3)).toBe(3);
});

test("one counter signs one thing after the other, two counters sign at once", () => {
  const each = machine();
  expect([each.certify(claim(0), 0), each.certify(claim(0), 0), each.certify(claim(1), 200)]).toEqual([
    200, 400, 400,
  ]);
});

test("combining grows with the shares", () => {
  expect(machine().combine(claim(0), 3, 0)).toBe(2 * (30 + 9));
});

test("without processors everything is done at once", () => {
  const each = machine(false);
  expect(each.arrive(incoming(MessageKind.Commit), 7)).toBe(7);
  expect(each.handle(incoming(MessageKind.CommitSig), 1, [], 7)).toBe(7);
  expect(each.certify(claim(0), 7)).toBe(7);
});

test("a message that finds the loop idle wakes it; one that finds it busy does not", () => {
  const each = machine(true, LONE);
  const take = (from: number, now: number): number =>
    each.handle(incoming(MessageKind.CommitSig), from, [], now);
  expect(take(1, 0)).toBe(2 * (50 + 4 + 5));
  expect(take(1, 1)).toBe(118 + 2 * (4 + 5));
  expect(take(1, 2)).toBe(136 + 2 * 5);
  expect(take(2, 3)).toBe(146 + 2 * (4 + 5));
  expect(take(1, 164)).toBe(164 + 2 * (50 + 4 + 5));
});

test("a flush per receiver and round, whatever the turns send", () => {
  const each = machine(true, LONE);
  const broadcast: Effect = { type: "broadcast", instance: 0, message: vote() };
  const send: Effect = { type: "send", to: 2, instance: 0, message: vote() };
  expect(each.handleOwn("expiry", [send, broadcast, send], 0)).toBe(2 * (3 * 3 + 5 * 1));
  expect(each.handleOwn("expiry", [send], 0)).toBe(28 + 2);
  expect(each.handleOwn("expiry", [send], 1)).toBe(30 + 2 * (3 + 1));
  expect(each.handleOwn("expiry", [broadcast], 2)).toBe(38 + 2 * (2 * 3 + 3 * 1));
});
