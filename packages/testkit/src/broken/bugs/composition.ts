import { DESTINY_3, type PlantedBug, SIMULATION, scenario, unitTest } from "../planted-bug.ts";

const VOTING = "packages/core/src/agreement/shared/trusted/voting.ts";
const DQBFT_FOLDER = "packages/core/src/ordering/dqbft";
const INSTANCES = `${DQBFT_FOLDER}/instances.ts`;
const ROOMS = `${DQBFT_FOLDER}/rooms.ts`;
const OVERSIGHT = `${DQBFT_FOLDER}/oversight.ts`;
const FILL = `${DQBFT_FOLDER}/fill.ts`;
const ORDER_QUEUE = `${DQBFT_FOLDER}/order-queue.ts`;
const ORDER_LOG = `${DQBFT_FOLDER}/order-log.ts`;
const GATE = `${DQBFT_FOLDER}/gate.ts`;
const SUBMISSIONS = `${DQBFT_FOLDER}/submissions.ts`;
const AUTHENTICATOR = `${DQBFT_FOLDER}/authenticator.ts`;
const LINEAR_ORDERING = "packages/core/src/agreement/shared/trusted/ordering.ts";
const EVIDENCE = "packages/testkit/src/holes/evidence.test.ts";
const HOLES = "packages/testkit/src/holes/first-view.test.ts";

