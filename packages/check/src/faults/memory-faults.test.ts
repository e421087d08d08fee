import { findProtocol } from "@destiny/core/catalogue";
import { present } from "@destiny/core/kernel/invariant";
import { expect, test, vi } from "vitest";
import { planOf, playPlan, type Subject } from "../campaign/subject.ts";
import type { Decision } from "../plan/decisions.ts";
import type { Outcome } from "../run/run.ts";

vi.setConfig({ testTimeout: 120_000 });

const SEEDS = 4;
/** After it, two replicas suffice again. */
const AT = 2_500_000;

function play(name: string, n: number, faults: readonly Decision[]): Outcome[] {
  const subject: Subject = { protocol: present(findProtocol(name), "a protocol"), n };
  return Array.from({ length: SEEDS }, (_, seed) => {
    const plan = planOf(subject, seed);
    const commands = plan.decisions.filter(({ kind }) => kind === "command");
    return playPlan(subject, { ...plan, decisions: [...commands, ...faults] });
  });
}

const sightings = (outcomes: readonly Outcome[]): (string | undefined)[] =>
  outcomes.map(({ sighting }) => sighting?.oracle);

test("a host that asks two copies of its trusted subsystem is seen at it, and does nothing where none is relied on", () => {
  const twin: Decision[] = [
    { kind: "clone", replica: 0, at: 100_000 },
    { kind: "byzantine", replica: 0, behaviour: "equivocator", from: 0, seed: 1 },
  ];
  const hybrid = play("single-linear-hybster", 3, twin);
  expect(hybrid.map(({ finding }) => finding)).toEqual(hybrid.map(() => null));
  expect(sightings(hybrid)).toContain("S9 trusted counter");
  const byzantine = play("single-pbft", 4, twin);
  expect(byzantine.map(({ finding, sighting }) => finding ?? sighting)).toEqual(byzantine.map(() => null));
});

test("without a copy the same host is refused", () => {
  const liar: Decision = { kind: "byzantine", replica: 0, behaviour: "equivocator", from: 0, seed: 1 };
  const outcomes = play("single-linear-hybster", 3, [liar]);
  expect(outcomes.map(({ finding, sighting }) => finding ?? sighting)).toEqual(outcomes.map(() => null));
});

test.each([
  ["single-linear-hybster", 3],
  ["dqpbft", 4],
])("%s of %i: an old disk put back under a replica harms nobody else", (name, n) => {
  const old: Decision = { kind: "rollback", replica: 0, what: "disk", from: 1_000_000, at: AT };
  const outcomes = play(name, n, [old]);
  expect(outcomes.map(({ finding, sighting }) => finding ?? sighting)).toEqual(outcomes.map(() => null));
});

test.each([
  ["destiny", 3],
  ["single-pbft", 4],
])(
  "%s of %i: a log that rots unnoticed harms nobody else, and with counters not even what its replica executes",
  (name, n) => {
    const rot: Decision = {
      kind: "rot",
      replica: 0,
      at: AT,
      downMicros: 1_000,
      rate: 0.5,
      pages: false,
      seed: 3,
    };
    const outcomes = play(name, n, [rot]);
    expect(outcomes.map(({ finding }) => finding)).toEqual(outcomes.map(() => null));
    const rotten = outcomes.reduce((sum, { tally }) => sum + (tally.faults["rotten record"] ?? 0), 0);
    expect(rotten).toBeGreaterThan(4);
  },
);
