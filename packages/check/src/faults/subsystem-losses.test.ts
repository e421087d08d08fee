import { findProtocol } from "@destiny/core/catalogue";
import { present } from "@destiny/core/kernel/invariant";
import { Forward } from "@destiny/core/wire/forward";
import { expect, test, vi } from "vitest";
import { planOf, type Subject } from "../campaign/subject.ts";
import type { Decision } from "../plan/decisions.ts";
import { type Outcome, run } from "../run/run.ts";
import type { Stage } from "../stage/stage.ts";

vi.setConfig({ testTimeout: 120_000 });

const SEEDS = 3;

function play(
  name: string,
  n: number,
  faults: readonly Decision[],
  meddle?: (stage: Stage) => void,
): Outcome[] {
  const protocol = present(findProtocol(name), "a protocol");
  const subject: Subject = { protocol, n };
  return Array.from({ length: SEEDS }, (_, seed) => {
    const plan = planOf(subject, seed);
    const commands = plan.decisions.filter(({ kind }) => kind === "command");
    const watchers = (stage: Stage): [] => {
      meddle?.(stage);
      return [];
    };
    return run({ plan: { ...plan, decisions: [...commands, ...faults] }, protocol, watchers });
  });
}

function lost(replica: number, at: number, kept = false): Decision {
  return { kind: "subsystem-lost", replica, at, downMicros: 100_000, wiped: replica === 1, kept, seed: 1 };
}

const sum = (outcomes: readonly Outcome[], name: string): number =>
  outcomes.reduce((total, { tally }) => total + tally.get(name), 0);

test.each([
  ["single-linear-hybster", 3],
  ["destiny", 3],
])("%s of %i: one after the other loses its subsystem, and all of them vote again", (name, n) => {
  const outcomes = play(name, n, [lost(0, 500_000), lost(1, 600_000), lost(2, 700_000)]);
  expect(outcomes.map(({ finding }) => finding)).toEqual(outcomes.map(() => null));
  expect(sum(outcomes, "re-admissions")).toBeGreaterThan(SEEDS);
});

test("a Byzantine host that goes on with the former subsystem too harms nobody", () => {
  const twoIdentities: Decision[] = [
    { kind: "byzantine", replica: 0, behaviour: "equivocator", from: 0, seed: 1 },
    lost(0, 1_000_000, true),
  ];
  const outcomes = play("single-linear-hybster", 3, twoIdentities);
  expect(outcomes.map(({ finding, sighting }) => finding ?? sighting)).toEqual(outcomes.map(() => null));
  const kept = outcomes.reduce((total, { tally }) => total + (tally.faults["former subsystem kept"] ?? 0), 0);
  expect(kept).toBe(SEEDS);
});

test("L10: a replica whose wish to be admitted nobody hears is told of", () => {
  const [outcome] = play("single-linear-hybster", 3, [lost(2, 500_000)], (stage) => {
    stage.interferences.push((_host, effect) =>
      effect.type === "broadcast" && effect.message instanceof Forward ? [] : null,
    );
  });
  expect(outcome?.finding?.oracle).toBe("L10 re-admission");
});
