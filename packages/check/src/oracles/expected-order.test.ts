import { type Entry, encodeOrderValue } from "@destiny/core/ordering/dqbft/order-value";
import { Value } from "@destiny/core/wire/value";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { expect, test } from "vitest";
import { ExpectedOrder } from "./expected-order.ts";
import type { LogEntry } from "./global-log.ts";
import { parcel, trippedBy, value } from "./test-bed.ts";

const N = 3;
const reference = (instance: number, seq: number): Entry => ({ type: "reference", instance, seq });
const batch = (
  seq: number,
  entry: number,
  coordinator: number,
  about: Value,
): LogEntry & { type: "batch" } => ({
  type: "batch",
  seq,
  entry,
  coordinator,
  value: about,
});

/** An oracle that knows these lists as certified, and of every D-slot the value that `<instance>.<slot>` names. */
function open(...lists: Entry[][]): ExpectedOrder {
  const certified = new Map<string, string>();
  const oracle = new ExpectedOrder({
    n: N,
    partitioned: () => true,
    certified: (instance, seq) => certified.get(`${instance} ${seq}`) ?? null,
    entriesMax: 4,
    referencesMax: 2,
  });
  for (const [index, entries] of lists.entries()) {
    const list = encodeOrderValue(entries, digestOf);
    certified.set(`${N} ${index + 1}`, list.digest);
    oracle.sent(parcel(0, N, { kind: 1, value: list }));
    for (const entry of entries) {
      if (entry.type === "reference") {
        certified.set(`${entry.instance} ${entry.seq}`, value(`${entry.instance}.${entry.seq}`).digest);
      }
    }
  }
  return oracle;
}

test("what is certified is executed, in its order", () => {
  const oracle = open([reference(0, 1), reference(2, 1)], [], [reference(0, 2)]);
  expect(
    trippedBy(() => {
      oracle.grow(batch(1, 0, 0, value("0.1")), 0);
      oracle.grow(batch(1, 1, 2, value("2.1")), 0);
      oracle.grow(batch(3, 0, 0, value("0.2")), 0);
    }),
  ).toBeNull();
});

test("S4: an entry that is left out, or comes before its turn, is told of", () => {
  const oracle = open([reference(0, 1), reference(2, 1)]);
  expect(trippedBy(() => oracle.grow(batch(1, 1, 2, value("2.1")), 0))).toBe("S4 mapping");
});

test("S4: a slot named twice is executed once, one out of turn not at all, and no more than b of one instance", () => {
  const twice = open([reference(0, 1), reference(0, 1)]);
  twice.grow(batch(1, 0, 0, value("0.1")), 0);
  expect(trippedBy(() => twice.grow(batch(1, 1, 0, value("0.1")), 0))).not.toBeNull();
  const ahead = open([reference(0, 2), reference(1, 1)]);
  expect(trippedBy(() => ahead.grow(batch(1, 0, 0, value("0.2")), 0))).toBe("S4 mapping");
  const many = open([reference(0, 1), reference(0, 2), reference(0, 3)], [reference(0, 3)]);
  many.grow(batch(1, 0, 0, value("0.1")), 0);
  many.grow(batch(1, 1, 0, value("0.2")), 0);
  expect(trippedBy(() => many.grow(batch(2, 0, 0, value("0.3")), 0))).toBeNull();
});

test("S5: nothing is executed that a quorum does not stand behind: neither the place nor the batch", () => {
  const oracle = open([reference(0, 1)]);
  expect(trippedBy(() => oracle.grow(batch(1, 0, 0, value("another")), 0))).toBe("S5 execution gate");
  expect(trippedBy(() => oracle.grow(batch(2, 0, 0, value("0.2")), 0))).toBe("S5 execution gate");
});

test("bytes that are no list name nothing", () => {
  const oracle = open();
  expect(trippedBy(() => oracle.grow(batch(1, 0, 0, Value.of(Uint8Array.of(9), digestOf)), 0))).toBe(
    "S5 execution gate",
  );
});
