import { DESTINY_3, type PlantedBug, SIMULATION, scenario, unitTest } from "../planted-bug.ts";

const BLAME = "packages/core/src/ordering/suspicion/blame.ts";
const VOTING = "packages/core/src/agreement/linear-hybster/voting.ts";
const DQBFT_FOLDER = "packages/core/src/ordering/dqbft";
const INSTANCES = `${DQBFT_FOLDER}/instances.ts`;
const ROOMS = `${DQBFT_FOLDER}/rooms.ts`;
const OVERSIGHT = `${DQBFT_FOLDER}/oversight.ts`;
const FILL = `${DQBFT_FOLDER}/fill.ts`;
const GRACE = `${DQBFT_FOLDER}/grace.ts`;
const REINSTATEMENT = `${DQBFT_FOLDER}/reinstatement.ts`;
const ORDER_QUEUE = `${DQBFT_FOLDER}/order-queue.ts`;
const ORDER_LOG = `${DQBFT_FOLDER}/order-log.ts`;
const GATE = `${DQBFT_FOLDER}/gate.ts`;
const SUBMISSIONS = `${DQBFT_FOLDER}/submissions.ts`;
const AUTHENTICATOR = `${DQBFT_FOLDER}/authenticator.ts`;
const WATCH = "packages/core/src/ordering/suspicion/watch.ts";
const COMPLAINTS = "packages/core/src/ordering/suspicion/complaints.ts";
const STOPWATCHES = "packages/core/src/ordering/suspicion/stopwatches.ts";
const LINEAR_ORDERING = "packages/core/src/agreement/linear-hybster/ordering.ts";
const HOLES = "packages/testkit/src/holes/first-view.test.ts";

