import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { SequenceNumber, View } from "../../../kernel/ids.ts";
import { Anchor } from "../../../wire/anchor.ts";
import { CheckpointProof, MessageKind, Proposal } from "../../../wire/messages.ts";
import type { CounterValue } from "../../../wire/statement.ts";
import type { Hash } from "../../../wire/value.ts";
import { FIRST_VIEW_DIGEST, type Link, NewView, ViewChange } from "../../../wire/view-change.ts";
import {
  type Base,
  baseOf,
  FIRST_BASE,
  follows,
  isValidViewChange,
  type Law,
  outcomeOf,
} from "./validity.ts";

fc.configureGlobal({ seed: 1, numRuns: 300 });

const hash: Hash = (bytes) => createHash("sha256").update(bytes).digest("binary");
const digest = (name: string): string => hash(new TextEncoder().encode(name));
const NOTHING = new Uint8Array(0);
const WINDOW = 16;
const law: Law = {
  oldestBase: () => 0,
  lowOf: (anchor) => anchor.seq,
  probation: (count) => 4 * count,
  window: WINDOW,
  noop: digest("noop"),
};

function prepare(view: View, seq: SequenceNumber, text = `${view}/${seq}`, extension = 0): Proposal {
  const empty = { certificate: NOTHING, share: NOTHING, value: null, evidence: [] };
  return new Proposal({ kind: MessageKind.Prepare, view, seq, digest: digest(text), extension, ...empty });
}

const prepares = (view: View, first: number, last: number): Proposal[] =>
  Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => prepare(view, first + i));

function anchorAt(seq: SequenceNumber): Anchor | null {
  if (seq === 0) return null;
  const proof = new CheckpointProof({ seq, root: digest(`root ${seq}`), aggregate: NOTHING });
  return new Anchor({ proof, part: NOTHING, pageCount: 1, path: [] });
}

type Fields = Omit<Parameters<typeof ViewChange.of>[0], "certificate">;

const link = (to: View, view: View, seq: SequenceNumber): Link => {
  return { to, digest: digest(`link ${to}`), old: { view, seq }, certificate: NOTHING };
};

/** What a correct replica sends that certified slots 1 to 3 in view 0 and leaves for view 1, changed. */
function leaving(changed: Partial<Fields>): ViewChange {
  const fields: Fields = {
    sender: 1,
    to: 1,
    base: 0,
    baseDigest: FIRST_VIEW_DIGEST,
    oLast: 3,
    anchor: null,
    prepares: prepares(0, 1, 3),
    chain: [],
    old: { view: 0, seq: 3 },
    ...changed,
  };
  return ViewChange.of({ ...fields, certificate: NOTHING }, hash);
}

/** View 2 opened over a checkpoint at 2, with slots 3 to 5. */
const opened = NewView.of(
  {
    view: 2,
    viewChanges: [],
    anchor: anchorAt(2),
    prepares: prepares(2, 3, 5),
    count: 1,
    certificate: NOTHING,
  },
  hash,
);
const base = baseOf(law, opened);
/** What a correct replica sends that certified up to slot 6 in view 2 and leaves for view 3, changed. */
const leavingTwo = (changed: Partial<Fields>): ViewChange =>
  leaving({
    to: 3,
    base: 2,
    baseDigest: opened.digest,
    oLast: 6,
    anchor: anchorAt(2),
    prepares: prepares(2, 3, 6),
    old: { view: 2, seq: 6 },
    ...changed,
  });

describe("a ViewChange from view 0 (hybster.md 6.2)", () => {
  const cases: [string, boolean, Partial<Fields>][] = [
    ["shows what was certified", true, {}],
    ["shows that nothing was", true, { oLast: 0, prepares: [], old: { view: 0, seq: 0 } }],
    ["leaves out what a checkpoint covers", true, { anchor: anchorAt(2), prepares: prepares(0, 3, 3) }],
    ["has a checkpoint above all", true, { anchor: anchorAt(9), prepares: [] }],
    ["jumps over views", true, { to: 7 }],
    ["drops the last Prepare", false, { prepares: prepares(0, 1, 2) }],
    ["drops one in the middle", false, { prepares: [prepare(0, 1), prepare(0, 3)] }],
    ["drops the first", false, { prepares: prepares(0, 2, 3) }],
    ["hides the last act", false, { oLast: 2, prepares: prepares(0, 1, 2) }],
    ["says that it never acted", false, { oLast: 0, prepares: [] }],
    ["lists more than it certified", false, { prepares: prepares(0, 1, 4) }],
    ["lists what its checkpoint covers", false, { anchor: anchorAt(2) }],
    [
      "lists more than a window",
      false,
      { oLast: 17, old: { view: 0, seq: 17 }, prepares: prepares(0, 1, 17) },
    ],
    ["names another base's digest", false, { baseDigest: digest("another") }],
    ["omits the step in between", false, { to: 3, old: { view: 2, seq: 0 } }],
    ["has acted in a view in between", false, { to: 3, chain: [link(1, 0, 3)], old: { view: 2, seq: 5 } }],
    ["shows all steps", true, { to: 3, chain: [link(1, 0, 3), link(2, 1, 0)], old: { view: 2, seq: 0 } }],
    ["omits the first step", false, { to: 3, chain: [link(2, 1, 0)], old: { view: 2, seq: 0 } }],
    [
      "omits one of the steps",
      false,
      { to: 4, chain: [link(1, 0, 3), link(3, 2, 0)], old: { view: 3, seq: 0 } },
    ],
    ["is issued again", true, { chain: [link(1, 0, 3)], old: { view: 1, seq: 0 } }],
    ["is issued again, without the first issue", false, { oLast: 0, prepares: [], old: { view: 1, seq: 0 } }],
    ["has a step to its own base", false, { chain: [link(0, 0, 0)], old: { view: 0, seq: 0 } }],
  ];
  test.each(cases)("that %s: %s", (_says, valid, changed) => {
    expect(isValidViewChange(law, leaving(changed), FIRST_BASE)).toBe(valid);
  });
});

