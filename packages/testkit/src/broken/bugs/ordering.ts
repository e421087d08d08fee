import { DESTINY_3, type PlantedBug, SIMULATION, unitTest } from "../planted-bug.ts";

const GATE = "packages/core/src/ordering/dqbft/gate.ts";
const HORIZON = "packages/core/src/ordering/dqbft/horizon.ts";
const SEQUENCER = "packages/core/src/ordering/dqbft/sequencer.ts";
const BATCH_GATE = "packages/core/src/ordering/batch-gate.ts";
const NEW_VIEW = "packages/testkit/src/holes/new-view.test.ts";
const HOLES = "packages/testkit/src/holes/first-view.test.ts";

/** The gate, execution and checkpoints of DQBFT, and of a single instance. */
export const ORDERING_BUGS: readonly PlantedBug[] = [
  {
    id: "no-limit-b-at-execution",
    title: "executes all references of an O-value to one D-instance, however many",
    source: "dqbft.md 14, no limit b at execution (H21)",
    edits: [
      {
        file: HORIZON,
        find: "return (this.#taken[instance] ?? 0) < this.#limits.referencesPerInstanceMax;",
        replace: "return (this.#taken[instance] ?? 0) >= 0;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(NEW_VIEW, "H21, adversary (n1)"),
  },
  {
    id: "contiguity-not-checked",
    title: "executes D-slots in the order of their references, skipped ones or not",
    source: "dqbft.md 14, execution without contiguity (H7)",
    edits: [
      {
        file: HORIZON,
        find: "return room && reference.seq === this.next(reference.instance);",
        replace: "return room && reference.seq >= this.next(reference.instance);",
      },
      {
        file: SEQUENCER,
        find: "const expected = reference.seq === this.#horizon.next(reference.instance);",
        replace: "const expected = reference.seq >= this.#horizon.next(reference.instance);",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(
      "packages/core/src/ordering/dqbft/sequencer.test.ts",
      "H7: a reference that is not the next one",
    ),
  },
  {
    id: "waits-instead-of-skipping",
    title: "waits at a reference out of turn instead of skipping it: the order stops for good",
    source: "dqbft.md 14, waiting instead of skipping (H7)",
    edits: [
      {
        file: SEQUENCER,
        find: "if (!this.#horizon.admits(reference)) return true; // Skipped, the same everywhere: H7, H12, H21.",
        replace: "if (!this.#horizon.admits(reference)) return false;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(NEW_VIEW, "H12"),
  },
  {
    id: "skips-undecided-here",
    title: "skips a reference whose D-slot is not decided here yet: replicas execute different logs",
    source: "dqbft.md 14, skip where undecided here (breaks agreement)",
    edits: [
      {
        file: SEQUENCER,
        find: "if (expected && value === undefined && this.#horizon.hasRoom(reference.instance)) return false;",
        replace:
          "if (expected && value === undefined && this.#horizon.hasRoom(reference.instance)) return true;",
      },
    ],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
  {
    id: "gate-without-evidence",
    title: "accepts references without evidence: the O-primary orders what nobody disseminates",
    source: "dqbft.md 4.3; S5",
    edits: [
      {
        file: GATE,
        find: "if (evidence === undefined || evidence.instance !== reference.instance) return false;",
        replace: "if (evidence === undefined || evidence.instance !== reference.instance) return true;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/core/src/ordering/dqbft/gate.test.ts", "an"),
  },
  {
    id: "forged-request-executed",
    title: "lets a batch with a forged client signature pass",
    source: "H8; S6",
    edits: [
      {
        file: BATCH_GATE,
        find: "every((request) => request.valid === true)",
        replace: "every((request) => request.valid !== null)",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(HOLES, "H8: a fresh batch"),
  },
  {
    id: "checkpoint-on-o-slots-only",
    title: "takes checkpoints by O-slots only: one loaded D-instance runs out of its window",
    source: "dqbft.md 14, checkpoint trigger on O-slots only (H5)",
    edits: [
      {
        file: SEQUENCER,
        find: "Math.max(...advanced) >= Math.max(1, disseminationWindow / 2);",
        replace: "advanced.length === 0;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(HOLES, "H5"),
  },
  {
    id: "checkpoint-part-without-cut",
    title:
      "a restored replica starts its execution at the checkpoint, but its D-instances from the beginning",
    source: "dqbft.md 5",
    edits: [
      {
        file: SEQUENCER,
        find: "this.#horizon = new Horizon(this.#options.limits, cut);\n    this.#checkpoint = { seq: executed, cut };",
        replace:
          "this.#horizon = new Horizon(this.#options.limits, new Array<number>(cut.length).fill(0));\n    this.#checkpoint = { seq: executed, cut };",
      },
    ],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
];
