import { DESTINY_3, type PlantedBug, SIMULATION, unitTest } from "../planted-bug.ts";

const TRANSFER = "packages/core/src/replica/state-transfer";
const NEED = `${TRANSFER}/need.ts`;
const GATHERING = `${TRANSFER}/gathering.ts`;
const MANIFEST = `${TRANSFER}/manifest.ts`;
const STATE = "packages/core/src/replica/replicated-state.ts";
const KEEPER = "packages/core/src/replica/state-keeper.ts";
const DQBFT = "packages/core/src/ordering/dqbft/dqbft.ts";
const SEQUENCER = "packages/core/src/ordering/dqbft/sequencer.ts";

/** Fetching the state from peers. */
export const STATE_TRANSFER_BUGS: readonly PlantedBug[] = [
  {
    id: "state-never-fetched",
    title: "never fetches the state: who has lost its disk waits for slots that nobody has any more",
    source: "dqbft.md 5; L7",
    edits: [
      {
        file: NEED,
        find: "if (newest === null || newest.seq <= executed) return false;",
        replace: "if (newest === null || newest.seq >= 0) return false;",
      },
    ],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
  {
    id: "page-unchecked",
    title: "installs pages that it has not compared with their digests",
    source: "S10, installed state = certified state",
    edits: [
      {
        file: GATHERING,
        find: "if (pageLeaf(index, bytes, this.#hash) !== digest) return false;",
        replace: "",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/core/src/replica/state-transfer/gathering.test.ts", "a wrong page"),
  },
  {
    id: "digests-unchecked",
    title: "believes a peer's list of page digests",
    source: "S10, installed state = certified state",
    edits: [
      {
        file: MANIFEST,
        find: "return rootFromPath(subtree, place, path, this.#hash) === this.anchor.proof.root;",
        replace:
          "return rootFromPath(subtree, place, path, this.#hash).length === this.anchor.proof.root.length;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/core/src/replica/state-transfer/state-transfer.test.ts", "a liar is named"),
  },
  {
    id: "clients-not-transferred",
    title: "takes over the service of a transferred state, and not what it says of clients",
    source: "H10; S13",
    edits: [{ file: STATE, find: "this.#clients.load(pages.slice(OWN_PAGES, first));", replace: "" }],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
  {
    id: "jump-without-cut",
    title: "goes on from a transferred state with the D-instances where they were",
    source: "dqbft.md 5",
    edits: [
      {
        file: DQBFT,
        find: "    sequencer.restore(part);\n    log.restore(part);\n    const covered",
        replace:
          "    sequencer.restore({ executed: part.executed, cut: sequencer.cut });\n    log.restore(part);\n    const covered",
      },
    ],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
  {
    id: "forecast-not-transferred",
    title: "goes on from a transferred state with the forecast of the order where it was",
    source: "dqbft.md 3, simNext",
    edits: [
      {
        file: DQBFT,
        find: "    sequencer.restore(part);\n    log.restore(part);\n    const covered",
        replace: "    sequencer.restore(part);\n    const covered",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/whole.test.ts", "H34"),
  },
  {
    id: "installed-not-saved",
    title: "goes on from a transferred state that is in no store",
    source: "S9c; S13",
    edits: [
      {
        file: KEEPER,
        find: "    this.#save(seq, seal);\n    this.#need.onInstalled();",
        replace: "    this.#need.onInstalled();",
      },
    ],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
  {
    id: "half-slot-kept",
    title: "goes on in the middle of a slot after a state has replaced what it had executed",
    source: "dqbft.md 4.4",
    edits: [
      { file: SEQUENCER, find: "    this.#done = 0;\n    for (const seq", replace: "    for (const seq" },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(
      "packages/core/src/ordering/dqbft/sequencer.test.ts",
      "a state restored while running",
    ),
  },
];
