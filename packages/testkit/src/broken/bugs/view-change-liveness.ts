import { HYBSTER_3, type PlantedBug, SIMULATION, scenario, unitTest } from "../planted-bug.ts";

const PRESIDING = "packages/core/src/agreement/shared/trusted/presiding.ts";
const DEPARTING = "packages/core/src/agreement/shared/trusted/departing.ts";
const LINEAGE = "packages/core/src/agreement/shared/trusted/lineage.ts";
const CHANGER = "packages/core/src/agreement/shared/trusted/view-changer.ts";
const DEPARTURES = "packages/core/src/agreement/shared/trusted/departures.ts";

/** What makes a correct replica's departures invalid for good, or a view change end nowhere: the liveness variants. */
export const VIEW_CHANGE_LIVENESS_BUGS: readonly PlantedBug[] = [
  {
    id: "view-set-back",
    title: "an older NewView sets its view back",
    source: "hybster.md 14, view set back by an older NewView",
    edits: [
      { file: CHANGER, find: "const entering = view >= place.view;", replace: "const entering = view >= 0;" },
    ],
    ...HYBSTER_3,
    caughtBy: SIMULATION,
  },
  {
    id: "checkpoint-not-taken-over",
    title: "does not take over the checkpoint of a NewView whose state it has not",
    source: "hybster.md 14, ls not taken over",
    edits: [
      {
        file: CHANGER,
        find: "    this.#views.adopt(base.newView?.anchor ?? null);\n    if (entering) {",
        replace: "    if (entering) {",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("takesOverCheckpoint"),
  },
  {
    id: "departure-not-durable",
    title: "certifies a departure that is in no log: after a crash it cannot be made again",
    source: "hybster.md 14, link certificate lost without re-issue",
    edits: [{ file: DEPARTING, find: "      this.#views.save();\n", replace: "" }],
    ...HYBSTER_3,
    caughtBy: unitTest(
      "packages/testkit/src/agreement/linear-hybster.test.ts",
      "linear-hybster, n = 3: whoever crashes at whatever moment of a view change",
    ),
  },
  {
    id: "primary-leaves-half-open",
    title: "a new primary leaves between its first re-proposal and its NewView",
    source: "hybster.md 14, leader leaves between re-certification and NewView",
    edits: [
      {
        file: CHANGER,
        find: "if (this.#presiding.opening !== null) this.#postponed = Math.max(this.#postponed, to);\n    else if (to > this.#place.view) {",
        replace: "if (to > this.#place.view) {",
      },
      {
        file: CHANGER,
        find: "const busy = this.#ordering.voting.busy || this.#departing.busy || this.#presiding.opening !== null;",
        replace: "const busy = this.#ordering.voting.busy || this.#departing.busy;",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("primaryLeavesWhileOpening"),
  },
  {
    id: "base-before-bodies",
    title: "makes a NewView its base before it has the values that it proposes again",
    source: "hybster.md 14, base before bodies",
    edits: [
      { file: CHANGER, find: "    return missing.length === 0;", replace: "    return missing.length >= 0;" },
    ],
    ...HYBSTER_3,
    caughtBy: unitTest(
      "packages/testkit/src/agreement/hybster-attacks.test.ts",
      "linear-hybster.md 6: what a faulty replica lists",
    ),
  },
  {
    id: "older-new-views-discarded",
    title: "forgets the NewViews that its base's validity rests on",
    source: "hybster.md 14, older NewViews discarded",
    edits: [
      {
        file: LINEAGE,
        find: "      for (const viewChange of known.newView.viewChanges) open.push(viewChange.base);\n",
        replace: "",
      },
    ],
    protocol: "single-linear-hybster",
    replicas: 3,
    caughtBy: unitTest(
      "packages/testkit/src/agreement/linear-hybster.test.ts",
      "linear-hybster, n = 3: one that slept through views",
    ),
  },
  {
    id: "links-kept-on-new-base",
    title: "keeps the steps of its counter from before the base when the base moves",
    source: "hybster.md 6.5, re-basing",
    edits: [
      {
        file: DEPARTING,
        find: "this.#chain = entered ? [] : this.#chain.filter(({ to }) => to > view);",
        replace: "this.#chain = this.#chain.filter(({ to }) => to > 0 || (entered && view < 0));",
      },
    ],
    ...HYBSTER_3,
    caughtBy: SIMULATION,
  },
  {
    id: "departure-not-resent",
    title: "says once that it leaves: if that is lost, nobody follows",
    source: "hybster.md 6.6",
    edits: [
      {
        file: CHANGER,
        find: "if (!this.#place.active && current !== null) this.#context.port.broadcast(current);",
        replace: "void current;",
      },
    ],
    ...HYBSTER_3,
    caughtBy: SIMULATION,
  },
  {
    id: "no-next-view",
    title: "waits for ever for a primary that does not open its view",
    source: "hybster.md 6.6, T'",
    edits: [
      {
        file: CHANGER,
        find: "    this.#timer.failed();\n    this.leave(view + 1);",
        replace: "    this.#timer.failed();",
      },
    ],
    protocol: "single-linear-hybster",
    replicas: 3,
    caughtBy: unitTest(
      "packages/testkit/src/agreement/linear-hybster.test.ts",
      "linear-hybster, n = 3: views whose NewView",
    ),
  },
  {
    id: "joins-on-one",
    title: "follows any single replica into a higher view",
    source: "hybster.md 6.6, join on f + 1",
    edits: [
      {
        file: DEPARTURES,
        find: "return higher.length >= this.#oneCorrect ? (higher[0]?.to ?? null) : null;",
        replace: "return higher.length >= 1 ? (higher[0]?.to ?? null) : null;",
      },
    ],
    ...HYBSTER_3,
    caughtBy: unitTest(
      "packages/testkit/src/agreement/linear-hybster.test.ts",
      "linear-hybster, n = 3: f replicas force nothing",
    ),
  },
  {
    id: "never-joins",
    title: "follows nobody into a higher view: it leaves only by its own clock",
    source: "hybster.md 6.6, join on f + 1",
    edits: [
      {
        file: DEPARTURES,
        find: "return higher.length >= this.#oneCorrect ? (higher[0]?.to ?? null) : null;",
        replace: "return higher.length > 1024 ? (higher[0]?.to ?? null) : null;",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("primaryIsTakenAlong"),
  },
  {
    id: "new-view-not-fetched",
    title: "does not ask for a NewView that has passed it by",
    source: "hybster.md 6.2.2",
    edits: [
      {
        file: CHANGER,
        find: "    wants.view(view, from);\n",
        replace: "    if (from < 0) wants.view(view, from);\n",
      },
    ],
    ...HYBSTER_3,
    caughtBy: SIMULATION,
  },
  {
    id: "opening-not-durable",
    title:
      "a new primary certifies its re-proposals before its choice is durable: after a crash it may choose otherwise",
    source: "hybster.md 6.4",
    edits: [{ file: PRESIDING, find: "    this.#views.save();\n", replace: "" }],
    ...HYBSTER_3,
    caughtBy: scenario("primaryCrashesWhileOpening"),
  },
  {
    id: "share-before-base",
    title:
      "votes in a view before its log knows that it is the base: after a crash its counter is ahead of what it can show",
    source: "hybster.md 14, share before the base moves; 3",
    edits: [
      {
        file: CHANGER,
        find: "    this.#views.save();\n    if (entering) this.#context.superior.entered(base.standing);",
        replace: "    if (entering) this.#context.superior.entered(base.standing);",
      },
    ],
    ...HYBSTER_3,
    caughtBy: unitTest(
      "packages/testkit/src/agreement/hybster-bounds.test.ts",
      "hybster.md 3 and 14: who crashes as it votes",
    ),
  },
  {
    id: "void-departure-shown",
    title: "shows a departure that its counter has just proven wrong, and has it in its log",
    source: "hybster.md 12, the ViewChange that a correct replica would send now is valid",
    edits: [
      { file: DEPARTING, find: "this.#own = isVoid ? null : own;", replace: "this.#own = own;" },
      { file: DEPARTING, find: "    if (isVoid) return true;\n", replace: "    this.#stale = isVoid;\n" },
    ],
    ...HYBSTER_3,
    caughtBy: unitTest(
      "packages/testkit/src/agreement/hybster-departures.test.ts",
      "what a correct replica leaves with is valid",
    ),
  },
];
