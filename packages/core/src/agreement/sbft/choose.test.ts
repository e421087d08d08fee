import { expect, test } from "vitest";
import { FaultModel } from "../../kernel/fault-model.ts";
import type { Digest, View } from "../../kernel/ids.ts";
import { Random } from "../../kernel/random.ts";
import { SbftViewChange, type SlotReport } from "../../wire/sbft.ts";
import { choose, decide } from "./choose.ts";

const NOTHING: Uint8Array = new Uint8Array(0);
const [A, B, NOOP]: readonly [Digest, Digest, Digest] = ["a".repeat(32), "b".repeat(32), "0".repeat(32)];

interface Said {
  readonly slow?: readonly [View, Digest];
  readonly fast?: readonly [View, Digest];
}

function report({ slow, fast }: Said, seq = 1): SlotReport {
  return {
    seq,
    slow: slow === undefined ? null : { view: slow[0], digest: slow[1], aggregate: NOTHING },
    fast: fast === undefined ? null : { view: fast[0], digest: fast[1], share: NOTHING },
  };
}

/** At n = 4: f + c + 1 = 2 of three view changes. */
const chosen = (...said: readonly Said[]): Digest | null =>
  choose(
    said.map((each) => report(each)),
    2,
  );

test("nothing that can have been decided leaves the slot free", () => {
  expect(chosen({}, {}, {})).toBeNull();
  expect(chosen({ fast: [1, A] }, { fast: [1, B] }, {})).toBeNull();
});

test("so many votes that a fast quorum may stand behind them count, and no fewer", () => {
  expect(chosen({ fast: [0, A] }, { fast: [0, A] }, {})).toBe(A);
  expect(chosen({ fast: [0, A] }, {}, {})).toBeNull();
});

test("the highest prepare certificate counts", () => {
  expect(chosen({ slow: [0, A] }, {}, {})).toBe(A);
  expect(chosen({ slow: [0, A] }, { slow: [2, B] }, { slow: [1, A] })).toBe(B);
});

test("of one view the certificate counts: with an equivocating primary its digest may be decided (sbft.md 10.1)", () => {
  expect(chosen({ slow: [3, A], fast: [3, A] }, { fast: [3, B] }, { fast: [3, B] })).toBe(A);
});

test("votes of a later view count for more than a certificate, and of an earlier one for less (sbft.md 10.3)", () => {
  expect(chosen({ slow: [2, A] }, { fast: [3, B] }, { fast: [3, B] })).toBe(B);
  expect(chosen({ slow: [2, A] }, { fast: [1, B] }, { fast: [1, B] })).toBe(A);
});

test("a single vote of a high view lifts no others: the last one that is needed says which view it is (sbft.md 7)", () => {
  expect(chosen({ slow: [2, A] }, { fast: [9, B] }, { fast: [1, B] })).toBe(A);
  expect(chosen({ slow: [2, A], fast: [3, B] }, { fast: [9, B] }, { fast: [1, B] })).toBe(B);
});

test("it does not depend on the order of the view changes", () => {
  const random = new Random(5);
  for (let round = 0; round < 300; round += 1) {
    const reports = [0, 1, 2].map(() => {
      const any = (): readonly [View, Digest] => [random.below(3), random.chance(0.5) ? A : B];
      // One certificate at most in a view: it takes a quorum.
      const view = random.below(3);
      const slow = random.chance(0.4) ? ([view, view === 1 ? A : B] as const) : null;
      return report({ ...(slow && { slow }), ...(random.chance(0.8) && { fast: any() }) });
    });
    const [first, second, third] = reports as [SlotReport, SlotReport, SlotReport];
    expect(choose([third, first, second], 2)).toBe(choose(reports, 2));
  }
});

const faults = FaultModel.byzantine(4);
const ground = { faults, lowOf: () => 0, probation: (count: number) => 2 * count, noop: NOOP };
const hash = (): Digest => "d".repeat(32);
const change = (sender: number, slots: readonly SlotReport[], count = 0): SbftViewChange =>
  SbftViewChange.of({ view: 4, sender, anchor: null, slots, count, signature: NOTHING }, hash);

test("a new view rests on exactly n - f view changes: among more, two values may seem decided (sbft.md 10.4)", () => {
  const votes = [A, A, B, B].map((digest, sender) => change(sender, [report({ fast: [0, digest] })]));
  expect(decide(votes, ground)).toBeNull();
  expect(decide(votes.slice(0, 2), ground)).toBeNull();
  expect(decide(votes.slice(0, 3), ground)?.candidates).toEqual([[A]]);
  expect(decide(votes.slice(1), ground)?.candidates).toEqual([[B]]);
});

test("every slot up to the highest that is spoken of gets something; the count is one that a correct replica knows", () => {
  const changes = [
    change(0, [report({ slow: [0, A] }, 3)], 9),
    change(1, [], 4),
    change(2, [report({ fast: [0, B] }, 2)], 2),
  ];
  expect(decide(changes, ground)).toEqual({
    anchor: null,
    covered: 0,
    candidates: [[NOOP], [NOOP], [A]],
    count: 5,
    extension: 3 + 10,
  });
});

interface Outcome {
  readonly decision: Digest | null;
  readonly reports: readonly SlotReport[];
}

/** One slot in one view of four replicas: an equivocating primary, and replica 3 lies, signs all and reports what it likes. */
function played(random: Random): Outcome {
  const [main, other] = random.chance(0.5) ? [A, B] : [B, A];
  const seen = [0, 1, 2].map(() => (random.chance(0.2) ? null : random.chance(0.8) ? main : other));
  const votesFor = (digest: Digest): number => seen.filter((each) => each === digest).length + 1;
  const certified = [A, B].find((digest) => votesFor(digest) >= faults.quorum);
  const prepared = seen.map(() => certified !== undefined && random.chance(0.8));
  const slowly = prepared.filter((each) => each).length + 1 >= faults.quorum;
  const quickly = [A, B].find((digest) => votesFor(digest) >= faults.fastQuorum);
  const reports = seen.map((digest, replica) =>
    report({
      ...(digest !== null && { fast: [0, digest] as const }),
      ...(prepared[replica] === true && certified !== undefined && { slow: [0, certified] as const }),
    }),
  );
  reports.push(report(random.chance(0.8) ? { fast: [0, random.chance(0.5) ? A : B] } : {}));
  return { decision: quickly ?? (slowly ? (certified ?? null) : null), reports };
}

test("what was decided is chosen, whichever view changes come, whatever a liar shows", () => {
  const random = new Random(11);
  let decisions = 0;
  for (let round = 0; round < 2_000; round += 1) {
    const { decision, reports } = played(random);
    if (decision === null) continue;
    decisions += 1;
    for (let missing = 0; missing < 4; missing += 1) {
      const shown = reports.filter((_, replica) => replica !== missing);
      expect(choose(shown, faults.fastWitnesses)).toBe(decision);
    }
  }
  expect(decisions).toBeGreaterThan(200);
});
