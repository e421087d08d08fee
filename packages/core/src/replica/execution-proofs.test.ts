import { hash } from "node:crypto";
import { expect, test } from "vitest";
import type { Effect } from "../effects/effects.ts";
import { Jobs } from "../effects/jobs.ts";
import { Port } from "../effects/port.ts";
import { FaultModel } from "../kernel/fault-model.ts";
import { ROOT } from "../kernel/ids.ts";
import { Misbehaviour } from "../kernel/misbehaviour.ts";
import { noop } from "../wire/batch.ts";
import { ExecProof, ExecSig } from "../wire/messages.ts";
import { ExecutionProofs } from "./execution-proofs.ts";

const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");

const N = 5;
const OURS = "r".repeat(32);
const OTHER = "o".repeat(32);
const share = (of: number): Uint8Array => Uint8Array.of(of);

/** One replica's proofs, with the driver played by the test. */
class Stage {
  readonly proven: number[] = [];
  readonly proofs: ExecutionProofs;
  readonly #jobs: Jobs;
  readonly #effects: Effect[] = [];

  constructor(self: number) {
    const port = new Port({ push: (effect) => void this.#effects.push(effect) }, ROOT);
    this.#jobs = new Jobs(port);
    this.proofs = new ExecutionProofs({
      self,
      faults: FaultModel.hybrid(N),
      port,
      jobs: this.#jobs,
      window: 8,
      entriesMax: 4,
      proven: ({ seq }) => void this.proven.push(seq),
    });
  }

  /** What was asked for since the last time. */
  effects(): Effect[] {
    return this.#effects.splice(0);
  }

  /** Whom shares and proofs went to since the last time: "all" for a broadcast. */
  sent(): string[] {
    return this.effects().flatMap((effect) => {
      if (effect.type === "send") return [`${effect.message.constructor.name} to ${effect.to}`];
      return effect.type === "broadcast" ? [`${effect.message.constructor.name} to all`] : [];
    });
  }

  execute(seq: number, entry = 0, coordinator = 0): void {
    const answered = [{ client: "c".repeat(32), timestamp: 1, reply: null }];
    this.proofs.onExecuted({ seq, entry, coordinator, value: noop(digestOf) }, { root: OURS, answered });
    this.certify();
  }

  certify(): void {
    for (const effect of this.effects()) {
      if (effect.type !== "certify") continue;
      this.#jobs.complete(effect.job.ticket, {
        type: "certified",
        share: share(9),
        certificate: new Uint8Array(0),
      });
    }
  }

  sig(from: number, seq: number, root = OURS, entry = 0): void {
    this.proofs.onExecSig(from, new ExecSig({ seq, entry, root, share: share(from) }));
  }

  /** Ends the combine job that was asked for. Returns whose shares it had. */
  combine(aggregate: Uint8Array | null, ...culprits: number[]): number[] {
    const effect = this.effects().find(({ type }) => type === "combine");
    if (effect?.type !== "combine") return [];
    this.#jobs.complete(effect.job.ticket, { type: "combined", aggregate, culprits });
    return effect.shares.map(({ signer }) => signer);
  }
}

const proof = (seq: number, root = OURS): ExecProof => {
  return new ExecProof({ seq, entry: 0, root, aggregate: new Uint8Array(48) });
};

test("a replica sends its share to the coordinator of the entry, and waits", () => {
  const stage = new Stage(1);
  stage.execute(1, 0, 3);
  expect(stage.sent()).toEqual(["ExecSig to 3"]);
  expect(stage.proofs.waiting).toBe(true);
});

test("the coordinator combines f + 1 equal shares, its own among them, and gives the proof to all", () => {
  const stage = new Stage(0);
  stage.execute(1);
  stage.sig(1, 1);
  stage.sig(2, 1, OTHER);
  expect(stage.effects()).toEqual([]);
  stage.sig(4, 1);
  expect(stage.combine(new Uint8Array(48))).toEqual([0, 1, 4]);
  expect(stage.sent()).toEqual(["ExecProof to all"]);
  expect(stage.proven).toEqual([1]);
  expect(stage.proofs.waiting).toBe(false);
  expect(stage.proofs.proof(1, 0)?.root).toBe(OURS);
});

test("shares that come before the execution are kept; it says which of them count", () => {
  const stage = new Stage(0);
  for (const [from, root] of [
    [1, OTHER],
    [2, OURS],
    [3, OURS],
  ] as const)
    stage.sig(from, 2, root);
  expect(stage.effects()).toEqual([]);
  stage.execute(2);
  expect(stage.combine(new Uint8Array(48))).toEqual([0, 2, 3]);
  expect(stage.proven).toEqual([2]);
});

