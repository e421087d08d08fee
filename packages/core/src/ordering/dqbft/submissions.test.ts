import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { Value } from "../../wire/value.ts";
import { Submissions } from "./submissions.ts";

const value = (byte: number): Value =>
  Value.of(Uint8Array.of(byte), (bytes) => hash("sha256", bytes, "binary"));

test("what is decided as proposed is done with", () => {
  const submissions = new Submissions();
  submissions.add(1, value(1));
  expect(submissions.decided(1, value(1))).toBeNull();
  expect(submissions.decided(2, value(9))).toBeNull();
  expect(submissions.dropAbove(0)).toEqual([]);
});

test("H25: what a view change overwrites or drops comes back, each value once", () => {
  const submissions = new Submissions();
  for (const seq of [1, 2, 3, 4]) submissions.add(seq, value(seq));
  expect(submissions.dropAbove(2)).toEqual([value(3), value(4)]);
  expect(submissions.decided(2, value(0))).toEqual(value(2));
  expect(submissions.decided(2, value(0))).toBeNull();
  expect(submissions.dropUpTo(1)).toEqual([value(1)]);
});