describe("a ViewChange from a later view", () => {
  const before = (changed: Partial<Fields>): Partial<Fields> => ({
    oLast: 0,
    prepares: prepares(2, 3, 5),
    ...changed,
  });
  const cases: [string, boolean, Partial<Fields>][] = [
    ["shows what its NewView proposed and what came after", true, {}],
    ["has done nothing there", true, before({ old: { view: 2, seq: 0 } })],
    ["came there late, and did nothing", true, before({ old: { view: 0, seq: 7 } })],
    ["came there from a view that failed", true, before({ old: { view: 1, seq: 0 } })],
    ["re-bases on the way", true, before({ to: 4, chain: [link(3, 1, 0)], old: { view: 3, seq: 0 } })],
    [
      "lists nothing, as if its NewView were empty",
      false,
      before({ prepares: [], old: { view: 2, seq: 0 } }),
    ],
    [
      "drops what its NewView proposes",
      false,
      before({ prepares: prepares(2, 3, 4), old: { view: 2, seq: 0 } }),
    ],
    [
      "lists another value than its NewView",
      false,
      { prepares: [prepare(2, 3), prepare(2, 4, "another"), ...prepares(2, 5, 6)] },
    ],
    [
      "lists another extension than its NewView",
      false,
      { prepares: [prepare(2, 3), prepare(2, 4, "2/4", 9), ...prepares(2, 5, 6)] },
    ],
    ["has a checkpoint below its NewView's", false, { anchor: anchorAt(1), prepares: prepares(2, 2, 6) }],
    ["has no checkpoint", false, { anchor: null, prepares: prepares(2, 1, 6) }],
    ["is based on a view that it did not come to", false, { base: 1, baseDigest: opened.digest }],
    ["swaps its base for an older one", false, { base: 0, baseDigest: FIRST_VIEW_DIGEST, anchor: null }],
    ["names an invented base", false, { baseDigest: digest("invented") }],
    ["hides acts behind the first step", false, before({ old: { view: 2, seq: 6 } })],
  ];
  test.each(cases)("that %s: %s", (_says, valid, changed) => {
    expect(isValidViewChange(law, leavingTwo(changed), base)).toBe(valid);
  });

  test("is judged by the base that it names alone", () => {
    expect(isValidViewChange(law, leavingTwo({}), FIRST_BASE)).toBe(false);
    const stale = NewView.of({ ...opened, prepares: prepares(2, 3, 4) }, hash);
    expect(isValidViewChange(law, leavingTwo({}), baseOf(law, stale))).toBe(false);
  });
});

describe("a replica that does as it should, and one that hides something", () => {
  /** A counter that certified `votes` slots in view 0 and left for rising views. */
  const history = fc.record({
    votes: fc.nat(WINDOW),
    covered: fc.nat(WINDOW),
    targets: fc.uniqueArray(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 5 }),
    again: fc.boolean(),
  });

  function honest({
    votes,
    covered,
    targets,
    again,
  }: {
    votes: number;
    covered: number;
    targets: number[];
    again: boolean;
  }): {
    viewChange: ViewChange;
    links: Link[];
  } {
    const views = [...targets].sort((a, b) => a - b);
    if (again) views.push(views.at(-1) ?? 1);
    let at: CounterValue = { view: 0, seq: votes };
    const links = views.map((to) => {
      const step = link(to, at.view, at.seq);
      at = { view: to, seq: 0 };
      return step;
    });
    const low = Math.min(covered, votes);
    const last = links.at(-1) ?? link(1, 0, 0);
    const viewChange = leaving({
      to: last.to,
      oLast: votes,
      anchor: anchorAt(low),
      prepares: prepares(0, low + 1, votes),
      chain: links.slice(0, -1),
      old: last.old,
    });
    return { viewChange, links };
  }

  test("is valid, always", () => {
    fc.assert(
      fc.property(history, (past) => {
        expect(isValidViewChange(law, honest(past).viewChange, FIRST_BASE)).toBe(true);
      }),
    );
  });

  test("is invalid, whichever steps or Prepares it leaves out, whatever it says of its last act", () => {
    const lie = fc.record({ dropped: fc.nat(5), said: fc.nat(WINDOW), kept: fc.nat(WINDOW) });
    fc.assert(
      fc.property(history, lie, (past, { dropped, said, kept }) => {
        const { viewChange, links } = honest(past);
        const shown = links.filter((_, index) => index !== dropped || index === links.length - 1);
        const changed =
          shown.length !== links.length || said !== viewChange.oLast || kept < viewChange.prepares.length;
        fc.pre(changed);
        const lying = ViewChange.of(
          {
            ...viewChange,
            oLast: said,
            chain: shown.slice(0, -1),
            prepares: viewChange.prepares.slice(0, kept),
          },
          hash,
        );
        // Dropping the only step that shows an act of view 0 is seen by the next one, which starts above it.
        expect(isValidViewChange(law, lying, FIRST_BASE)).toBe(false);
      }),
    );
  });
});