test("shares for an entry behind the one that blocks a slot are kept too", () => {
  const stage = new Stage(0);
  stage.execute(3, 0, 1);
  stage.sent();
  for (const from of [1, 2]) stage.sig(from, 3, OURS, 1);
  stage.proofs.onExecuted(
    { seq: 3, entry: 1, coordinator: 0, value: noop(digestOf) },
    { root: OURS, answered: [] },
  );
  const certify = stage.effects().filter(({ type }) => type === "certify");
  expect(certify).toHaveLength(1);
  stage.sig(4, 3, OURS, 1);
  expect(stage.combine(new Uint8Array(48))).toEqual([1, 2, 4]);
});

test("a bad share is left out and its sender reported; with enough others there is a proof", () => {
  const stage = new Stage(0);
  stage.execute(1);
  for (const from of [1, 2]) stage.sig(from, 1);
  expect(stage.combine(null, 2)).toEqual([0, 1, 2]);
  expect(stage.effects()).toEqual([{ type: "report", peer: 2, reason: Misbehaviour.BadShare }]);
  stage.sig(3, 1);
  expect(stage.combine(new Uint8Array(48))).toEqual([0, 1, 3]);
  expect(stage.proven).toEqual([1]);
});

test("the ladder: nothing at the first tick, then rank after rank, past rank f everybody and ever more rarely", () => {
  const stage = new Stage(1);
  stage.execute(1, 0, 3);
  stage.sent();
  const steps = Array.from({ length: 12 }, () => {
    stage.proofs.tick();
    return stage.sent().join();
  });
  const all = "ExecSig to all";
  expect(steps).toEqual(["", "ExecSig to 4", "ExecSig to 0", "", all, "", "", "", all, "", "", ""]);
});

test("a proof of the coordinator ends the wait; one of another replica only when its rank has had its turn", () => {
  const stage = new Stage(1);
  stage.execute(1, 0, 3);
  stage.proofs.onExecProof(4, proof(1));
  expect(stage.proofs.waiting).toBe(true);
  for (let i = 0; i < 2; i += 1) stage.proofs.tick();
  stage.proofs.onExecProof(4, proof(1));
  expect(stage.proofs.waiting).toBe(false);

  stage.execute(2, 0, 3);
  stage.proofs.onExecProof(3, proof(2));
  expect(stage.proofs.waiting).toBe(false);
});

test("a proof that came before the execution ends the wait at once", () => {
  const stage = new Stage(1);
  stage.proofs.onExecProof(0, proof(1));
  stage.execute(1);
  expect(stage.proofs.waiting).toBe(false);
  expect(stage.sent()).toEqual(["ExecSig to 0"]); // All the same: others may need it.
});

test("a proof of other results than ours is not believed, and reported", () => {
  const stage = new Stage(1);
  stage.execute(1);
  stage.sent();
  stage.proofs.onExecProof(0, proof(1, OTHER));
  expect(stage.effects()).toEqual([{ type: "report", peer: 0, reason: Misbehaviour.WrongResult }]);
  expect(stage.proofs.waiting).toBe(true);
});

test("who sends its share again, or to another than the coordinator, is sent the proof", () => {
  const coordinator = new Stage(0);
  coordinator.execute(1);
  for (const from of [1, 2]) coordinator.sig(from, 1);
  coordinator.combine(new Uint8Array(48));
  coordinator.sent();
  coordinator.sig(3, 1);
  expect(coordinator.sent()).toEqual([]); // Late, and served by the broadcast.
  coordinator.sig(3, 1);
  expect(coordinator.sent()).toEqual(["ExecProof to 3"]);

  const other = new Stage(1);
  other.execute(1);
  other.proofs.onExecProof(0, proof(1));
  other.sent();
  other.sig(3, 1);
  expect(other.sent()).toEqual(["ExecProof to 3"]);
});

test("shares far ahead, or for an entry that no slot has, are refused", () => {
  const stage = new Stage(0);
  stage.sig(1, 9);
  stage.sig(1, 1, OURS, 4);
  expect(stage.effects().map((effect) => effect.type === "report" && effect.reason)).toEqual([
    Misbehaviour.OutsideWatermarks,
    Misbehaviour.OutsideWatermarks,
  ]);
  stage.sig(1, 8);
  expect(stage.effects()).toEqual([]);
});

test("what is retired is forgotten, and a job that ends later upsets nothing", () => {
  const stage = new Stage(0);
  stage.execute(1);
  stage.execute(2);
  for (const from of [1, 2]) stage.sig(from, 1);
  stage.proofs.retire(1);
  expect(stage.combine(new Uint8Array(48))).toEqual([0, 1, 2]);
  expect(stage.proofs.waiting).toBe(true); // For the other one.
  expect(stage.proofs.proof(1, 0)).toBeNull();
  for (const from of [1, 2]) stage.sig(from, 2);
  stage.combine(new Uint8Array(48));
  expect(stage.proofs.waiting).toBe(false);
});

test("after a restart the window starts at the checkpoint", () => {
  const stage = new Stage(0);
  stage.proofs.startFrom(100);
  stage.sig(1, 101);
  stage.sig(1, 108);
  expect(stage.effects()).toEqual([]);
  stage.sig(1, 109);
  expect(stage.effects()).toHaveLength(1);
});
