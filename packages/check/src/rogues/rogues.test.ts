import { findProtocol } from "@destiny/core/catalogue";
import { present } from "@destiny/core/kernel/invariant";
import { expect, test, vi } from "vitest";
import { planOf, playPlan, type Subject } from "../campaign/subject.ts";
import type { Decision } from "../plan/decisions.ts";
import { encodeKeyed, readOperation, Tag } from "../plan/operations.ts";
import type { Outcome } from "../run/run.ts";
import { ROGUE_NAMES } from "./catalogue.ts";

vi.setConfig({ testTimeout: 120_000 });

const SEEDS = [1, 2];

function play(name: string, behaviour: string, seed: number): Outcome {
  const subject: Subject = { protocol: present(findProtocol(name), "a protocol"), n: 4 };
  const plan = planOf(subject, seed);
  const decisions: Decision[] = [
    ...plan.decisions.filter(({ kind }) => kind === "command"),
    { kind: "rogue", home: seed % 4, behaviour, from: 0, seed },
  ];
  return playPlan(subject, { ...plan, decisions });
}

test.each(ROGUE_NAMES)("a client that is a %s harms nobody", (behaviour) => {
  for (const name of ["destiny", "single-pbft"]) {
    for (const seed of SEEDS) {
      const { finding, tally } = play(name, behaviour, seed);
      expect(finding, `${name}, seed ${seed}`).toBeNull();
      expect(tally.faults[`client: ${behaviour}`]).toBe(1);
    }
  }
});

test("of two requests with one timestamp one is executed, and wishes are followed", () => {
  const { tally } = play("destiny", "two-faced", 1);
  const executed = tally.get("executed requests") - tally.get("answered requests");
  expect(executed).toBeGreaterThan(0);
  expect(executed).toBeLessThanOrEqual(40);
});

test("operations are read as the service reads them", () => {
  const put = encodeKeyed({ type: "put", key: 3, value: 258 });
  expect(readOperation(put)).toEqual({ tag: Tag.Put, key: "k3", value: Uint8Array.of(2, 1, 0, 0) });
  expect(readOperation(encodeKeyed({ type: "get", key: 3 }))?.tag).toBe(Tag.Get);
  for (let length = 0; length < put.length; length += 1) {
    expect(readOperation(put.subarray(0, length)), `${length} bytes`).toBeNull();
  }
  expect(readOperation(Uint8Array.of(...put, 0))).toBeNull();
  expect(readOperation(Uint8Array.of(1, ...put.subarray(1)))).toBeNull();
  expect(readOperation(Uint8Array.of(0, 9, ...put.subarray(2)))).toBeNull();
});
