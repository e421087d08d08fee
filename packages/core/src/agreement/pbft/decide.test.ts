import { expect, test } from "vitest";
import { FaultModel } from "../../kernel/fault-model.ts";
import type { Digest, View } from "../../kernel/ids.ts";
import { Random } from "../../kernel/random.ts";
import { PbftNewView, PbftViewChange, PreparedCertificate } from "../../wire/pbft.ts";
import { type Decision, follows } from "../shared/untrusted/decision.ts";
import type { Authentication } from "./checks.ts";
import { decide, type Rules } from "./decide.ts";

const NOTHING = new Uint8Array(0);
const NOOP: Digest = "noop";
const SEQ = 1;

function rules(faults: FaultModel, authentication: Authentication): Rules {
  return { authentication, faults, lowOf: () => 0, probation: (count) => 2 * count, noop: NOOP };
}

/** What one replica has prepared and pre-prepared at slot 1. */
interface Memory {
  prepared: { readonly digest: Digest; readonly view: View } | null;
  readonly preprepared: Map<Digest, View>;
}

function prepared(seq: number, digest: Digest, view: View): PreparedCertificate {
  return new PreparedCertificate({ view, seq, digest, extension: 0, certificate: NOTHING, votes: [] });
}

function change(sender: number, view: View, memory: Memory, count = 0): PbftViewChange {
  const entries = [...memory.preprepared].map(([digest, of]) => ({ seq: SEQ, digest, view: of }));
  const own = memory.prepared === null ? [] : [prepared(SEQ, memory.prepared.digest, memory.prepared.view)];
  const lists = { prepared: own, preprepared: entries };
  return new PbftViewChange({ view, sender, anchor: null, ...lists, count, signature: NOTHING });
}

const empty = (): Memory => ({ prepared: null, preprepared: new Map() });

/** A slot's life over some views: correct replicas do as the protocol says, faulty ones and the network as they please. */
class World {
  readonly faults: FaultModel;
  readonly memories: Memory[];
  readonly random: Random;
  /** Digests for which enough correct replicas prepared that some replica may have committed them. */
  readonly committed = new Set<Digest>();
  /** Every certificate that exists, for faulty replicas to show. */
  readonly proofs: { readonly digest: Digest; readonly view: View }[] = [];
  view: View = 0;
  #fresh = 0;

  constructor(n: number, seed: number) {
    this.faults = FaultModel.byzantine(n);
    this.random = new Random(seed);
    this.memories = Array.from({ length: n - this.faults.f }, empty);
  }

  /** One view: what may be proposed is pre-prepared at some replicas, which perhaps prepare and commit it. */
  run(authentication: Authentication): void {
    const options = this.view === 0 ? [this.#value(), this.#value()] : this.#proposable(authentication);
    this.view += 1;
    if (options.length === 0) return;
    const votes = this.memories.map((memory) => {
      if (this.random.chance(0.25)) return null;
      const digest = options[this.random.below(options.length)] ?? NOOP;
      memory.preprepared.set(digest, this.view - 1);
      return digest;
    });
    for (const digest of new Set(votes)) if (digest !== null) this.#prepare(votes, digest);
  }

  #prepare(votes: readonly (Digest | null)[], digest: Digest): void {
    const { f, quorum } = this.faults;
    if (votes.filter((vote) => vote === digest).length + f < quorum) return;
    const view = this.view - 1;
    this.proofs.push({ digest, view });
    let count = 0;
    for (const [i, memory] of this.memories.entries()) {
      if (votes[i] !== digest || this.random.chance(0.3)) continue;
      memory.prepared = { digest, view };
      count += 1;
    }
    if (count + f >= quorum) this.committed.add(digest);
  }

  /** What any quorum of view changes lets a primary propose here; a fresh value if nobody shows a prepared one. */
  #proposable(authentication: Authentication): readonly Digest[] {
    const found: Digest[] = [];
    for (let i = 0; i < 2; i += 1) {
      const decision = decide(this.changes(authentication), rules(this.faults, authentication));
      if (decision === null) continue;
      found.push(...(decision.candidates[0] ?? [this.#value()]));
    }
    return found;
  }

  /** A quorum of view changes, faulty ones among them. */
  changes(authentication: Authentication): readonly PbftViewChange[] {
    const { n, f, quorum } = this.faults;
    const honest = this.memories.map((memory, sender) => change(sender, this.view, memory));
    const liars = Array.from({ length: f }, (_, i) => this.#lie(n - f + i, authentication));
    return this.#shuffled([...honest, ...liars]).slice(0, quorum + this.random.below(n - quorum + 1));
  }

  #lie(sender: number, authentication: Authentication): PbftViewChange {
    const memory = empty();
    if (authentication === "signature") {
      memory.prepared = this.proofs[this.random.below(this.proofs.length + 1)] ?? null;
      return change(sender, this.view, memory);
    }
    const digests = [NOOP, "forged", ...this.memories.flatMap(({ preprepared }) => [...preprepared.keys()])];
    const pick = (): Digest => digests[this.random.below(digests.length)] ?? NOOP;
    const view = (): View => this.random.below(Math.max(1, this.view));
    if (this.random.chance(0.8)) memory.prepared = { digest: pick(), view: view() };
    for (let i = this.random.below(3); i > 0; i -= 1) memory.preprepared.set(pick(), view());
    return change(sender, this.view, memory);
  }

  #value(): Digest {
    this.#fresh += 1;
    return `value ${this.#fresh}`;
  }

  #shuffled<T>(items: readonly T[]): T[] {
    return items
      .map((item) => ({ item, at: this.random.below(1_000_000) }))
      .sort((a, b) => a.at - b.at)
      .map(({ item }) => item);
  }
}

