import { DESTINY_3, HYBSTER_3, type PlantedBug, scenario, unitTest } from "../planted-bug.ts";

const PARAMETERS = "packages/core/src/parameters.ts";
const CLIENT_TABLE = "packages/core/src/replica/client-table.ts";
const EXECUTOR = "packages/core/src/replica/executor.ts";
const CHECKPOINTS = "packages/core/src/replica/checkpoints.ts";
const SEQUENCER = "packages/core/src/ordering/dqbft/sequencer.ts";
const WATCH = "packages/core/src/ordering/suspicion/watch.ts";
const TIMER = "packages/core/src/agreement/shared/view-change-timer.ts";
const CHANGER = "packages/core/src/agreement/shared/trusted/view-changer.ts";
const CHECKS = "packages/core/src/agreement/shared/trusted/checks.ts";
const ORDERING = "packages/core/src/agreement/shared/trusted/ordering.ts";
const PROPOSALS = "packages/core/src/agreement/shared/untrusted/proposals.ts";
const SLOT = "packages/core/src/agreement/linear-hybster/slot.ts";
const VARIANTS = "packages/testkit/src/holes/broken-variants.test.ts";
const EVIDENCE = "packages/testkit/src/holes/evidence.test.ts";
const NEW_VIEW = "packages/testkit/src/holes/new-view.test.ts";

