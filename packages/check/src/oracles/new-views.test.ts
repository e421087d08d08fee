import { MessageKind } from "@destiny/core/wire/messages";
import { Writer } from "@destiny/core/wire/writer";
import { expect, test } from "vitest";
import { NewViews } from "./new-views.ts";
import { digest, parcel, trippedBy } from "./test-bed.ts";

const A = digest("a");
const B = digest("b");
const N = 3;
const FAULTY = 2;

function open(): NewViews {
  return new NewViews({
    n: N,
    faulty: new Set([FAULTY]),
    partitioned: () => true,
    certified: () => [
      { seq: 4, view: 0, digest: A },
      { seq: 5, view: 1, digest: B },
    ],
  });
}

const opening = (view: number, prepares: { seq: number; digest: string }[], low = 0): object => {
  const part = new Writer(28).u48(9).u32(N).u48(0).u48(low).u48(0).finish();
  const anchor = low === 0 ? null : { part };
  return { kind: MessageKind.NewView, view, digest: digest(`view ${view}`), anchor, prepares };
};
const both = [
  { seq: 4, digest: A },
  { seq: 5, digest: B },
];

test("S8: a view that leaves out what an earlier view certified, or has another value there, is told of", () => {
  expect(trippedBy(() => open().sent(parcel(0, 1, opening(2, both))))).toBeNull();
  expect(trippedBy(() => open().sent(parcel(0, 1, opening(2, both.slice(1)))))).toBe(
    "S8 new-view completeness",
  );
  const another = [{ seq: 4, digest: B }, ...both.slice(1)];
  expect(trippedBy(() => open().sent(parcel(0, 1, opening(2, another))))).toBe("S8 new-view completeness");
});

test("what its checkpoint covers, and what was certified in its own view or later, it need not propose", () => {
  expect(trippedBy(() => open().sent(parcel(0, 1, opening(2, both.slice(1), 4))))).toBeNull();
  expect(trippedBy(() => open().sent(parcel(0, 1, opening(1, both.slice(0, 1)))))).toBeNull();
});

test("S8: a faulty primary may open what it likes, but no correct replica vouches for it", () => {
  const oracle = open();
  expect(trippedBy(() => oracle.sent(parcel(FAULTY, 1, opening(2, []))))).toBeNull();
  const ack = { kind: MessageKind.NewViewAck, view: 2, digest: digest("view 2"), sender: 0 };
  expect(trippedBy(() => oracle.sent(parcel(0, 1, ack)))).toBe("S8 new-view completeness");
});
