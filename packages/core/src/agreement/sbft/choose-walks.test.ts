import { expect, test } from "vitest";
import { FaultModel } from "../../kernel/fault-model.ts";
import type { Digest, View } from "../../kernel/ids.ts";
import { Random } from "../../kernel/random.ts";
import type { SlotReport } from "../../wire/sbft.ts";
import { choose } from "./choose.ts";

// The safety argument of sbft.md 7, walked at random: one slot, many views, every set of view changes that a primary may rest on.

const NOTHING: Uint8Array = new Uint8Array(0);
const VIEWS = 5;
const [A, B, NOOP]: readonly [Digest, Digest, Digest] = ["a".repeat(32), "b".repeat(32), "0".repeat(32)];
type Vote = readonly [View, Digest];

class Walk {
  readonly decided = new Set<Digest>();
  readonly #random: Random;
  readonly #faults: FaultModel;
  /** What each correct replica voted for last, and its newest prepare certificate. */
  readonly #votes: (Vote | null)[];
  readonly #prepared: (Vote | null)[];
  /** Every prepare certificate that there is. */
  readonly #certificates: Vote[] = [];

  constructor(faults: FaultModel, seed: number) {
    this.#faults = faults;
    this.#random = new Random(seed);
    this.#votes = new Array<Vote | null>(faults.available).fill(null);
    this.#prepared = new Array<Vote | null>(faults.available).fill(null);
  }

  /** One view: whoever takes part accepts what follows from its NewView, of which a faulty primary makes several. */
  step(view: View): void {
    const { f, quorum, fastQuorum } = this.#faults;
    const equivocates = this.#random.chance(0.6);
    const of = this.#votes.map(() => (this.#random.chance(0.85) ? 0 : null));
    const proposed = equivocates ? null : this.#proposal(view);
    const accepted = of.map((each) => (each === null ? null : (proposed ?? this.#proposal(view))));
    for (const digest of [A, B, NOOP]) {
      const voters = [...accepted.keys()].filter((replica) => accepted[replica] === digest);
      for (const replica of voters) this.#votes[replica] = [view, digest];
      // The faulty ones sign whatever helps.
      if (voters.length + f >= fastQuorum) this.decided.add(digest);
      if (voters.length + f < quorum) continue;
      this.#certificates.push([view, digest]);
      const shown = [...accepted.keys()].filter(
        (each) => accepted[each] !== null && this.#random.chance(0.6),
      );
      for (const replica of shown) this.#prepared[replica] = [view, digest];
      if (shown.length + f >= quorum) this.decided.add(digest);
    }
  }

  #proposal(view: View): Digest {
    const any = this.#random.chance(0.5) ? A : B;
    if (view === 0) return any;
    const reports = this.#viewChanges(view);
    const silent = reports.every(({ slow, fast }) => slow === null && fast === null);
    return choose(reports, this.#faults.fastWitnesses) ?? (silent ? any : NOOP);
  }

  /** As many as can be waited for, the faulty ones among them as they like. */
  #viewChanges(view: View): SlotReport[] {
    const { n, available } = this.#faults;
    const senders = Array.from({ length: n }, (_, id) => id);
    while (senders.length > available) senders.splice(this.#random.below(senders.length), 1);
    return senders.map((sender) => (sender < available ? this.#truth(sender) : this.#lie(view)));
  }

  #truth(sender: number): SlotReport {
    return report(this.#prepared[sender] ?? null, this.#votes[sender] ?? null);
  }

  /** A vote for anything, as its share is its own; a certificate only if there is one. */
  #lie(view: View): SlotReport {
    const slow = this.#certificates[this.#random.below(this.#certificates.length + 1)] ?? null;
    const digest = [A, B, NOOP][this.#random.below(3)] ?? A;
    return report(slow, [this.#random.below(view), digest]);
  }
}

function report(slow: Vote | null, fast: Vote | null): SlotReport {
  return {
    seq: 1,
    slow: slow && { view: slow[0], digest: slow[1], aggregate: NOTHING },
    fast: fast && { view: fast[0], digest: fast[1], share: NOTHING },
  };
}

test.each([
  [4, 0],
  [5, 0],
  [6, 1],
  [7, 0],
  [9, 1],
])("7, n = %i, c = %i: what is decided in one view is decided in no other way in a later one", (n, c) => {
  const faults = FaultModel.byzantine(n, c);
  let decisions = 0;
  for (let seed = 1; seed <= 4_000; seed += 1) {
    const walk = new Walk(faults, seed);
    for (let view = 0; view < VIEWS; view += 1) walk.step(view);
    expect(walk.decided.size, `seed ${seed}`).toBeLessThanOrEqual(1);
    decisions += walk.decided.size;
  }
  expect(decisions).toBeGreaterThan(1_000);
});
