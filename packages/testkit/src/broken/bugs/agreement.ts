import { DESTINY_3, HYBSTER_3, type PlantedBug, SIMULATION, scenario, unitTest } from "../planted-bug.ts";

const VOTING = "packages/core/src/agreement/shared/trusted/voting.ts";
const SLOT_LOG = "packages/core/src/agreement/shared/trusted/slot-log.ts";
const ORDERING = "packages/core/src/agreement/shared/trusted/ordering.ts";
const SLOT = "packages/core/src/agreement/shared/trusted/slot.ts";
const SHARES = "packages/core/src/effects/share-collection.ts";
const LADDER = "packages/core/src/agreement/linear-hybster/ladder.ts";
const SLOT_RING = "packages/core/src/kernel/slot-ring.ts";

/** Linear Hybster in one view. */
export const AGREEMENT_BUGS: readonly PlantedBug[] = [
  {
    id: "sign-before-durable",
    title:
      "asks the trusted subsystem to sign before the Prepare is durable: a crash leaves a hole in the counter",
    source: "hybster.md 10.2; reliability finding 3; S9c",
    edits: [
      {
        file: SLOT_LOG,
        find: "port.persist(slot.seq, proposal);",
        replace: "port.note(slot.seq, proposal);",
      },
    ],
    ...HYBSTER_3,
    caughtBy: SIMULATION,
  },
  {
    id: "no-intent-log",
    title: "forgets a proposal on a crash before its subsystem signed: it is in no log",
    source: "hybster.md 10.2",
    edits: [
      {
        file: VOTING,
        find: "persistProposal(this.#context.port, slot, proposal);",
        replace: "slot.logged = proposal.header();",
      },
    ],
    ...HYBSTER_3,
    caughtBy: SIMULATION,
  },
  {
    id: "decided-digest-unchecked",
    title: "hands up the value of the proposal that it has, whatever the commit certificate is for",
    source: "reliability programme 2.4, digest check skipped",
    edits: [
      {
        file: SLOT,
        find: "if (proposal !== null && proposal.value !== null && proposal.digest === digest) return proposal;",
        replace: "if (proposal !== null && proposal.value !== null) return proposal;",
      },
    ],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
  {
    id: "condemned-share-again",
    title: "combines with a share that was found bad, again and again",
    source: "linear-hybster.md 4, blame",
    edits: [{ file: SHARES, find: " && !this.#isCulprit(signer)", replace: "" }],
    protocol: "single-linear-hybster",
    replicas: 5,
    caughtBy: scenario("badShareIsCombinedOnce"),
  },
  {
    id: "no-collector-ladder",
    title: "sends its share to the first collector only: who withholds the Commit stops the slot",
    source: "linear-hybster.md 4, ladder of collectors",
    edits: [
      {
        file: LADDER,
        find: "if (slot.share !== null) this.#context.port.broadcast(ownVote(slot));",
        replace: "",
      },
      { file: LADDER, find: "if (slot.share !== null && due) this.#sendShare(slot, rank);", replace: "" },
    ],
    ...HYBSTER_3,
    caughtBy: unitTest(
      "packages/testkit/src/agreement/linear-hybster.test.ts",
      "linear-hybster, n = 3: a proposal that everybody lost",
    ),
  },
  {
    id: "window-not-checked",
    title: "keeps slots above the high watermark: a place of the ring is shared by two live slots",
    source: "S14, bounded memory",
    edits: [
      {
        file: SLOT_RING,
        find: "return seq > this.#low && seq <= this.high;",
        replace: "return seq > this.#low;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/core/src/kernel/slot-ring.test.ts", "holds what a map would hold"),
  },
  {
    id: "commit-not-logged",
    title:
      "a decision is not in the log: after a restart it is asked for again, and nobody may have it any more",
    source: "linear-hybster.md 8",
    edits: [{ file: ORDERING, find: "this.context.port.note(slot.seq, commit);", replace: "" }],
    ...HYBSTER_3,
    caughtBy: unitTest(
      "packages/testkit/src/agreement/linear-hybster.test.ts",
      "linear-hybster, n = 3: what was decided without our share",
    ),
  },
  {
    id: "vote-out-of-order",
    title: "hands up decided slots as the contiguous prefix though one between them is not decided",
    source: "C3; S5",
    edits: [
      {
        file: ORDERING,
        find: "while (this.slots.find(this.#decided + 1)?.delivered === true) this.#decided += 1;",
        replace: "this.#decided = Math.max(this.#decided, this.#known);",
      },
    ],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
];
