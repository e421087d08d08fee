import { findProtocol } from "@destiny/core/catalogue";
import { present } from "@destiny/core/kernel/invariant";
import { expect, test, vi } from "vitest";
import { planOf, playPlan } from "../campaign/subject.ts";
import type { Decision } from "../plan/decisions.ts";

vi.setConfig({ testTimeout: 120_000 });

const SEEDS = 12;

test("outside the fault model: a trusted subsystem that is rolled back under a Byzantine host is caught at it", () => {
  const protocol = present(findProtocol("single-linear-hybster"), "a protocol");
  const subject = { protocol, n: 3, behaviours: [], rogues: [], permanent: false };
  const caught = Array.from({ length: SEEDS }, (_, seed) => {
    const plan = planOf(subject, seed);
    const decisions: Decision[] = [
      ...plan.decisions.filter(({ kind }) => kind === "command"),
      { kind: "byzantine", replica: 0, behaviour: "slot-thief", from: 0, seed },
      { kind: "rollback", replica: 0, what: "subsystem", from: 100_000, at: 2_500_000 },
    ];
    const { finding, sighting } = playPlan(subject, { ...plan, decisions });
    expect(finding).toBeNull();
    return sighting?.oracle ?? null;
  });
  expect(caught).toContain("S9 trusted counter");
  // Whatever else a run shows, the counter is what is seen first.
  expect(new Set(caught.filter((oracle) => oracle !== null))).toEqual(new Set(["S9 trusted counter"]));
});
