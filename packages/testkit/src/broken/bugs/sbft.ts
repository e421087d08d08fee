import { type PlantedBug, SIMULATION, unitTest } from "../planted-bug.ts";

const SBFT_FOLDER = "packages/core/src/agreement/sbft";
const CHOOSE = `${SBFT_FOLDER}/choose.ts`;
const CHOOSE_TEST = `${SBFT_FOLDER}/choose.test.ts`;
const CHECKS = `${SBFT_FOLDER}/checks.ts`;
const CLAIMS = `${SBFT_FOLDER}/claims.ts`;
const COLLECTING = `${SBFT_FOLDER}/collecting.ts`;
const NORMAL = `${SBFT_FOLDER}/normal-case.ts`;
const VOTING = `${SBFT_FOLDER}/voting.ts`;
const PROPOSALS = "packages/core/src/agreement/shared/untrusted/proposals.ts";
const FAULT_MODEL = "packages/core/src/kernel/fault-model.ts";
const ATTACKS = "packages/testkit/src/agreement/sbft-attacks.test.ts";
const VIEWS = "packages/testkit/src/agreement/sbft-views.test.ts";
const CLUSTER = "packages/testkit/src/sbft-cluster.test.ts";

const SBFT_4: Pick<PlantedBug, "protocol" | "replicas"> = { protocol: "single-sbft", replicas: 4 };