/** DQBFT under faults: the variants of dqbft.md 14. */
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
    caughtBy: scenario("reproposalsAreNotJudged"),
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
    caughtBy: unitTest(HOLES, "H29"),
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
    caughtBy: SIMULATION,
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
    caughtBy: SIMULATION,
  },
  {
    id: "order-log-not-reopened",
    title: "a new O-primary takes what its predecessor proposed for ordered, though the new view drops it",
    source: "dqbft.md 6, simNext after a view change",
    edits: [{ file: ROOMS, find: "this.log.reopen();", replace: "" }],
    ...DESTINY_3,
    caughtBy: SIMULATION,
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
    caughtBy: SIMULATION,
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
    caughtBy: SIMULATION,
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
  {
    id: "t-d-in-foreign-views",
    title: "expects a substitute to propose commands, and replaces it because it may not",
    source: "dqbft.md 14, T_D in foreign views (H25)",
    edits: [
      {
        file: OVERSIGHT,
        find: "    if (!this.#isHome(coordinator)) return;\n    const executed",
        replace: "    const executed",
      },
      { file: OVERSIGHT, find: "    if (!this.#isHome(instance)) return;\n", replace: "" },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(
      "packages/testkit/src/holes/home.test.ts",
      "H25: a dead home whose clients do not move",
    ),
  },
  {
    id: "accuses-present-view",
    title: "a complaint counts against whatever view there is when it comes",
    source: "dqbft.md 14, accusing the current view (H24)",
    edits: [
      {
        file: WATCH,
        find: "if (complaint.view < agreement.view || agreement.decided - complaint.decided > period) return;",
        replace: "if (agreement.decided - complaint.decided > period) return;",
      },
      {
        file: WATCH,
        find: "agreement.suspect(lowest + 1);",
        replace: "agreement.suspect(Math.max(lowest, agreement.view) + 1);",
      },
      {
        file: COMPLAINTS,
        find: "if (complaint.view >= view) complaints.push(complaint);",
        replace: "if (view >= 0) complaints.push(complaint);",
      },
      {
        file: COMPLAINTS,
        find: "if (complaint.view < view) this.#held.delete(signer);",
        replace: "if (complaint.view < view - 99) this.#held.delete(signer);",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/home.test.ts", "H24"),
  },
  {
    id: "suspects-on-one-complaint",
    title: "leaves a view on a single replica's complaint",
    source: "H24; hybster.md 6.6",
    edits: [
      {
        file: WATCH,
        find: "if (complaints.length < this.#bench.faults.oneCorrect) return;",
        replace: "if (complaints.length < 1) return;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/home.test.ts", "H24: one replica's false alarm"),
  },
  {
    id: "complaints-never-fade",
    title: "believes complaints for ever",
    source: "H24",
    edits: [{ file: COMPLAINTS, find: "if (held.left < 0) this.#held.delete(signer);", replace: "" }],
    ...DESTINY_3,
    caughtBy: unitTest("packages/core/src/ordering/suspicion/suspicion.test.ts", ""),
  },
  {
    id: "complains-behind",
    title: "accuses others while it is itself behind a stable checkpoint",
    source: "dqbft.md 8, who may complain",
    edits: [
      {
        file: BLAME,
        find: "const behind = this.#options.behind();",
        replace: "const behind = this.#options.behind() && this.#timing;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/core/src/ordering/suspicion/suspicion.test.ts", "a replica that is behind"),
  },
  {
    id: "decisions-untimed",
    title: "waits for ever for a slot that is proposed and never decided",
    source: "dqbft.md 14, gaps untimed in D and in O (H22)",
    edits: [{ file: WATCH, find: "if (awaited > 0) this.start(Row.Decision, awaited);", replace: "" }],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/coordinator.test.ts", "H14, H22 (n2)"),
  },
  {
    id: "order-untimed",
    title: "waits for ever for an O-primary that orders nothing",
    source: "dqbft.md 8, T_O",
    edits: [
      {
        file: OVERSIGHT,
        find: "watch.start(Row.Order, instance, ORDER_TWIN + turn);",
        replace: "watch.stop(Row.Order, ORDER_TWIN + turn);",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(
      "packages/testkit/src/holes/order.test.ts",
      "the O-primary crashes: D-instances go on",
    ),
  },
  {
    id: "proposals-untimed",
    title: "waits for ever for a coordinator that proposes nothing",
    source: "dqbft.md 8, T_D",
    edits: [
      {
        file: OVERSIGHT,
        find: "this.#watch(coordinator).start(Row.Proposal, client, PROPOSAL_TWIN_WINDOWS * disseminationWindow);",
        replace:
          "this.#watch(coordinator).stop(Row.Proposal, client + PROPOSAL_TWIN_WINDOWS * disseminationWindow);",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/coordinator.test.ts", "H17, adversary (n)"),
  },
  {
    id: "fill-untimed",
    title: "waits for ever for a slot that is ordered and not disseminated",
    source: "dqbft.md 8, T_fill",
    edits: [{ file: OVERSIGHT, find: "if (slot > 0) watch.start(Row.Fill, slot);", replace: "" }],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/coordinator.test.ts", "H2: a slot that is ordered"),
  },
  {
    id: "t-o-on-full-window",
    title: "blames the O-primary for ordering nothing while its window is full",
    source: "dqbft.md 14, T_O on a full O-window (H23)",
    edits: [
      {
        file: OVERSIGHT,
        find: "this.#pause(instances.orderInstance, Row.Order, log.accepted >= low + context.parameters.orderWindow);",
        replace:
          "this.#pause(instances.orderInstance, Row.Order, log.accepted < low - context.parameters.orderWindow);",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/order.test.ts", "H23 (n3)"),
  },
  {
    id: "paused-row-counts",
    title: "time passes for what a full window keeps waiting",
    source: "H23",
    edits: [{ file: STOPWATCHES, find: "if (!this.paused) this.#clock += 1;", replace: "this.#clock += 1;" }],
    ...DESTINY_3,
    caughtBy: unitTest("packages/core/src/ordering/suspicion/suspicion.test.ts", ""),
  },
  {
    id: "no-grace",
    title: "accuses the O-primary at once of headers whose view has just ended",
    source: "dqbft.md 4.3, grace (H3)",
    edits: [
      {
        file: GRACE,
        find: 'if (state === "over") return accuse(instances.orderInstance, instances.order.view);',
        replace:
          "if (state !== undefined || header.view < standing.view) return accuse(instances.orderInstance, instances.order.view);",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(`${DQBFT_FOLDER}/grace.test.ts`, "H3"),
  },
  {
    id: "endless-grace",
    title: "never accuses an O-primary that goes on using headers of views that have ended",
    source: "dqbft.md 4.3, grace (H3)",
    edits: [
      {
        file: GRACE,
        find: 'this.#stale.set(instance, state === "shown" ? "waiting" : "over");',
        replace: 'this.#stale.set(instance, state === "over" ? "over" : "waiting");',
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(`${DQBFT_FOLDER}/grace.test.ts`, "H3"),
  },
  {
    id: "no-reinstatement",
    title: "never asks for its D-instance back",
    source: "dqbft.md 14, no reinstatement; DQBFT 3.2.5",
    edits: [
      { file: REINSTATEMENT, find: "port.broadcast(new Rejoin(this.#nonce));", replace: "void Rejoin;" },
    ],
    ...DESTINY_3,
    caughtBy: scenario("comesBackAtRest"),
  },
  {
    id: "reinstated-by-one",
    title: "gives a D-instance back on one replica's word",
    source: "dqbft.md 6; DQBFT 3.2.5",
    edits: [
      {
        file: REINSTATEMENT,
        find: "if (equal.length < faults.oneCorrect) return;",
        replace: "if (equal.length < 1) return;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(`${DQBFT_FOLDER}/reinstatement.test.ts`, "f + 1 equal words"),
  },
  {
    id: "reinstated-into-foreign-view",
    title: "takes a word for a view that is not the home's",
    source: "dqbft.md 6",
    edits: [
      {
        file: REINSTATEMENT,
        find: "if (instance >= n || view % n !== 0 || view <= this.#options.instances.of(instance).view) return;",
        replace: "if (instance >= n || view <= this.#options.instances.of(instance).view) return;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(`${DQBFT_FOLDER}/reinstatement.test.ts`, "words for foreign views"),
  },
  {
    id: "health-needs-traffic",
    title: "reinstates only a replica that has executed more than the last checkpoint",
    source: "dqbft.md 14, health needing traffic (H25)",
    edits: [
      {
        file: REINSTATEMENT,
        find: "if (executed < this.#options.stable() || !this.#mayGrant(from)) return;",
        replace: "if (executed <= this.#options.stable() || !this.#mayGrant(from)) return;",
      },
    ],
    ...DESTINY_3,
    caughtBy: scenario("comesBackAtRest"),
  },
  {
    id: "commands-in-foreign-views",
    title: "lets a substitute propose commands in another's D-instance",
    source: "dqbft.md 4.1, a substitute none but the no-op",
    edits: [
      {
        file: GATE,
        find: "return view % n === 0 || commands === 0;",
        replace: "return view % n >= 0 || commands === 0;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(
      "packages/testkit/src/holes/home.test.ts",
      "H25: a substitute that proposes a command",
    ),
  },
  {
    id: "stale-headers-kept",
    title: "the O-primary goes on ordering by headers of a view that has ended",
    source: "dqbft.md 4.2, headers of the present view (H3)",
    edits: [{ file: ROOMS, find: "this.#headers.clear(instance);", replace: "" }],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
  {
    id: "wishes-lost-on-view-change",
    title: "a new O-primary never hears of the assignments that its predecessor sat on",
    source: "dqbft.md 14, one Assign per epoch; H10",
    edits: [
      { file: ROOMS, find: "this.assignments.reopen(this.log.pending);", replace: "" },
      {
        file: ROOMS,
        find: "for (const wish of wishes.slice(0, context.parameters.assignmentsMax)) port.send(primary, wish);",
        replace: "void wishes;",
      },
    ],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
];
