import { DESTINY_3, type PlantedBug, scenario, unitTest } from "../planted-bug.ts";

const BLAME = "packages/core/src/ordering/suspicion/blame.ts";
const DQBFT_FOLDER = "packages/core/src/ordering/dqbft";
const OVERSIGHT = `${DQBFT_FOLDER}/oversight.ts`;
const GRACE = `${DQBFT_FOLDER}/grace.ts`;
const REINSTATEMENT = `${DQBFT_FOLDER}/reinstatement.ts`;
const GATE = `${DQBFT_FOLDER}/gate.ts`;
const WATCH = "packages/core/src/ordering/suspicion/watch.ts";
const COMPLAINTS = "packages/core/src/ordering/suspicion/complaints.ts";
const STOPWATCHES = "packages/core/src/ordering/suspicion/stopwatches.ts";

/** DQBFT under faults, who is to blame and who comes back: variants of dqbft.md 14. */
export const BLAME_BUGS: readonly PlantedBug[] = [
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
        find: "if (complaint.view < view) this.#held?.delete(signer);",
        replace: "if (complaint.view < view - 99) this.#held?.delete(signer);",
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
    edits: [{ file: COMPLAINTS, find: "if (held.left < 0) this.#held?.delete(signer);", replace: "" }],
    ...DESTINY_3,
    caughtBy: unitTest(
      "packages/core/src/ordering/suspicion/suspicion.test.ts",
      "at rest no timer runs: none at first",
    ),
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
    source: "dqbft.md 8, T_C and T_OC",
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
        find: "log.accepted >= low + proposalWindowOf(context.parameters.orderWindow)",
        replace: "log.accepted < low - proposalWindowOf(context.parameters.orderWindow)",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/order.test.ts", "H23 (n3)"),
  },
  {
    id: "whole-window-proposed",
    title:
      "proposes to the end of its window, which is beyond that of backups that are told of the checkpoint later",
    source: "a real bug of this program: SBFT under load stood still for seconds",
    edits: [
      {
        file: "packages/core/src/kernel/slot-ring.ts",
        find: "return window - Math.floor(window / 4);",
        replace: "return window;",
      },
    ],
    ...{ protocol: "single-sbft", replicas: 4 },
    caughtBy: unitTest("packages/experiments/src/run/simulate.test.ts", "a primary keeps a quarter"),
  },
  {
    id: "paused-row-counts",
    title: "time passes for what a full window keeps waiting",
    source: "H23",
    edits: [{ file: STOPWATCHES, find: "if (!this.paused) this.#clock += 1;", replace: "this.#clock += 1;" }],
    ...DESTINY_3,
    caughtBy: unitTest("packages/core/src/ordering/suspicion/suspicion.test.ts", "H23: a pause keeps"),
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
        find: "if (instance >= n || view % n !== 0 || view <= this.#known(instance)) return;",
        replace: "if (instance >= n || view <= this.#known(instance)) return;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(`${DQBFT_FOLDER}/reinstatement.test.ts`, "words for foreign views"),
  },
  {
    id: "reinstated-between-views",
    title: "gives a D-instance back that is between views: those who could open one are skipped",
    source: "dqbft.md 6; destiny, 7: 358",
    edits: [
      {
        file: REINSTATEMENT,
        find: "return !this.#options.instances.of(instance).active;",
        replace: "return false;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(`${DQBFT_FOLDER}/reinstatement.test.ts`, "between views is not given back"),
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
];
