import { HYBSTER_3, type PlantedBug, unitTest } from "../planted-bug.ts";

const TRUSTED = "packages/core/src/agreement/shared/trusted";
const RULES = `${TRUSTED}/readmission.test.ts`;
const KEY_TABLES = "packages/node/src/host/key-tables.ts";
const CLUSTER = "packages/testkit/src/faults/readmission.test.ts";
const TWO_IDENTITIES = "packages/testkit/src/faults/two-identities.test.ts";
const MEMBERSHIP = "packages/core/src/replica/membership.ts";
const MEMBERSHIP_TEST = "packages/core/src/replica/membership.test.ts";

/** Trusted subsystems that lost their memory, and how they come back. */
export const READMISSION_BUGS: readonly PlantedBug[] = [
  {
    id: "readmission-at-once",
    title: "a new identity has a voice as soon as it is admitted: it hides what the old one signed",
    source: "hybster.md 14, re-admission at once",
    edits: [
      {
        file: `${TRUSTED}/place.ts`,
        find: "return configurationOf(this.baseView, faults.n) >= members.ownSince;",
        replace: "return faults.n > 0 && members.configuration >= members.ownSince;",
      },
    ],
    ...HYBSTER_3,
    caughtBy: unitTest(RULES, "a subsystem has no voice before"),
  },
  {
    id: "readmission-base-before",
    title: "a new identity departs on a base of the configuration before its admission",
    source: "hybster.md 14, re-admission with a base in g",
    edits: [
      {
        file: `${TRUSTED}/validity.ts`,
        find: "if (viewChange.base < law.oldestBase(viewChange.sender, viewChange.to)) return false;",
        replace: "",
      },
    ],
    ...HYBSTER_3,
    caughtBy: unitTest(TWO_IDENTITIES, "what the old identity decided"),
  },
  {
    id: "readmission-by-order-number",
    title: "keys change where the admission stands in the order, whatever view a certificate is of",
    source: "hybster.md 14, re-admission by order number",
    edits: [
      {
        file: KEY_TABLES,
        find: "return configurationOf(view, this.#options.identities.length);",
        replace:
          "return Math.max(this.#roster.configuration, configurationOf(view, this.#options.identities.length));",
      },
    ],
    ...HYBSTER_3,
    caughtBy: unitTest("packages/node/src/host/key-tables.test.ts", "a claim is certified by the identity"),
  },
  {
    id: "readmission-unsealed",
    title: "nobody leaves the configuration before an admission",
    source: "hybster.md 10.1, why sound (b)",
    edits: [
      {
        file: "packages/core/src/agreement/shared/configurations.ts",
        find: "if (configurationOf(view, faults.n) >= executed) return null;",
        replace: "if (executed >= 0) return null;",
      },
    ],
    ...HYBSTER_3,
    caughtBy: unitTest(CLUSTER, "single-linear-hybster, n = 3"),
  },
  {
    id: "readmission-too-few-seals",
    title: "opens a view on fewer than f + 1 departures",
    source: "hybster.md 14, re-admission with fewer than f + 1 seals",
    edits: [
      {
        file: `${TRUSTED}/checks.ts`,
        find: "senders.size !== faults.oneCorrect",
        replace: "senders.size > faults.oneCorrect",
      },
    ],
    ...HYBSTER_3,
    caughtBy: unitTest(RULES, "a configuration is opened by f + 1"),
  },
  {
    id: "readmission-without-configuration",
    title: "certificates do not name the configuration",
    source: "hybster.md 14, re-admission without g in certificates",
    edits: [
      {
        file: "packages/core/src/wire/statement.ts",
        find: "return begin(preamble, Purpose.Independent)\n    .u16(at.instance)\n    .u8(at.counter)\n    .u48(at.value.view)",
        replace:
          "return begin(preamble, Purpose.Independent)\n    .u16(at.instance)\n    .u8(at.counter)\n    .u48(at.value.view % 4_294_967_295)",
      },
    ],
    ...HYBSTER_3,
    caughtBy: unitTest(RULES, "certificates name the configuration"),
  },
  {
    id: "readmission-any-table",
    title: "a departure does not say for which key table",
    source: "hybster.md 10.1, the digest of the new key table",
    edits: [
      {
        file: `${TRUSTED}/claims.ts`,
        find: "if (table !== null) out.digest(table);",
        replace: "if (table === undefined) out.u8(0);",
      },
    ],
    ...HYBSTER_3,
    caughtBy: unitTest(RULES, "certificates name the configuration"),
  },
  {
    id: "readmission-by-anybody",
    title: "admits a subsystem whoever asks for it",
    source: "hybster.md 10.1: else a third party could replace a healthy identity",
    edits: [
      {
        file: MEMBERSHIP,
        find: "if (valid !== true || this.hostOf(key) !== replica ||",
        replace: "if (valid !== true || this.hostOf(key) === undefined ||",
      },
    ],
    ...HYBSTER_3,
    caughtBy: unitTest(MEMBERSHIP_TEST, "one that is signed by another host"),
  },
  {
    id: "readmission-revives",
    title: "admits an identity that was admitted before",
    source: "hybster.md 10.1: an old id is never revived",
    edits: [{ file: MEMBERSHIP, find: "return !this.#isUsed(subsystem);", replace: "return true;" }],
    ...HYBSTER_3,
    caughtBy: unitTest(MEMBERSHIP_TEST, "an identity is never revived"),
  },
  {
    id: "readmission-table-too-early",
    title: "keeps the digest of a key table that it was asked for before the admission",
    source:
      "a real bug of this program: a forged step of a ViewChange left its receiver alone with a wrong table",
    edits: [
      {
        file: MEMBERSHIP,
        find: "if (configuration > this.configuration) return null;",
        replace: "",
      },
    ],
    ...HYBSTER_3,
    caughtBy: unitTest(MEMBERSHIP_TEST, "the table of a configuration that is not known yet"),
  },
  {
    id: "readmission-step-beyond",
    title: "looks at steps of a ViewChange that lead beyond its view",
    source: "hybster.md 6.2: the steps lead from the base to the view",
    edits: [
      {
        file: `${TRUSTED}/checks.ts`,
        find: "if (chain.some((link) => link.to > to)) return false;",
        replace: "",
      },
    ],
    ...HYBSTER_3,
    caughtBy: unitTest(RULES, "a ViewChange's steps lead up to its view"),
  },
];
