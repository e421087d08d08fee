import { DESTINY_3, HYBSTER_3, type PlantedBug, SIMULATION, scenario } from "../planted-bug.ts";

const DEPARTING = "packages/core/src/agreement/shared/trusted/departing.ts";
const VOTING = "packages/core/src/agreement/shared/trusted/voting.ts";
const VALIDITY = "packages/core/src/agreement/shared/trusted/validity.ts";
const CHECKS = "packages/core/src/agreement/shared/trusted/checks.ts";
const LINEAGE = "packages/core/src/agreement/shared/trusted/lineage.ts";

/** What view changes of Linear Hybster must not accept: the safety variants of hybster.md 14. */
export const VIEW_CHANGE_SAFETY_BUGS: readonly PlantedBug[] = [
  {
    id: "newest-link-only",
    title: "of the steps of a counter looks at the newest alone",
    source: "hybster.md 14, newest link only",
    edits: [
      {
        file: VALIDITY,
        find: "if (!isContiguous([...viewChange.chain, viewChange.link], viewChange)) return false;",
        replace:
          "if (viewChange.link.old.seq > 0 && !isContiguous([viewChange.link], viewChange)) return false;",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("showsNewestStepOnly"),
  },
  {
    id: "first-and-newest-link",
    title: "of the steps of a counter looks at the first and the newest alone",
    source: "hybster.md 14, first plus newest link",
    edits: [
      {
        file: VALIDITY,
        find: "return before === undefined || equal(link.old, { view: before.to, seq: 0 });",
        replace: "return before === undefined || index < links.length - 1 || link.old.seq === 0;",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("hidesViewInTheMiddle"),
  },
  {
    id: "chain-not-contiguous",
    title: "does not look whether each step of a counter begins where the one before ended",
    source: "hybster.md 6.2.1",
    edits: [
      {
        file: VALIDITY,
        find: "return before === undefined || equal(link.old, { view: before.to, seq: 0 });",
        replace: "return before === undefined || link.to >= before.to;",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("hidesActBetweenSteps"),
  },
  {
    id: "first-link-anywhere",
    title: "believes what a departure says of its acts in the base, whatever its counter shows",
    source: "hybster.md 6.2.1",
    edits: [{ file: VALIDITY, find: "if (!(actedInBase || neverActed)) return false;", replace: "" }],
    ...HYBSTER_3,
    caughtBy: scenario("understatesItsActs"),
  },
  {
    id: "independent-departure",
    title: "does not check that the certificate of a step is for the old value that it names",
    source: "hybster.md 14, independent certificate",
    edits: [
      {
        file: CHECKS,
        find: 'this.#checks.push({ type: "identity", signer, claim, certificate: link.certificate });',
        replace:
          'if (signer < 0) this.#checks.push({ type: "identity", signer, claim, certificate: link.certificate });',
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("liesAboutOldValue"),
  },
  {
    id: "reproposals-forgotten",
    title:
      "a departure need not list what its base's NewView re-proposed, if its sender has not voted for it",
    source: "hybster.md 14, re-proposals not acknowledged are forgotten",
    edits: [
      {
        file: VALIDITY,
        find: "const last = Math.max(oLast, base.standing.maximum);",
        replace: "const last = oLast;",
      },
      { file: DEPARTING, find: "Math.max(oLast, base.standing.maximum)", replace: "oLast" },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("forgetsReproposal"),
  },
  {
    id: "base-without-new-view",
    title: "takes a departure on a base whose NewView is not known: it may never have been opened",
    source: "hybster.md 14, base without NewView",
    edits: [
      {
        file: LINEAGE,
        find: "if (base === null) return { missing: viewChange.base };\n    if (this.#valid.has(viewChange)) return { valid: true };",
        replace: "if (base === null || this.#valid.has(viewChange)) return { valid: true };",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("inventsBase"),
  },
  {
    id: "base-digest-unchecked",
    title: "does not compare the NewView that a departure names as its base with the one that is known",
    source: "hybster.md 6.2.2",
    edits: [
      {
        file: VALIDITY,
        find: "if (viewChange.baseDigest !== (base.newView?.digest ?? FIRST_VIEW_DIGEST)) return false;",
        replace: "void FIRST_VIEW_DIGEST;",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("namesOtherBase"),
  },
  {
    id: "checkpoint-below-base",
    title: "takes a departure whose checkpoint is below its base's, with an empty list",
    source: "hybster.md 14, checkpoint below the base's with an empty list",
    edits: [
      {
        file: VALIDITY,
        find: "if (low < base.low || last > low + law.window) return false;",
        replace: "if (last > low + law.window) return false;",
      },
      {
        file: VALIDITY,
        find: "const maximum = Math.max(low, newView.prepares.at(-1)?.seq ?? 0);",
        replace: "const maximum = newView.prepares.at(-1)?.seq ?? 0;",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("undercutsCheckpoint"),
  },
  {
    id: "bare-prepare",
    title: "takes Prepares of older views where those of the base belong",
    source: "hybster.md 14, bare Prepare",
    edits: [
      {
        file: CHECKS,
        find: "prepares.every((prepare, index) => prepare.view === view && prepare.seq === first + index)",
        replace: "prepares.every((prepare, index) => prepare.view <= view && prepare.seq === first + index)",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("listsBarePrepare"),
  },
  {
    id: "reproposal-replaced",
    title: "does not compare what a departure lists with what its base's NewView re-proposed",
    source: "hybster.md 6.2.4",
    edits: [
      {
        file: VALIDITY,
        find: "return prepares.every((prepare) => prepare.seq > base.standing.maximum || isFromBase(prepare, base));",
        replace: "return prepares.every((prepare) => prepare.seq > 0 || isFromBase(prepare, base));",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("replacesReproposal"),
  },
  {
    id: "holes-in-list",
    title: "takes a departure that leaves slots out of its list",
    source: "hybster.md 14, holes in the list",
    edits: [
      { file: VALIDITY, find: "if (prepares.length !== Math.max(0, last - low)) return false;", replace: "" },
      {
        file: VALIDITY,
        find: "if (prepares.length > 0 && prepares[0]?.seq !== low + 1) return false;",
        replace: "",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("leavesSlotOut"),
  },
  {
    id: "not-highest-view",
    title: "re-proposes the first Prepare that it finds for a slot, not the one of the highest view",
    source: "hybster.md 14, not the highest view",
    edits: [
      {
        file: VALIDITY,
        find: "if (prepare.view >= (newest.get(prepare.seq)?.view ?? 0)) newest.set(prepare.seq, prepare);",
        replace: "if (!newest.has(prepare.seq)) newest.set(prepare.seq, prepare);",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("prefersLowerView"),
  },
  {
    id: "new-view-unchecked",
    title: "enters a view on its primary's certificate, whatever the NewView proposes again",
    source: "hybster.md 14, NewView taken on its V certificate",
    edits: [
      {
        file: LINEAGE,
        find: "return follows(this.#law, newView, bases) ? this.#accept(newView) : this.#refuse(view);",
        replace:
          "return follows(this.#law, newView, bases) || view > 0 ? this.#accept(newView) : this.#refuse(view);",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("opensWithLess"),
  },
  {
    id: "new-view-on-too-few",
    title: "counts one sender's departure several times",
    source: "hybster.md 6.4, f + 1 distinct senders",
    edits: [
      {
        file: CHECKS,
        find: "if (view === 0 || senders.size !== viewChanges.length || senders.size !== faults.oneCorrect) return null;",
        replace:
          "if (view === 0 || senders.size > viewChanges.length || viewChanges.length !== faults.oneCorrect) return null;",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("opensOnOneDeparture"),
  },
  {
    id: "prepared-dropped",
    title: "opens a view without proposing again what departures list",
    source: "reliability programme 2.4, prepared certificate dropped on view change (raijin#8)",
    edits: [
      {
        file: VALIDITY,
        find: "const highest = Math.max(low, ...newest.keys());",
        replace: "const highest = Math.max(low, newest.size - newest.size);",
      },
    ],
    ...HYBSTER_3,
    caughtBy: SIMULATION,
  },
  {
    id: "list-without-reproposed-noop",
    title: "proposes a no-op again at every slot that departures list",
    source: "hybster.md 6.4; S8",
    edits: [
      {
        file: VALIDITY,
        find: "digests.push(newest.get(seq)?.digest ?? law.noop);",
        replace: "digests.push(newest.size > 0 ? law.noop : law.noop);",
      },
    ],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
  {
    id: "commit-shortens-list",
    title: "leaves out of its departure what it knows to be decided",
    source: "hybster.md 14, Commit shortens the list",
    edits: [
      {
        file: DEPARTING,
        find: "ordering.holdings.headers(stable + 1,",
        replace: "ordering.holdings.headers(Math.max(stable, ordering.decided) + 1,",
      },
    ],
    ...HYBSTER_3,
    caughtBy: SIMULATION,
  },
  {
    id: "votes-while-changing",
    title: "goes on voting in a view that it has left",
    source: "hybster.md 6.1; S7",
    edits: [
      {
        file: VOTING,
        find: "    if (!this.#place.active) return;\n    this.#signed = Math.max(this.#signed, this.#floor);",
        replace: "    this.#signed = Math.max(this.#signed, this.#floor);",
      },
    ],
    ...HYBSTER_3,
    caughtBy: scenario("lateProposalIsNoVote"),
  },
];
