import { type PlantedBug, SIMULATION, scenario, unitTest } from "../planted-bug.ts";

const PBFT_FOLDER = "packages/core/src/agreement/pbft";
const DECIDE = `${PBFT_FOLDER}/decide.ts`;
const NORMAL = `${PBFT_FOLDER}/normal-case.ts`;
const SHARED = "packages/core/src/agreement/shared/untrusted";
const CHANGER = `${SHARED}/view-changer.ts`;
const PROPOSALS = `${SHARED}/proposals.ts`;
const CHECKS = `${PBFT_FOLDER}/checks.ts`;
const FAULT_MODEL = "packages/core/src/kernel/fault-model.ts";

const PBFT_4: Pick<PlantedBug, "protocol" | "replicas"> = { protocol: "single-pbft", replicas: 4 };
const DQPBFT_4: Pick<PlantedBug, "protocol" | "replicas"> = { protocol: "dqpbft", replicas: 4 };

/** PBFT, alone and under DQBFT. */
export const PBFT_BUGS: readonly PlantedBug[] = [
  {
    id: "pbft-quorum-one-less",
    title: "decides with one vote less than a quorum, Byzantine faults",
    source: "reliability programme 2.4; pbft.md 4",
    edits: [
      {
        file: FAULT_MODEL,
        find: "quorum: Math.ceil((n + f + 1) / 2) });",
        replace: "quorum: Math.ceil((n + f + 1) / 2) - 1 });",
      },
    ],
    ...PBFT_4,
    caughtBy: SIMULATION,
  },
  {
    id: "pbft-prepares-one-less",
    title: "takes a proposal for prepared with one Prepare less than it takes",
    source: "pbft.md 4",
    edits: [
      {
        file: NORMAL,
        find: "if (slot.prepares.count(view, proposal.digest) < context.faults.quorumBeside(1)) return; // The primary's.",
        replace: "if (slot.prepares.count(view, proposal.digest) < context.faults.quorumBeside(2)) return;",
      },
    ],
    ...PBFT_4,
    caughtBy: SIMULATION,
  },
  {
    id: "pbft-primary-prepares",
    title: "counts a Prepare of the primary beside its pre-prepare",
    source: "pbft.md 12.4",
    edits: [
      {
        file: NORMAL,
        find: "if (sender === this.#instance.primaryOf(vote.view)) return port.report(sender, Misbehaviour.NotForUs);",
        replace: "",
      },
    ],
    ...PBFT_4,
    caughtBy: unitTest(
      "packages/testkit/src/agreement/pbft-attacks.test.ts",
      "4: the primary's Prepare does not count",
    ),
  },
  {
    id: "pbft-prepared-dropped",
    title: "drops what was prepared on a view change",
    source: "a real bug: raijin#8, a PBFT in TypeScript",
    edits: [
      {
        file: DECIDE,
        find: "return prepared.at(-1)?.seq ?? 0;",
        replace: "return prepared.length > 99 ? 1 : 0;",
      },
    ],
    ...PBFT_4,
    caughtBy: SIMULATION,
  },
  {
    id: "pbft-no-witness",
    title: "believes one replica that a value was prepared",
    source: "pbft.md 7, A2",
    edits: [
      { file: DECIDE, find: "witnesses.length >= faults.oneCorrect;", replace: "witnesses.length >= 1;" },
    ],
    ...PBFT_4,
    caughtBy: scenario("liesAboutPrepared"),
  },
  {
    id: "pbft-not-compatible",
    title: "believes what was prepared though a quorum does not agree that nothing later was",
    source: "pbft.md 7, A1",
    edits: [
      { file: DECIDE, find: "compatible.length >= faults.quorum &&", replace: "compatible.length >= 1 &&" },
    ],
    ...PBFT_4,
    caughtBy: scenario("prefersOlderPrepared"),
  },
  {
    id: "pbft-unproven-noop",
    title: "fills a slot with a no-op though somebody may have committed there",
    source: "pbft.md 7, B",
    edits: [
      {
        file: DECIDE,
        find: "if (without.length >= faults.quorum &&",
        replace: "if (without.length >= faults.oneCorrect &&",
      },
    ],
    ...PBFT_4,
    caughtBy: scenario("fillsPreparedSlot"),
  },
  {
    id: "pbft-new-view-believed",
    title: "enters a view without recomputing what its NewView proposes again",
    source: "pbft.md 12.9",
    edits: [
      {
        file: CHANGER,
        find: "if (decision === null || !follows(newView, decision)) continue;",
        replace: "if (decision === null || (!follows(newView, decision) && newView.view < 0)) continue;",
      },
    ],
    ...PBFT_4,
    caughtBy: scenario("newViewDropsDecision"),
  },
  {
    id: "pbft-prepared-not-durable",
    title: "says Commit before the log knows that the slot is prepared",
    source: "pbft.md 3; S9c",
    edits: [{ file: NORMAL, find: "context.port.persist(slot.seq, slot.prepared);", replace: "" }],
    ...PBFT_4,
    caughtBy: SIMULATION,
  },
  {
    id: "pbft-proposal-not-durable",
    title: "says Prepare before the log holds the proposal",
    source: "pbft.md 3; S9c",
    edits: [
      {
        file: PROPOSALS,
        find: "else context.port.persist(slot.seq, proposal);",
        replace: "this.#instance.context.port.note(slot.seq, proposal);",
      },
    ],
    ...PBFT_4,
    caughtBy: unitTest(
      "packages/testkit/src/agreement/pbft.test.ts",
      "pbft, n = 4: what was not durable before a crash",
    ),
  },
  {
    id: "pbft-view-not-durable",
    title: "forgets in a crash that it has left its view",
    source: "pbft.md 7; S7",
    edits: [
      {
        file: CHANGER,
        find: "context.port.persist(0, this.#rules.state(this.#own, this.#help.newView));",
        replace: "",
      },
      { file: CHANGER, find: "context.port.persist(0, this.#rules.state(this.#own, newView));", replace: "" },
    ],
    ...PBFT_4,
    caughtBy: SIMULATION,
  },
  {
    id: "pbft-decided-on-one-word",
    title: "takes one peer's word for a decision",
    source: "pbft.md 12.5",
    edits: [
      {
        file: NORMAL,
        find: "slot.claims.reached(context.faults.oneCorrect);",
        replace: "slot.claims.reached(1);",
      },
    ],
    ...PBFT_4,
    caughtBy: SIMULATION,
  },
  {
    id: "pbft-evidence-of-f",
    title: "takes f statements for evidence that a slot is disseminated: perhaps of no correct replica",
    source: "dqbft.md H30",
    edits: [
      {
        file: CHECKS,
        find: "if (statements === null || statements.length < address.faults.oneCorrect) return null;",
        replace: "if (statements === null || statements.length < address.faults.f) return null;",
      },
    ],
    ...DQPBFT_4,
    caughtBy: scenario("orderedOnOneStatement"),
  },
  {
    id: "pbft-believes-view-changes",
    title: "a new primary believes view changes that nobody else has acknowledged",
    source: "pbft.md 7, acknowledgements",
    edits: [
      {
        file: CHANGER,
        find: "const acksNeeded = this.#rules.signed ? 0 : context.faults.quorumBeside(2);",
        replace: "const acksNeeded = context.faults.n > 0 ? 0 : self;",
      },
    ],
    ...PBFT_4,
    caughtBy: scenario("loneViewChangeIsNotBelieved"),
  },
  {
    id: "pbft-votes-added-over-views",
    title: "adds up the votes of two views",
    source: "pbft.md 4; hybster.md 14, votes of two views added",
    edits: [
      {
        file: "packages/core/src/agreement/shared/votes.ts",
        find: "return this.digest === digest && this.view === view;",
        replace: "return this.digest === digest && this.view >= 0 && view >= 0;",
      },
    ],
    ...PBFT_4,
    caughtBy: SIMULATION,
  },
  {
    id: "pbft-answers-with-view-changes",
    title: "answers a late view change as its own is sent: two replicas that are in the view do so for ever",
    source: "a real bug of this program; L8",
    edits: [
      {
        file: CHANGER,
        find: "this.#instance.context.port.send(from, this.#rules.forward(this.#own));",
        replace: "this.#instance.context.port.send(from, this.#own);",
      },
    ],
    ...PBFT_4,
    caughtBy: SIMULATION,
  },
];