/** What execution must skip, whichever way it came in, and limits that must hold: variants of dqbft.md 14 and its adversaries. */
const EXECUTION: readonly PlantedBug[] = [
  {
    id: "share-beyond-window",
    title: "allows more references to one D-instance in an O-value than surely fit its window",
    source: "dqbft.md 14, b > W_D/2+1 (H21)",
    edits: [
      {
        file: PARAMETERS,
        find: "referencesPerInstanceMax <= disseminationWindow / 2 + 1,",
        replace: "referencesPerInstanceMax <= disseminationWindow + 1,",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(VARIANTS, "dqbft.md 14, b > W_D/2+1"),
  },
  {
    id: "forged-request-of-new-view",
    title: "executes whatever a batch holds that a NewView proposed again, signed by its client or not",
    source: "dqbft.md 12, adversary (h); H8",
    edits: [
      {
        file: EXECUTOR,
        find: "if (request.valid !== true) return false;\n    if (this.isAdmission",
        replace: "if (this.isAdmission",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(NEW_VIEW, "adversary (h): a batch with a forged"),
  },
  {
    id: "unknown-instance-referenced",
    title: "does not skip a reference to a D-instance that does not exist",
    source: "dqbft.md 4.4; H12",
    edits: [
      {
        file: SEQUENCER,
        find: "    if (reference.instance >= this.#options.limits.n) return true;\n",
        replace: "",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(NEW_VIEW, "H12"),
  },
  {
    id: "assign-once-per-epoch",
    title: "lets a client move once until the next checkpoint",
    source: "dqbft.md 14, one Assign per epoch (H25)",
    edits: [
      {
        file: CLIENT_TABLE,
        find: "if (nonce <= this.nonce(client)) return false;",
        replace:
          "if (nonce <= this.nonce(client)) return false;\n    if (this.nonce(client) > 0 && this.#dirty.has(pageOf(client))) return false;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(VARIANTS, "dqbft.md 14, one Assign per epoch"),
  },
  {
    id: "no-vote-after-snapshot",
    title: "vouches for no checkpoint once it has installed a state that others took",
    source: "dqbft.md 14, no vote after installing a snapshot (H34)",
    edits: [
      {
        file: CHECKPOINTS,
        find: "  #taken: SequenceNumber = 0;\n",
        replace: "  #taken: SequenceNumber = 0;\n  #installed = false;\n",
      },
      {
        file: CHECKPOINTS,
        find: "    const claim = checkpointClaim(this.#options.faults, { seq, root });\n",
        replace:
          "    const claim = checkpointClaim(this.#options.faults, { seq, root });\n    if (this.#installed) return;\n",
      },
      {
        file: CHECKPOINTS,
        find: "    const claim = checkpointClaim(this.#options.faults, proof);\n",
        replace:
          "    this.#installed = true;\n    if (this.#installed) return;\n    const claim = checkpointClaim(this.#options.faults, proof);\n",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/whole.test.ts", "H34"),
  },
];

/** Evidence that a relay has damaged, and that is there before its view is (dqbft.md 9, H29). Both were in the product once. */
const RELAYS: readonly PlantedBug[] = [
  {
    id: "fault-on-evidence-relayed-early",
    title: "blames a new O-primary for evidence that a relay damaged and showed before the view was entered",
    source: "a bug that a directed test found: dqbft.md H29",
    edits: [
      {
        file: ORDERING,
        find: "const relayed = from !== this.place.primary(proposal.view) && !wanted;",
        replace: "const relayed = from < 0 && !wanted;",
      },
    ],
    protocol: "destiny",
    replicas: 5,
    caughtBy: unitTest(EVIDENCE, "H29, adversary (n6): the same"),
  },
  {
    id: "pbft-fault-on-evidence-relayed-early",
    title:
      "PBFT: blames a new O-primary for evidence that a relay damaged and showed before the view was entered",
    source: "a bug that a directed test found: dqbft.md H29",
    edits: [
      {
        file: PROPOSALS,
        find: "if (proposal.view >= view && this.#isSpoilt(from, slot, proposal)) return;",
        replace: "",
      },
    ],
    protocol: "dqpbft",
    replicas: 4,
    caughtBy: unitTest(EVIDENCE, "H29, adversary (n6): the same"),
  },
];

/** What must be timed, and what must not: variants of dqbft.md 14. */
const TIMING: readonly PlantedBug[] = [
  {
    id: "gaps-untimed-in-d",
    title: "waits for ever for a D-slot that its coordinator left out below a decided one",
    source: "dqbft.md 14, gaps untimed in D (H22)",
    edits: [untimedGap("<")],
    protocol: "dqpbft",
    replicas: 4,
    caughtBy: unitTest(VARIANTS, "dqbft.md 14, gaps untimed in D"),
  },
  {
    id: "gaps-untimed-in-o",
    title: "waits for ever for an O-slot that the O-primary left out below a decided one",
    source: "dqbft.md 14, gaps untimed in O (H22)",
    edits: [untimedGap(">=")],
    protocol: "dqpbft",
    replicas: 4,
    caughtBy: unitTest(VARIANTS, "dqbft.md 14, gaps untimed in O"),
  },
  {
    id: "full-window-pauses-all",
    title: "no time passes for anything of a D-instance while its window is full",
    source: "dqbft.md 14, full D-window pausing all timers (H23)",
    edits: [
      {
        file: WATCH,
        find: "this.#row(row).paused = true;",
        replace:
          "for (const each of row === Row.Proposal ? this.#rows : [this.#row(row)]) each.paused = true;",
      },
      {
        file: WATCH,
        find: "this.#row(row).paused = false;",
        replace:
          "for (const each of row === Row.Proposal ? this.#rows : [this.#row(row)]) each.paused = false;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(VARIANTS, "dqbft.md 14, full D-window pausing all timers"),
  },
  {
    id: "view-change-until-decision",
    title:
      "takes a view for opened only once something is decided in it: an idle instance changes views for ever",
    source: "dqbft.md 14, view-change timer needing an execution (C10, H26)",
    edits: [
      {
        file: TIMER,
        find: "    this.#fresh = true;\n    this.stop();",
        replace: "    this.#fresh = true;",
      },
      {
        file: TIMER,
        find: "    this.#fresh = false;\n  }",
        replace: "    this.#fresh = false;\n    this.stop();\n  }",
      },
      {
        file: CHANGER,
        find: "    const { view, active, counts } = this.#place;\n    if (active || !counts) return;",
        replace: "    const { view, counts } = this.#place;\n    if (!counts) return;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(VARIANTS, "dqbft.md 14, view-change timer needing an execution"),
  },
];

/** Of hybster.md 14, as they are in Linear Hybster. */
const LINEAR_HYBSTER: readonly PlantedBug[] = [
  {
    id: "own-certificate-per-order",
    title:
      "takes for a Prepare what the sender of a departure certified itself: its primary never proposed it",
    source: "hybster.md 14, own certificate per order; linear-hybster.md 2",
    edits: [
      {
        file: CHECKS,
        find: "    this.#addPrepares(prepares);\n    for (const link",
        replace:
          "    for (const prepare of prepares) this.#checks.push({ ...this.#prepareCheck(this.#address, prepare), signer: sender });\n    for (const link",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("listsOwnCertificate"),
  },
  {
    id: "shares-of-two-views",
    title: "counts shares of the view before for a slot that a new view proposes again",
    source: "hybster.md 14, votes of two views added",
    edits: [{ file: SLOT, find: "    this.#shares.clear();\n", replace: "" }],
    protocol: "single-linear-hybster",
    replicas: 7,
    caughtBy: scenario("sharesOfEndedViewAreForgotten"),
  },
];

/** Broken variants that a test or scenario of their own is named after. */
export const VARIANT_BUGS: readonly PlantedBug[] = [...EXECUTION, ...RELAYS, ...TIMING, ...LINEAR_HYBSTER];

/** D-instances come before the O-instance: `<` makes the gaps of those untimed, `>=` that one's. */
function untimedGap(comparison: "<" | ">="): PlantedBug["edits"][number] {
  return {
    file: WATCH,
    find: "const awaited = known > decided ? decided + 1 : 0;",
    replace: `const hidden = this.#options.instance ${comparison} this.#bench.faults.n && this.#options.agreement.hasDecided(known);\n    const awaited = known > decided && !hidden ? decided + 1 : 0;`,
  };
}
