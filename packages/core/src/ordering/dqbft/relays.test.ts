import { beforeEach, expect, test } from "vitest";
import { FaultModel } from "../../kernel/fault-model.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import { HeaderRelay } from "../../wire/composition.ts";
import { MessageKind, Proposal, Pull } from "../../wire/messages.ts";
import { FakeSurroundings } from "./fake-instances.ts";
import { Headers } from "./headers.ts";
import { OrderLog } from "./order-log.ts";
import { OrderList } from "./order-value.ts";
import { Relays } from "./relays.ts";

const N = 7;
const SELF = 3;
const O_PRIMARY = 0;
const NOTHING = new Uint8Array(0);
let around: FakeSurroundings;
let headers: Headers;
let log: OrderLog;
let relays: Relays;
let unordered: number[];

beforeEach(() => {
  around = new FakeSurroundings(FaultModel.hybrid(N));
  headers = new Headers(N);
  unordered = [];
  log = new OrderLog({ entriesMax: 200, referencesPerInstanceMax: 100, n: N });
  relays = new Relays({
    ...around,
    ...{ self: SELF, n: N, timer: 3, delay: 100, fanout: 2, headers, log, answersPulls: true },
    unordered: (instance) => void unordered.push(instance),
  });
});

function header(seq: number): Proposal {
  const digest = String.fromCharCode(...Array.from({ length: 32 }, (_, i) => (seq * 37 + i * 11) % 256));
  const fields = { kind: MessageKind.Prepare, view: 0, seq, digest, extension: 0 };
  return new Proposal({ ...fields, certificate: NOTHING, share: NOTHING, value: null, evidence: [] });
}

function accept(instance: number, seq: number): void {
  headers.put(instance, header(seq));
  around.d(instance).known = seq;
  relays.onSlot();
}

const targets = (): number[] => around.sent().map(([to]) => to);

test("nothing is passed on where slots are decided and ordered in time, and then no timer runs", () => {
  accept(1, 1);
  around.d(1).decided = 1;
  log.accept(1, new OrderList([{ type: "reference", instance: 1, seq: 1 }], true));
  around.effects.length = 0;
  relays.expire();
  expect(around.effects).toEqual([]);
});

test("3.2.4: a header whose slot is late is passed on to a few, once; a late one is older than a period", () => {
  accept(1, 1);
  log.accept(1, new OrderList([{ type: "reference", instance: 1, seq: 1 }], true));
  relays.expire();
  expect(around.sent()).toEqual([]);
  relays.expire();
  const sent = around.sent();
  expect(sent.map(([, message]) => message)).toEqual([1, 2].map(() => new HeaderRelay(1, header(1))));
  relays.expire();
  expect(around.sent()).toEqual([]);
});

test("3.2.5, case 2: the coordinator sends a header to the O-primary again and again, until it is ordered", () => {
  accept(SELF, 1);
  around.d(SELF).decided = 1;
  relays.expire();
  relays.expire();
  expect(targets()).toContain(O_PRIMARY);
  relays.expire();
  expect(targets()).toEqual([O_PRIMARY]);
  log.accept(1, new OrderList([{ type: "reference", instance: SELF, seq: 1 }], true));
  relays.expire();
  expect(around.sent()).toEqual([]);
});

test("a slot that is decided and not ordered for a whole period is named, with a header or without, until it is ordered", () => {
  around.d(1).decided = 1;
  relays.onSlot();
  relays.expire();
  expect(unordered).toEqual([]);
  relays.expire();
  expect(unordered).toEqual([1]);
  log.accept(1, new OrderList([{ type: "reference", instance: 1, seq: 1 }], true));
  around.effects.length = 0;
  relays.expire();
  expect([unordered, around.effects]).toEqual([[1], []]);
});

test("a tick passes on a bounded number of headers", () => {
  for (let instance = 0; instance < N; instance += 1) {
    for (let seq = 1; seq <= 30; seq += 1) accept(instance, seq);
  }
  relays.expire();
  relays.expire();
  expect(new Set(around.sent().map(([, message]) => JSON.stringify(message))).size).toBeLessThanOrEqual(64);
});

test("a relay tells of a slot, whose batch is pulled from whoever passed it on, once a period", () => {
  relays.onRelay(5, new HeaderRelay(1, header(2)));
  relays.onRelay(6, new HeaderRelay(1, header(2)));
  expect(around.sent()).toEqual([[5, new Pull(2, 2, true)]]);
  expect(around.d(1).pursued).toEqual([2]);
  around.d(1).known = 2;
  relays.expire();
  relays.onRelay(6, new HeaderRelay(1, header(2)));
  expect(around.sent()).toEqual([]);
});

test("what belongs to a view that has ended is passed on no more", () => {
  accept(1, 1);
  relays.expire();
  headers.clear(1);
  relays.onLeft(1);
  relays.expire();
  expect(around.sent()).toEqual([]);
});

test("of relays that tell nothing new, and of more than a peer should send, no signature is looked at; a tick counts anew", () => {
  around.d(1).known = 5;
  expect(relays.admits(5, new HeaderRelay(1, header(5)))).toBe(false);
  const admitted = (from: number): number =>
    Array.from({ length: 1_000 }, (_, i) => relays.admits(from, new HeaderRelay(1, header(6 + i)))).filter(
      Boolean,
    ).length;
  expect(admitted(5)).toBe(256);
  expect(admitted(6)).toBe(256); // One peer does not use up another's.
  const reports = around.effects.filter(({ type }) => type === "report");
  expect(reports).toEqual(
    [5, 6].map((peer) => ({ type: "report", peer, reason: Misbehaviour.TooManyRelays })),
  );
  expect(around.effects.filter(({ type }) => type === "set-timer").length).toBe(1);
  relays.expire();
  expect(admitted(5)).toBe(256);
});