/** SBFT, alone and under DQBFT. */
export const SBFT_BUGS: readonly PlantedBug[] = [
  {
    id: "sbft-tie-to-fast",
    title:
      "prefers votes to a prepare certificate of the same view: with an equivocating primary that was decided",
    source: "sbft.md 10.1, Revisiting Fast Practical BFT",
    edits: [
      {
        file: CHOOSE,
        find: "slow !== null && slow.view >= fast.view",
        replace: "slow !== null && slow.view > fast.view",
      },
    ],
    ...SBFT_4,
    caughtBy: unitTest(CHOOSE_TEST, "of one view the certificate counts"),
  },
  {
    id: "sbft-votes-without-views",
    title:
      "counts votes for a digest and believes the highest of their views, which one liar may have made up",
    source: "sbft.md 7, choose; 10.1",
    edits: [{ file: CHOOSE, find: "[witnesses - 1];", replace: "[of.length < witnesses ? -1 : 0];" }],
    ...SBFT_4,
    caughtBy: unitTest(CHOOSE_TEST, "a single vote of a high view lifts no others"),
  },
  {
    id: "sbft-all-view-changes",
    title: "lets a new view rest on more view changes than can be waited for: two values seem to be decided",
    source: "sbft.md 10.4",
    edits: [
      {
        file: CHOOSE,
        find: "changes.length !== faults.available",
        replace: "changes.length < faults.available",
      },
    ],
    ...SBFT_4,
    caughtBy: unitTest(CHOOSE_TEST, "a new view rests on exactly n - f view changes"),
  },
  {
    id: "sbft-witness-less",
    title: "takes one vote less than it takes for a sign that something was decided fast",
    source: "sbft.md 7, f + c + 1",
    edits: [
      {
        file: FAULT_MODEL,
        find: "this.fastQuorum + this.available - this.n - this.f;",
        replace: "this.fastQuorum + this.available - this.n - this.f - 1;",
      },
    ],
    ...SBFT_4,
    caughtBy: unitTest(
      "packages/core/src/kernel/fault-model.test.ts",
      "with c slow replicas beside f faulty",
    ),
  },
  {
    id: "sbft-fast-on-a-quorum",
    title: "decides on the fast path by a quorum's shares, not by those of all",
    source: "sbft.md 1, sigma",
    edits: [{ file: FAULT_MODEL, find: "return this.n - this.c;", replace: "return this.quorum;" }],
    ...SBFT_4,
    caughtBy: SIMULATION,
  },
  {
    id: "sbft-one-statement-for-two",
    title: "commit shares sign the same bytes as votes: a prepare certificate proves a decision",
    source: "sbft.md 2, h and h2",
    edits: [
      { file: CLAIMS, find: "contentOf(Tag.Prepared, subject)", replace: "contentOf(Tag.Proposal, subject)" },
    ],
    ...SBFT_4,
    caughtBy: SIMULATION,
  },
  {
    id: "sbft-share-unchecked",
    title: "believes the votes that view changes show, without a look at their shares",
    source: "sbft.md 7, validity; 10.2",
    edits: [
      {
        file: CHECKS,
        find: 'found.push({ type: "share", signer, claim, share: fast.share });',
        replace: "void claim;",
      },
    ],
    ...SBFT_4,
    caughtBy: unitTest(ATTACKS, "2: a view change with one false certificate or share"),
  },
  {
    id: "sbft-certificate-unchecked",
    title: "believes the prepare certificates that view changes show: a false one shadows the true one",
    source: "sbft.md 10.2, concord-bft 50",
    edits: [
      {
        file: CHECKS,
        find: 'found.push({ type: "certificate", claim, aggregate: slow.aggregate });',
        replace: "void claim;",
      },
    ],
    ...SBFT_4,
    caughtBy: unitTest(ATTACKS, "2: a view change with one false certificate or share"),
  },
  {
    id: "sbft-vote-not-durable",
    title: "forgets in a crash what it has voted for: a fast decision may be forgotten",
    source: "sbft.md 3, persist",
    edits: [{ file: VOTING, find: "context.port.persist(slot.seq, vote);", replace: "" }],
    ...SBFT_4,
    caughtBy: unitTest(ATTACKS, "3: what a replica has voted for it shows after a crash"),
  },
  {
    id: "sbft-prepare-not-durable",
    title: "forgets in a crash its prepare certificates: a slow decision may be forgotten",
    source: "sbft.md 3, persist",
    edits: [{ file: VOTING, find: "this.#instance.context.port.persist(slot.seq, prepare);", replace: "" }],
    ...SBFT_4,
    caughtBy: unitTest(ATTACKS, "3: what a replica holds a prepare certificate for"),
  },
  {
    id: "sbft-waits-for-all",
    title: "waits for the shares of all for ever: one silent replica stops every slot",
    source: "sbft.md 4, slow timer",
    edits: [
      {
        file: COLLECTING,
        find: "else this.#giveUp(slot, collection);",
        replace: "else this.#waiting.set(seq, 1);",
      },
    ],
    ...SBFT_4,
    caughtBy: unitTest(CLUSTER, "with one replica silent commands commit by the slow path"),
  },
  {
    id: "sbft-never-fast-again",
    title:
      "takes the slow path for good once the fast one was missed: it does not return when the replica does",
    source: "sbft.md 4, adaptive rule",
    edits: [
      {
        file: COLLECTING,
        find: "if (shares.length < context.faults.fastQuorum) return false;",
        replace:
          "if (shares.length < context.faults.fastQuorum || collection.hurriedView >= 0) return false;",
      },
      {
        file: `${SBFT_FOLDER}/patience.ts`,
        find: "return this.#asked === 0;",
        replace: "return false;",
      },
    ],
    ...SBFT_4,
    caughtBy: unitTest(CLUSTER, "with one replica silent commands commit by the slow path"),
  },
  {
    id: "sbft-first-collector-only",
    title: "asks and tells the first collectors alone: with them silent no slot is decided",
    source: "sbft.md 1, the primary as last collector; 8",
    edits: [
      {
        file: NORMAL,
        find: "for (const to of collectors) this.#give(to, pull, voted);",
        replace: "for (const to of collectors.slice(0, -1)) this.#give(to, pull, voted);",
      },
      { file: NORMAL, find: "if (age > 1) {", replace: "if (age > 1_000) {" },
    ],
    ...SBFT_4,
    caughtBy: unitTest(ATTACKS, "8: n = 4, c = 0: with the first collectors silent"),
  },
  {
    id: "sbft-signs-without-body",
    title: "votes for a proposal of which it has the header alone: the value may be nowhere",
    source: "sbft.md 10.8",
    edits: [
      {
        file: PROPOSALS,
        find: "if (proposal.value === null) return this.#onHeader(from, slot, proposal);",
        replace:
          "if (proposal.value === null) { this.#listener.accepted(slot, proposal); return this.#onHeader(from, slot, proposal); }",
      },
    ],
    ...SBFT_4,
    caughtBy: unitTest(ATTACKS, "8: nobody votes for what it has only the header of"),
  },
  {
    id: "sbft-old-proof-dropped",
    title: "takes proofs of its own view alone: what was decided before stays unknown",
    source: "sbft.md 10.7",
    edits: [
      {
        file: NORMAL,
        find: "this.#decide(slots.claim(proof.seq), proof);",
        replace: "if (proof.view >= view) this.#decide(slots.claim(proof.seq), proof);",
      },
    ],
    ...SBFT_4,
    caughtBy: unitTest(ATTACKS, "7: a proof of a view that is over decides"),
  },
  {
    id: "sbft-all-collect-at-once",
    title: "later collectors do not wait for the first: every slot has c + 1 certificates",
    source: "sbft.md 1, staggered collectors; 11, messages of a slot",
    edits: [
      {
        file: COLLECTING,
        find: "return rank < 1 || rank > context.faults.c || age > rank;",
        replace: "return rank <= context.faults.c || age > rank;",
      },
    ],
    ...SBFT_4,
    caughtBy: unitTest(VIEWS, "c + 1 shares of each replica for a slot, and one certificate"),
  },
  {
    id: "sbft-fast-path-of-all",
    title: "with c > 0 the fast path takes the shares of all all the same",
    source: "sbft.md 1, sigma of 3f + c + 1",
    edits: [{ file: FAULT_MODEL, find: "return this.n - this.c;", replace: "return this.n;" }],
    ...SBFT_4,
    caughtBy: unitTest(CLUSTER, "no slot leaves the fast path, nor waits for it"),
  },
  {
    id: "sbft-checkpoint-of-f-plus-one",
    title: "forgets slots that f + 1 replicas vouch for: one correct replica alone may hold the state",
    source: "sbft.md 6, stability by tau; pbft.md 6",
    edits: [
      {
        file: FAULT_MODEL,
        find: 'return this.kind === "hybrid" ? this.oneCorrect : this.quorum;',
        replace: "return this.oneCorrect;",
      },
      {
        file: "packages/core/src/wire/checkpoint-claim.ts",
        find: 'if (kind === "hybrid") return',
        replace: "if (kind.length > 0) return",
      },
    ],
    ...SBFT_4,
    caughtBy: unitTest(CLUSTER, "what f + 1 replicas vouch for is not forgotten"),
  },
];
