import { beforeEach, expect, test } from "vitest";
import { FaultModel } from "../../kernel/fault-model.ts";
import { Certificate, type Evidence, MessageKind, Proposal } from "../../wire/messages.ts";
import { FakeSurroundings } from "./fake-instances.ts";
import { Grace } from "./grace.ts";

const ORDER = 3;
const NOTHING = new Uint8Array(0);
let around: FakeSurroundings;
let shown: number[];
let accused: (readonly [number, number])[];
let grace: Grace;

beforeEach(() => {
  around = new FakeSurroundings(FaultModel.hybrid(3));
  shown = [];
  accused = [];
  grace = new Grace({
    ...around,
    timer: 4,
    delay: 100,
    show: (instance) => void shown.push(instance),
    accuse: (instance, view) => void accused.push([instance, view]),
  });
});

function header(instance: number, view: number, extension: number, seq = 20): Evidence {
  const fields = { kind: MessageKind.Prepare, view, seq, extension, digest: "d".repeat(32) };
  const empty = { certificate: NOTHING, share: NOTHING, value: null, evidence: [] };
  return { instance, message: new Proposal({ ...fields, ...empty }) };
}

test("a header that belies its own view's NewView accuses the D-primary of that view, and nobody else (4.3)", () => {
  around.d(1).enter(2, 0, 10, 26);
  grace.onJudged([header(1, 2, 0)]);
  expect(accused).toEqual([[1, 2]]);
  grace.onJudged([header(0, 0, 5)]);
  expect(accused.at(-1)).toEqual([0, 0]);
});

test("what a newer view's NewView says is not known here yet: its header's claim is taken", () => {
  grace.onJudged([header(1, 2, 7)]);
  expect([accused, shown]).toEqual([[], []]);
});

test("H3: a header of a view that has ended is shown to be stale, and only after a period of grace the O-primary is accused", () => {
  around.d(1).enter(1, 2, 10, 26);
  around.order.view = 3;
  grace.onJudged([header(1, 0, 0)]);
  grace.onJudged([header(1, 0, 0)]);
  expect([shown, accused]).toEqual([[1], []]);
  expect(around.effects).toEqual([{ type: "set-timer", instance: 0xfffe, timer: 4, delay: 100 }]);
  grace.expire();
  expect(accused).toEqual([]); // It has stopped: a correct one does at once.
  grace.onJudged([header(1, 0, 0)]);
  expect(accused).toEqual([[ORDER, 3]]);
});

test("each D-instance has the whole period", () => {
  around.d(0).enter(1, 1, 10, 26);
  around.d(1).enter(1, 2, 10, 26);
  grace.onJudged([header(0, 0, 0)]);
  grace.onJudged([header(1, 0, 0)]);
  grace.expire();
  grace.onJudged([header(1, 0, 0)]);
  expect(accused).toEqual([]);
  grace.expire();
  grace.onJudged([header(1, 0, 0)]);
  expect(accused).toEqual([[ORDER, 0]]);
});

test("a new view of either starts anew", () => {
  around.d(1).enter(1, 2, 10, 26);
  grace.onJudged([header(1, 0, 0)]);
  grace.expire();
  grace.onEntered(ORDER);
  grace.onJudged([header(1, 0, 0)]);
  expect([shown, accused]).toEqual([[1, 1], []]);
});

test("proofs of decisions are of all views", () => {
  around.d(1).enter(4, 2, 10, 26);
  const commit = { kind: MessageKind.Commit, view: 0, seq: 3, digest: "d".repeat(32), extension: 0 };
  grace.onJudged([{ instance: 1, message: new Certificate({ ...commit, aggregate: NOTHING }) }]);
  expect([shown, accused]).toEqual([[], []]);
});
