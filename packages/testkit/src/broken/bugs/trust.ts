import { DESTINY_3, type PlantedBug, SIMULATION, unitTest } from "../planted-bug.ts";

const FAULT_MODEL = "packages/core/src/kernel/fault-model.ts";
const THRESHSIGN = "packages/crypto/src/trusted/threshsign.ts";
const THRESHSIGN_TEST = "packages/crypto/src/trusted/threshsign.test.ts";

/** Quorums, trusted counters, and what is signed. */
export const TRUST_BUGS: readonly PlantedBug[] = [
  {
    id: "quorum-hybrid-one-less",
    title: "decides with one vote less than a quorum, hybrid faults",
    source: "reliability programme 2.4; hybster.md 14, f + 1 commits at N = 4",
    edits: [
      {
        file: FAULT_MODEL,
        find: "quorum: Math.floor(n / 2) + 1 });",
        replace: "quorum: Math.max(1, Math.floor(n / 2)) });",
      },
    ],
    protocol: "destiny",
    replicas: 4,
    caughtBy: SIMULATION,
  },
  {
    id: "quorum-hybrid-f-plus-1",
    title: "takes f + 1 for a quorum although N = 4: two disjoint pairs decide",
    source: "hybster.md 14, f + 1 commits at N = 4",
    edits: [
      {
        file: FAULT_MODEL,
        find: "quorum: Math.floor(n / 2) + 1 });",
        replace: "quorum: f + 1 });",
      },
    ],
    protocol: "single-linear-hybster",
    replicas: 4,
    caughtBy: SIMULATION,
  },
  {
    id: "checkpoint-quorum-f",
    title: "takes a checkpoint for stable when f replicas vouch for it: perhaps no correct one",
    source: "hybster.md 5; S10",
    edits: [
      {
        file: FAULT_MODEL,
        find: "this.oneCorrect = model.f + 1;",
        replace: "this.oneCorrect = Math.max(1, model.f);",
      },
    ],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
  {
    id: "counter-not-strict",
    title: "the trusted counter signs a second message at its present value: > became >=",
    source: "paper 4.1; linear-hybster.md 1",
    edits: [
      {
        file: THRESHSIGN,
        find: 'if (order < 0 || (order === 0 && asked.kind === "independent")) {',
        replace: "if (order < 0) {",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(THRESHSIGN_TEST, "a value is certified for one message only"),
  },
  {
    id: "counter-moves-back",
    title: "the trusted counter signs at values below its present one",
    source: "paper 4.1, monotonicity",
    edits: [
      {
        file: THRESHSIGN,
        find: "if (order < 0 || (order === 0 &&",
        replace: "if ((order < 0 && history.used(asked.value)) || (order === 0 &&",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(THRESHSIGN_TEST, "the last values are re-issued"),
  },
];
