import { type PlantedBug, SIMULATION, unitTest } from "../planted-bug.ts";

const PHASE = "packages/core/src/agreement/hybster/commit-phase.ts";
const CHECKS = "packages/core/src/agreement/hybster/checks.ts";
const PHASE_TEST = "packages/core/src/agreement/hybster/commit-phase.test.ts";
const CHECKS_TEST = "packages/core/src/agreement/hybster/checks.test.ts";
const RULES_TEST = "packages/testkit/src/agreement/hybster-rules.test.ts";
const SUITE = "packages/testkit/src/agreement/hybster.test.ts";

const SINGLE_3: Pick<PlantedBug, "protocol" | "replicas"> = { protocol: "single-hybster", replicas: 3 };
const SINGLE_4: Pick<PlantedBug, "protocol" | "replicas"> = { protocol: "single-hybster", replicas: 4 };
const SINGLE_5: Pick<PlantedBug, "protocol" | "replicas"> = { protocol: "single-hybster", replicas: 5 };

/** The second phase of Hybster; its views are those of Linear Hybster, with the bugs planted there. */
export const HYBSTER_BUGS: readonly PlantedBug[] = [
  {
    id: "hybster-f-plus-one",
    title: "decides with f + 1 at n = 4, where two pairs that do not meet can each decide",
    source: "hybster.md head and 14, f+1 commits at N = 4",
    edits: [
      { file: PHASE, find: "faults.quorumBeside(1);", replace: "faults.f;" },
      { file: CHECKS, find: "address.faults.quorumBeside(1)", replace: "address.faults.f" },
    ],
    ...SINGLE_4,
    caughtBy: SIMULATION,
  },
  {
    id: "hybster-prepare-counts-twice",
    title: "counts a primary's Prepare as two Commits",
    source: "hybster.md 4 and 12",
    edits: [
      { file: PHASE, find: "faults.quorumBeside(1);", replace: "faults.quorumBeside(2);" },
      { file: CHECKS, find: "address.faults.quorumBeside(1)", replace: "address.faults.quorumBeside(2)" },
    ],
    ...SINGLE_5,
    caughtBy: SIMULATION,
  },
  {
    id: "hybster-votes-added-over-views",
    title: "adds up the Commits of two views",
    source: "hybster.md 3 and 14, votes of two views added",
    edits: [
      {
        file: PHASE,
        find: "if (prepare.length === 0 || slot.commits.count(view, digest) < needed) continue;",
        replace:
          "if (prepare.length === 0 || slot.commits.supporting(digest, null).length < needed) continue;",
      },
      {
        file: PHASE,
        find: "slot.commits.supporting(digest, view)",
        replace: "slot.commits.supporting(digest, null)",
      },
    ],
    ...SINGLE_5,
    caughtBy: unitTest(PHASE_TEST, "3: Commits of two views are never added up"),
  },
  {
    id: "hybster-own-view-only",
    title: "counts Commits of the view that it is in, and of no other",
    source: "hybster.md 4",
    edits: [
      {
        file: PHASE,
        find: "if (view > place.baseView) this.#around.ahead(view, from);",
        replace:
          "if (view > place.baseView) this.#around.ahead(view, from);\n    if (view !== place.view) return;",
      },
    ],
    ...SINGLE_3,
    caughtBy: unitTest(RULES_TEST, "hybster.md 4, n = 3: who has left the view alone"),
  },
  {
    id: "hybster-commits-unchecked",
    title: "does not check whose Commit it is, and for which value of the counter",
    source: "hybster.md 2; reliability programme 2.4, signature check skipped",
    edits: [
      {
        file: CHECKS,
        find: "return [identity(signed.signer, commitClaim(address.instance, vote), signed.signature)];",
        replace: "return [];",
      },
    ],
    ...SINGLE_3,
    caughtBy: unitTest(CHECKS_TEST, "2: a Prepare is its primary's, a Commit anybody else's"),
  },
  {
    id: "hybster-primary-commits",
    title:
      "takes a primary's Commit beside its Prepare: with a broken counter there would be two voters less",
    source: "hybster.md 4, distinct others",
    edits: [
      {
        file: CHECKS,
        find: "return replica < address.faults.n && replica !== primaryOf(address, view);",
        replace: "return replica < address.faults.n && view >= 0;",
      },
    ],
    ...SINGLE_3,
    caughtBy: unitTest(CHECKS_TEST, "12: a primary has no Commit beside its Prepare"),
  },
  {
    id: "hybster-signer-twice",
    title: "takes a certificate in which one backup's Commit stands twice",
    source: "hybster.md 4, distinct others",
    edits: [{ file: CHECKS, find: "if (signer <= last || ", replace: "if (signer < last || " }],
    ...SINGLE_5,
    caughtBy: unitTest(CHECKS_TEST, "4: a certificate is a Prepare and as many Commits"),
  },
  {
    id: "hybster-short-certificate",
    title: "takes a certificate of any length: its sender's own Commit is enough",
    source: "hybster.md 14, own certificate per order",
    edits: [
      {
        file: CHECKS,
        find: "if (proof === null || proof.commits.length !== address.faults.quorumBeside(1)) return null;",
        replace: "if (proof === null) return null;",
      },
    ],
    ...SINGLE_5,
    caughtBy: unitTest(CHECKS_TEST, "4: a certificate is a Prepare and as many Commits"),
  },
  {
    id: "hybster-no-repeat",
    title: "says nothing again of a slot that waits: what everybody lost is lost",
    source: "hybster.md 11.1",
    edits: [{ file: PHASE, find: "    this.#repeat(slot);\n", replace: "" }],
    ...SINGLE_3,
    caughtBy: unitTest(SUITE, "hybster, n = 3: whatever is lost for two seconds"),
  },
  {
    id: "hybster-commit-tells-nothing",
    title: "does not ask for the Prepare that a Commit speaks of",
    source: "hybster.md 4 and 11.4",
    edits: [
      {
        file: PHASE,
        find: "if (!slot.proposals.some((proposal) => proposal.view === view)) this.#around.pursue(seq);",
        replace: "",
      },
    ],
    ...SINGLE_3,
    caughtBy: unitTest(RULES_TEST, "hybster.md 4 and 11.4, n = 3"),
  },
];
