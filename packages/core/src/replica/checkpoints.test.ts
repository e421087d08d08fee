import { expect, test } from "vitest";
import type { Effect } from "../effects/effects.ts";
import { Jobs } from "../effects/jobs.ts";
import { Port } from "../effects/port.ts";
import { FaultModel } from "../kernel/fault-model.ts";
import { ROOT } from "../kernel/ids.ts";
import { InvariantViolation } from "../kernel/invariant.ts";
import { Misbehaviour } from "../kernel/misbehaviour.ts";
import { CheckpointProof, CheckpointSig } from "../wire/messages.ts";
import { Checkpoints } from "./checkpoints.ts";

const N = 5;
const OURS = "r".repeat(32);
const OTHER = "o".repeat(32);

/** One replica's checkpoints, with the driver played by the test. */
class Stage {
  /** Checkpoints that were said to be proven. */
  readonly proven: number[] = [];
  readonly checkpoints: Checkpoints;
  readonly #jobs: Jobs;
  readonly #effects: Effect[] = [];

  constructor(self: number, period = 1, faults = FaultModel.hybrid(N)) {
    const port = new Port({ push: (effect) => void this.#effects.push(effect) }, ROOT);
    this.#jobs = new Jobs(port);
    this.checkpoints = new Checkpoints({
      self,
      faults,
      port,
      jobs: this.#jobs,
      window: 16,
      period,
      proven: ({ seq }) => void this.proven.push(seq),
    });
  }

  effects(): Effect[] {
    return this.#effects.splice(0);
  }

  sent(): string[] {
    return this.effects().flatMap((effect) => {
      if (effect.type === "send") return [`${effect.message.constructor.name} to ${effect.to}`];
      return effect.type === "broadcast" ? [`${effect.message.constructor.name} to all`] : [];
    });
  }

  take(seq: number, root = OURS): void {
    this.checkpoints.onTaken(seq, root);
    for (const effect of this.#effects.filter(({ type }) => type === "certify")) {
      if (effect.type !== "certify") continue;
      this.#effects.splice(this.#effects.indexOf(effect), 1);
      const certificate = new Uint8Array(0);
      this.#jobs.complete(effect.job.ticket, { type: "certified", share: Uint8Array.of(9), certificate });
    }
  }

  sig(from: number, seq: number, root = OURS): void {
    this.checkpoints.onCheckpointSig(from, new CheckpointSig({ seq, root, share: Uint8Array.of(from) }));
  }

  combine(aggregate: Uint8Array | null, ...culprits: number[]): number[] {
    const effect = this.effects().find(({ type }) => type === "combine");
    if (effect?.type !== "combine") return [];
    this.#jobs.complete(effect.job.ticket, { type: "combined", aggregate, culprits });
    return effect.shares.map(({ signer }) => signer);
  }
}

const proof = (seq: number, root = OURS): CheckpointProof =>
  new CheckpointProof({ seq, root, aggregate: new Uint8Array(48) });

test("a share goes to the collector, another one for every checkpoint", () => {
  const stage = new Stage(1);
  stage.take(4);
  expect(stage.sent()).toEqual(["CheckpointSig to 2"]);
  stage.take(8);
  expect(stage.sent()).toEqual(["CheckpointSig to 4"]);
  expect(stage.checkpoints.waiting).toBe(true);
});

test("collectors take turns although the period and n share a divisor, and no neighbours one after the other", () => {
  const stage = new Stage(1, N * 2);
  for (let count = 1; count <= N; count += 1) stage.take(N * 2 * count);
  expect(stage.sent()).toEqual([3, 4, 2, 0].map((collector) => `CheckpointSig to ${collector}`)); // The second is its own.
});

test("the collector makes f + 1 equal shares a proof, which makes it stable everywhere", () => {
  const collector = new Stage(4);
  collector.sig(1, 4);
  collector.sig(2, 4, OTHER);
  collector.take(4);
  collector.sig(3, 4);
  expect(collector.combine(new Uint8Array(48))).toEqual([1, 3, 4]);
  expect(collector.sent()).toEqual(["CheckpointProof to all"]);
  expect(collector.proven).toEqual([4]);

  const other = new Stage(0);
  other.take(4);
  other.checkpoints.onCheckpointProof(proof(4));
  expect(other.proven).toEqual([4]);
  expect(other.checkpoints.waiting).toBe(false);
});

test("a proof covers older checkpoints as they are taken, and is said once", () => {
  const stage = new Stage(0);
  stage.take(4);
  stage.checkpoints.onCheckpointProof(proof(12));
  const settled = [stage.checkpoints.settled];
  for (const seq of [8, 12]) {
    stage.take(seq);
    settled.push(stage.checkpoints.settled);
  }
  expect(settled).toEqual([4, 8, 12]);
  expect(stage.checkpoints.waiting).toBe(false);
  expect(stage.proven).toEqual([12]);
});

test("the ladder: a collector that withholds is passed over, for more each time, and at last everybody is told", () => {
  const stage = new Stage(1);
  stage.take(4);
  stage.sent();
  const steps = Array.from({ length: 4 }, () => {
    stage.checkpoints.tick();
    return stage.sent().join();
  });
  // The third time for two, one of which is the replica itself.
  expect(steps).toEqual(["", "CheckpointSig to 0", "CheckpointSig to 3", "CheckpointSig to all"]);
});

test("a collector that left us waiting is passed over next time, until it is heard of", () => {
  const stage = new Stage(1);
  stage.take(4);
  stage.checkpoints.tick();
  stage.checkpoints.tick();
  stage.checkpoints.onCheckpointProof(proof(4));
  stage.sent();
  stage.take(9);
  expect(stage.sent()).toEqual(["CheckpointSig to 0"]); // Its turn is 2's.
  stage.checkpoints.onCheckpointProof(proof(9));
  stage.sig(2, 14);
  stage.take(14);
  expect(stage.sent()).toEqual(["CheckpointSig to 2"]);
});

test("a collector whose checkpoint is covered by a later one is passed over too", () => {
  const stage = new Stage(1);
  stage.take(4);
  stage.take(5);
  stage.checkpoints.onCheckpointProof(proof(5));
  stage.sent();
  stage.take(9);
  expect(stage.sent()).toEqual(["CheckpointSig to 0"]);
});

test("a bad share is left out and its sender reported", () => {
  const stage = new Stage(4);
  stage.take(4);
  stage.sig(1, 4);
  stage.sig(2, 4);
  stage.combine(null, 1);
  expect(stage.effects()).toContainEqual({ type: "report", peer: 1, reason: Misbehaviour.BadShare });
  stage.sig(3, 4);
  expect(stage.combine(new Uint8Array(48))).toEqual([2, 3, 4]);
  expect(stage.proven).toEqual([4]);
});

test("a proven state that is not ours must stop us: our service is not deterministic, or our memory is broken", () => {
  const after = new Stage(0);
  after.take(4);
  expect(() => after.checkpoints.onCheckpointProof(proof(4, OTHER))).toThrow(InvariantViolation);
  const before = new Stage(0);
  before.checkpoints.onCheckpointProof(proof(4, OTHER));
  expect(() => before.take(4)).toThrow(InvariantViolation);
});

test("a straggler's share is answered by the proof", () => {
  const stage = new Stage(0);
  stage.take(4);
  stage.checkpoints.onCheckpointProof(proof(4));
  stage.sent();
  stage.sig(3, 4);
  expect(stage.sent()).toEqual(["CheckpointProof to 3"]);
  stage.sig(3, 2);
  expect(stage.sent()).toEqual([]);
});

test("shares far ahead are refused, and an older proof changes nothing", () => {
  const stage = new Stage(0);
  stage.sig(1, 17);
  expect(stage.effects()).toEqual([{ type: "report", peer: 1, reason: Misbehaviour.OutsideWatermarks }]);
  stage.checkpoints.onCheckpointProof(proof(8));
  stage.checkpoints.onCheckpointProof(proof(4));
  expect(stage.checkpoints.proof?.seq).toBe(8);
  expect(stage.proven).toEqual([8]);
});

test("after a restart the checkpoint is vouched for again, and a newer proof of a peer will do", () => {
  const stage = new Stage(1);
  stage.checkpoints.startFrom(4, OURS);
  expect(stage.checkpoints.waiting).toBe(true);
  stage.checkpoints.onCheckpointProof(proof(8));
  expect(stage.checkpoints.settled).toBe(4);
  expect(stage.checkpoints.waiting).toBe(false);
});

test("sbft.md 6: where replicas may lie about all, f + 1 shares make nothing stable: a quorum's do", () => {
  const stage = new Stage(0, 1, FaultModel.byzantine(7));
  stage.take(1);
  for (const from of [1, 2, 3]) stage.sig(from, 1);
  expect(stage.combine(Uint8Array.of(7))).toEqual([]);
  stage.sig(4, 1);
  expect(stage.combine(Uint8Array.of(7))).toEqual([0, 1, 2, 3, 4]);
  expect(stage.proven).toEqual([1]);
});