const families = [4, 5, 6, 7, 10].flatMap((n) =>
  (["mac", "signature"] as const).map((how) => [n, how] as const),
);

test.each(families)(
  "n = %i, %s: what may have been committed is all that any view change admits",
  (n, how) => {
    let committed = 0;
    for (let seed = 1; seed <= 120; seed += 1) {
      const world = new World(n, seed);
      for (let view = 0; view < 5; view += 1) {
        world.run(how);
        expect(world.committed.size, `seed ${seed}`).toBeLessThanOrEqual(1);
        for (let i = 0; i < 4 && world.committed.size > 0; i += 1) {
          const decision = decide(world.changes(how), rules(world.faults, how));
          if (decision !== null) expect(decision.candidates[0], `seed ${seed}`).toEqual([...world.committed]);
        }
      }
      committed += world.committed.size;
    }
    expect(committed).toBeGreaterThan(15);
  },
);

test.each(families)("n = %i, %s: the view changes of all correct replicas are always enough", (n, how) => {
  for (let seed = 1; seed <= 120; seed += 1) {
    const world = new World(n, seed);
    for (let view = 0; view < 5; view += 1) {
      world.run(how);
      const honest = world.memories.map((memory, sender) => change(sender, world.view, memory));
      expect(decide(honest, rules(world.faults, how)), `seed ${seed}`).not.toBeNull();
    }
  }
});

test("with MACs or with signatures, from the same state: the same for every slot that may have been committed", () => {
  let compared = 0;
  for (let seed = 1; seed <= 300; seed += 1) {
    const world = new World(4, seed);
    for (let view = 0; view < 4; view += 1) world.run("mac");
    if (world.committed.size === 0) continue;
    const changes = world.memories.map((memory, sender) => change(sender, world.view, memory));
    const [mac, signed] = (["mac", "signature"] as const).map((how) =>
      decide(changes, rules(world.faults, how)),
    );
    expect(mac?.candidates, `seed ${seed}`).toEqual(signed?.candidates);
    compared += 1;
  }
  expect(compared).toBeGreaterThan(50);
});

const four = rules(FaultModel.byzantine(4), "mac");
const held = (digest: Digest, view: View): Memory => ({
  prepared: { digest, view },
  preprepared: new Map([[digest, view]]),
});

test("fewer than a quorum decide nothing", () => {
  expect(
    decide(
      [0, 1].map((sender) => change(sender, 1, empty())),
      four,
    ),
  ).toBeNull();
});

test("A2: what one replica alone says was prepared needs a correct witness; it waits for a fourth view change", () => {
  const changes = [change(0, 1, held("d", 0)), change(1, 1, empty()), change(2, 1, empty())];
  expect(decide(changes, four)).toBeNull();
  expect(decide([...changes, change(3, 1, empty())], four)?.candidates).toEqual([[NOOP]]);
  const witness: Memory = { prepared: null, preprepared: new Map([["d", 0]]) };
  expect(decide([...changes, change(3, 1, witness)], four)?.candidates).toEqual([["d", NOOP]]);
});

test("A1: a quorum must not contradict, and a view above does", () => {
  const changes = [change(0, 2, held("d", 0)), change(1, 2, held("d", 0)), change(2, 2, held("e", 1))];
  expect(decide(changes, four)).toBeNull();
});

test("holes below the highest prepared slot are no-ops, and all slots follow each other", () => {
  const high = new PbftViewChange({
    ...change(0, 1, empty()),
    prepared: [prepared(3, "d", 0)],
    preprepared: [{ seq: 3, digest: "d", view: 0 }],
  });
  const same = new PbftViewChange({ ...high, sender: 1 });
  const decision = decide([high, same, change(2, 1, empty())], four);
  expect(decision?.candidates).toEqual([[NOOP], [NOOP], ["d"]]);
});

test("the count is one more than the f + 1st largest report: one liar neither raises nor resets it (dqbft.md H31)", () => {
  const counts = (...reports: number[]): number | undefined =>
    decide(
      reports.map((count, sender) => change(sender, 1, empty(), count)),
      four,
    )?.count;
  expect(counts(2, 2, 2)).toBe(3);
  expect(counts(2, 2, 0)).toBe(3);
  expect(counts(2, 2, 99)).toBe(3);
});

test("a NewView that says anything else than what follows does not follow (pbft.md 12.9)", () => {
  const changes = [change(0, 1, held("d", 0)), change(1, 1, held("d", 0)), change(2, 1, empty())];
  const decision = decide(changes, four) as Decision;
  expect(decision.candidates).toEqual([["d"]]);
  const selection = { seq: 1, digest: "d", certificate: NOTHING };
  const fields = { view: 1, changes: [], anchor: null, selections: [selection], count: 1, extension: 3 };
  const newView = (other: Partial<PbftNewView>): PbftNewView =>
    new PbftNewView({ ...fields, signature: NOTHING, ...other });
  expect(follows(newView({}), decision)).toBe(true);
  expect(follows(newView({ selections: [{ ...selection, digest: NOOP }] }), decision)).toBe(false);
  expect(follows(newView({ selections: [] }), decision)).toBe(false);
  expect(follows(newView({ selections: [selection, { ...selection, seq: 2 }] }), decision)).toBe(false);
  expect(follows(newView({ count: 2 }), decision)).toBe(false);
  expect(follows(newView({ extension: 1 }), decision)).toBe(false);
});
