import { hash } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { Port } from "../../effects/port.ts";
import { FaultModel } from "../../kernel/fault-model.ts";
import { ROOT } from "../../kernel/ids.ts";
import { Anchor } from "../../wire/anchor.ts";
import { Need } from "../../wire/composition.ts";
import { CheckpointProof } from "../../wire/messages.ts";
import { FakeSurroundings } from "./fake-instances.ts";
import { Fill } from "./fill.ts";
import { OrderLog } from "./order-log.ts";
import { OrderList } from "./order-value.ts";

const SELF = 2;
const faults = FaultModel.hybrid(5);
const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");

let around: FakeSurroundings;
let log: OrderLog;
let fill: Fill;

beforeEach(() => {
  around = new FakeSurroundings(faults);
  log = new OrderLog({ entriesMax: 8, referencesPerInstanceMax: 8, n: 5 });
  const rootPort = new Port({ push: (effect) => void around.effects.push(effect) }, ROOT);
  fill = new Fill({ ...around, self: SELF, faults, hash: digestOf, rootPort, log, window: 8 });
});

/** The order names slots of this D-instance up to this one. */
function order(instance: number, last: number): void {
  const entries = Array.from({ length: last }, (_, i) => ({
    type: "reference" as const,
    instance,
    seq: i + 1,
  }));
  log.decide(log.decided + 1, new OrderList(entries, true));
}

test("H2: a substitute fills every ordered slot that has no proposal with the no-op, and no slot more", () => {
  order(1, 3);
  around.d(1).enter(1, SELF, 1);
  fill.onView(1);
  fill.run();
  expect(around.d(1).proposals.map(({ bytes }) => bytes.length)).toEqual([0, 0]);
  fill.run();
  expect(around.d(1).nextSlot).toBe(4);
});

test("a home fills its own instance by the same rule, before any Need: the obligation follows from its own O-log (H27)", () => {
  order(SELF, 2);
  fill.run();
  expect(around.d(SELF).proposals).toHaveLength(2);
});

test("a primary that is not in its view, or no primary, proposes nothing", () => {
  order(1, 3);
  fill.run();
  around.d(1).suspect(1);
  around.d(1).primary = SELF;
  fill.onView(1);
  fill.run();
  expect(around.d(1).proposals).toEqual([]);
});

test("nothing is proposed beyond the window", () => {
  order(SELF, 2);
  around.d(SELF).mayPropose = false;
  fill.run();
  expect(around.d(SELF).proposals).toEqual([]);
});

test("one replica's Need brings no fill, f + 1 claims do, up to the lowest of the highest (dqbft.md 4.5)", () => {
  fill.onNeed(0, new Need({ instance: SELF, seq: 6, ordered: 9 }));
  fill.onNeed(1, new Need({ instance: SELF, seq: 4, ordered: 9 }));
  fill.run();
  expect(around.d(SELF).proposals).toEqual([]);
  expect(around.order.pursued).toEqual([9, 9]);
  fill.onNeed(3, new Need({ instance: SELF, seq: 3, ordered: 9 }));
  fill.run();
  expect(around.d(SELF).nextSlot).toBe(4);
});

test("a Need of what a checkpoint covers is answered with that", () => {
  const empty = new Uint8Array(0);
  const proof = new CheckpointProof({ seq: 4, root: "r".repeat(32), aggregate: empty });
  const anchor = new Anchor({ proof, part: empty, pageCount: 1, path: [] });
  fill.onAnchor(anchor);
  around.d(1).low = 7;
  fill.onNeed(3, new Need({ instance: 1, seq: 7, ordered: 2 }));
  expect(around.sent()).toEqual([[3, anchor]]);
});

test("Needs of no instance, and of others' primaries, are ignored", () => {
  fill.onNeed(3, new Need({ instance: 9, seq: 7, ordered: 2 }));
  fill.onNeed(3, new Need({ instance: 1, seq: 7, ordered: 2 }));
  expect(around.sent()).toEqual([]);
  expect(around.order.pursued).toEqual([]);
});

test("who waits for a slot tells its primary, with how far the order is", () => {
  order(1, 3);
  around.d(1).decided = 1;
  fill.ask(1);
  expect(around.sent()).toEqual([[1, new Need({ instance: 1, seq: 3, ordered: 1 })]]);
  around.d(1).decided = 3;
  fill.ask(1);
  expect(around.sent()).toEqual([]);
});