/** DQBFT under faults, what is proposed, filled and ordered: variants of dqbft.md 14. */
export const COMPOSITION_BUGS: readonly PlantedBug[] = [
  {
    id: "gate-waits-for-data",
    title: "an O-backup votes only once it has the batches that are referred to",
    source: "dqbft.md 14, gate waits for D-data (H1)",
    edits: [
      {
        file: INSTANCES,
        find: "return judgeOrder(order, evidence, limits, (reference) => this.#holds(reference));",
        replace:
          'const missing = orderListOf(order).entries.some((entry) => entry.type === "reference" && entry.instance < limits.n && this.of(entry.instance).known < entry.seq);\n        if (missing) return Verdict.Hold;\n        return judgeOrder(order, evidence, limits, (reference) => this.#holds(reference));',
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(HOLES, "H1: a coordinator"),
  },
  {
    id: "mode-from-local-view",
    title: "an O-backup judges probation by what it knows of the D-instance, not by the header",
    source: "dqbft.md 14, mode from the local view (H3)",
    edits: [
      {
        file: INSTANCES,
        find: "return judgeOrder(order, evidence, limits, (reference) => this.#holds(reference));",
        replace:
          "if (evidence.some(({ instance, message }) => message.kind === 1 && instance < limits.n && (message as Proposal).view !== this.of(instance).view)) return Verdict.Fault;\n        return judgeOrder(order, evidence, limits, (reference) => this.#holds(reference));",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/order.test.ts", "H3, adversary (c)"),
  },
  {
    id: "gate-on-reproposals",
    title: "judges what a new view proposes again as if it were fresh",
    source: "dqbft.md 14, gate on re-proposals (H3)",
    edits: [
      {
        file: VOTING,
        find: "if (proposal.seq <= this.#place.base.standing.maximum) return true; // What a NewView proposes again is never judged.",
        replace: "",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/new-view.test.ts", "adversary (h): references"),
  },
  {
    id: "fault-on-relayed-evidence",
    title: "blames the O-primary for evidence that somebody damaged on the way",
    source: "dqbft.md 14, FAULT on relayed evidence (H29)",
    edits: [
      {
        file: LINEAR_ORDERING,
        find: "const relayed = from !== this.#primary && slot.commit === null && !this.#isPrimary;",
        replace: "const relayed = false;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(EVIDENCE, "H29, adversary (n6): a relay"),
  },
  {
    id: "independent-d-checkpoints",
    title: "a D-instance forgets what it has decided, executed or not",
    source: "dqbft.md 14, independent D-checkpoints (H6)",
    edits: [
      {
        file: ROOMS,
        find: "this.instances.of(instance).advance(low, anchor);",
        replace:
          "const own = this.instances.of(instance);\n    own.advance(instance === this.instances.orderInstance ? low : Math.max(low, own.decided), anchor);",
      },
    ],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
  {
    id: "no-fill",
    title: "nobody fills a slot that is ordered and was never proposed",
    source: "dqbft.md 14, no fill (H2)",
    edits: [
      {
        file: FILL,
        find: "agreement.propose(noop(this.#options.hash), []);",
        replace: "if (noop(this.#options.hash) !== null) break;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/coordinator.test.ts", "H2: a slot that is ordered"),
  },
  {
    id: "unproven-fill",
    title: "fills on the word of one replica: slots that nobody ordered",
    source: "dqbft.md 14, unproven fill",
    edits: [{ file: FILL, find: "sorted[faults.f] ?? 0", replace: "sorted[faults.f - faults.f] ?? 0" }],
    ...DESTINY_3,
    caughtBy: unitTest(`${DQBFT_FOLDER}/fill.test.ts`, "one replica's Need"),
  },
  {
    id: "fill-without-need",
    title: "never tells a D-primary that a slot of its is waited for",
    source: "dqbft.md 14, T_fill without Need",
    edits: [
      {
        file: OVERSIGHT,
        find: "if (row === Row.Fill) return fill.ask(instance);",
        replace: "if (row === Row.Fill) return;",
      },
    ],
    ...DESTINY_3,
    caughtBy: scenario("homeLearnsByNeed"),
  },
  {
    id: "skipped-not-reordered",
    title: "a new O-primary takes references for ordered that execution skips: nobody orders them again",
    source: "dqbft.md 14, skipped Refs not re-ordered (H7)",
    edits: [
      {
        file: ORDER_LOG,
        find: "    for (const [seq, { decided }] of this.#slots) if (!decided) this.#slots.delete(seq);\n    this.#refold();",
        replace: "    for (const [seq, { decided }] of this.#slots) if (!decided) this.#slots.delete(seq);",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/core/src/ordering/dqbft/order-log.test.ts", "H7"),
  },
  {
    id: "order-log-not-reopened",
    title: "a new O-primary takes what its predecessor proposed for ordered, though the new view drops it",
    source: "dqbft.md 6, simNext after a view change",
    edits: [{ file: ROOMS, find: "this.log.reopen();", replace: "" }],
    ...DESTINY_3,
    caughtBy: scenario("droppedReferencesAreOrderedAgain"),
  },
  {
    id: "noop-not-ordered",
    title: "the O-primary does not order no-ops: what lies above them waits for ever",
    source: "dqbft.md 14, NOOP not ordered (H33)",
    edits: [
      {
        file: INSTANCES,
        find: "if (fresh && this.#judgeBatch(proposal) !== Verdict.Accept) return;",
        replace:
          "if (fresh && this.#judgeBatch(proposal) !== Verdict.Accept) return;\n        if (proposal.value !== null && requestsOf(proposal.value, this.#options.context.hash).length === 0) return;",
      },
      {
        file: ORDER_QUEUE,
        find: "return this.#disseminators.certificate(instance, seq);",
        replace: "return header === undefined ? null : this.#disseminators.certificate(instance, seq);",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/first-view.test.ts", "H33"),
  },
  {
    id: "no-requeue",
    title: "a coordinator forgets commands whose batch a view change dropped",
    source: "dqbft.md 14, no re-queue at home (H25)",
    edits: [
      {
        file: ROOMS,
        find: "for (const value of this.submissions.dropAbove(standing.maximum)) sequel.dropped(value);",
        replace: "this.submissions.dropAbove(standing.maximum);",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/home.test.ts", "H25: what a view change dropped"),
  },
  {
    id: "overwritten-not-requeued",
    title: "a coordinator forgets commands whose slot was decided with another value",
    source: "dqbft.md 4.1, re-queue",
    edits: [
      {
        file: SUBMISSIONS,
        find: "return submitted === undefined || submitted.digest === value.digest ? null : submitted;",
        replace: "return submitted === undefined || value.bytes.length >= 0 ? null : submitted;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/core/src/ordering/dqbft/submissions.test.ts", "H25"),
  },
  {
    id: "q-opt-on-committed",
    title: "the O-primary counts disseminated slots against its optimism",
    source: "dqbft.md 14, qOpt on Committed",
    edits: [
      {
        file: ORDER_QUEUE,
        find: "return this.#disseminators.certificate(instance, seq);",
        replace:
          "return this.#mayTrust(instance, seq) ? this.#disseminators.certificate(instance, seq) : null;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/order.test.ts", "H30 (n7)"),
  },
  {
    id: "probation-not-checked",
    title: "the gate takes headers of slots on probation for evidence",
    source: "dqbft.md 4.2, 4.3; DQBFT 3.2.5",
    edits: [
      {
        file: GATE,
        find: "return !(evidence.message instanceof Proposal) || !isPessimistic(evidence.message);",
        replace: "return true;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(`${DQBFT_FOLDER}/gate.test.ts`, "a header of a slot on probation"),
  },
  {
    id: "no-probation",
    title: "view changes lead to no probation",
    source: "dqbft.md 4.2; DQBFT 3.2.5",
    edits: [
      {
        file: AUTHENTICATOR,
        find: "return count === 0 ? 0 : probationSlots * 2 ** Math.min(probationCap, count - 1);",
        replace: "return count === 0 || probationCap >= 0 ? 0 : probationSlots;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/home.test.ts", "H31"),
  },
];