describe("what a new primary must open its view with (hybster.md 6.4)", () => {
  const bases = new Map<View, Base>([
    [0, FIRST_BASE],
    [2, base],
  ]);

  test("of every slot the Prepare of the highest view, the newest checkpoint, no-ops in holes", () => {
    const outcome = outcomeOf(law, 4, [leaving({ to: 4 }), leavingTwo({ to: 4 })], bases);
    expect(outcome.low).toBe(2);
    expect(outcome.digests).toEqual([3, 4, 5, 6].map((seq) => digest(`2/${seq}`)));
    const high = leaving({ to: 4, anchor: anchorAt(1), oLast: 9, prepares: prepares(0, 8, 9) });
    expect(outcomeOf(law, 4, [leavingTwo({ to: 4 }), high], bases).digests.slice(4)).toEqual([
      digest("noop"),
      digest("0/8"),
      digest("0/9"),
    ]);
  });

  test("a checkpoint above all leaves nothing to propose", () => {
    const outcome = outcomeOf(
      law,
      4,
      [leaving({ to: 4 }), leaving({ anchor: anchorAt(9), prepares: [] })],
      bases,
    );
    expect(outcome).toMatchObject({
      low: 9,
      digests: [],
      standing: { view: 4, maximum: 9, count: 1, extension: 13 },
    });
  });

  test("view changes add up along the bases, and fade with the slots after probation (dqbft.md 4.2)", () => {
    const counted = (maximum: number, count: number, reached: number): number => {
      const standing = { view: 2, maximum, count, extension: maximum + law.probation(count) };
      const known = new Map<View, Base>([[2, { newView: opened, standing, low: 0 }]]);
      const seen = leavingTwo({ to: 4, anchor: anchorAt(reached), prepares: [] });
      return outcomeOf(law, 4, [seen], known).standing.count;
    };
    expect(counted(10, 2, 10)).toBe(3); // Nothing done since.
    expect(counted(10, 2, 18)).toBe(3); // Only its probation of 8.
    expect(counted(10, 2, 26)).toBe(2); // As much again.
    expect(counted(10, 2, 34)).toBe(1);
    expect(counted(10, 2, 500)).toBe(1);
    const whole = outcomeOf(law, 4, [leaving({ to: 4 }), leavingTwo({ to: 4 })], bases);
    expect(whole.standing.count).toBe(2); // The highest base counts, not what one of them says.
  });

  test("without probation view changes are counted all the same", () => {
    const none = { ...law, probation: () => 0 };
    const known = new Map<View, Base>([[2, baseOf(none, opened)]]);
    expect(outcomeOf(none, 4, [leavingTwo({ to: 4 })], known).standing).toEqual({
      view: 4,
      maximum: 6,
      count: 2,
      extension: 6,
    });
  });

  const viewChanges = [leaving({ to: 4 }), leavingTwo({ to: 4 })];
  const outcome = outcomeOf(law, 4, viewChanges, bases);
  const again = outcome.digests.map((_, i) => prepare(4, 3 + i, `2/${3 + i}`, outcome.standing.extension));
  const right = {
    view: 4,
    viewChanges,
    anchor: anchorAt(2),
    prepares: again,
    count: 2,
    certificate: NOTHING,
  };
  const cases: [string, boolean, Partial<typeof right>][] = [
    ["is that", true, {}],
    ["leaves out the last slot", false, { prepares: again.slice(0, -1) }],
    ["adds a slot", false, { prepares: [...again, prepare(4, 7, "more", outcome.standing.extension)] }],
    [
      "changes a value",
      false,
      { prepares: [prepare(4, 3, "0/3", outcome.standing.extension), ...again.slice(1)] },
    ],
    ["has an older checkpoint", false, { anchor: null }],
    ["has another checkpoint", false, { anchor: anchorAt(3) }],
    ["forgets view changes", false, { count: 1 }],
    ["shortens probation", false, { prepares: again.map(({ seq }) => prepare(4, seq, `2/${seq}`, 0)) }],
  ];
  test.each(cases)("a NewView that %s: %s", (_says, valid, changed) => {
    expect(follows(law, NewView.of({ ...right, ...changed }, hash), bases)).toBe(valid);
  });
});
