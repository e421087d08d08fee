import { expect, test } from "vitest";
import type { Effect } from "../../effects/effects.ts";
import { Port } from "../../effects/port.ts";
import { FaultModel } from "../../kernel/fault-model.ts";
import type { ReplicaId, View } from "../../kernel/ids.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import { SlotRing } from "../../kernel/slot-ring.ts";
import { proofOf } from "../../wire/hybster.ts";
import { type Certificate, type Message, MessageKind, Proposal, Pull, Vote } from "../../wire/messages.ts";
import { Value } from "../../wire/value.ts";
import { makeShare } from "../shared/signed-share.ts";
import type { Around } from "../shared/trusted/phase.ts";
import { CommitPhase } from "./commit-phase.ts";
import type { Slot } from "./slot.ts";

const NOTHING = new Uint8Array(0);
const value = Value.of(Uint8Array.of(1, 2, 3), () => "a".repeat(32));
const signature = (signer: ReplicaId): Uint8Array => Uint8Array.of(signer, 7);

/** A proposal of a view, certified by its primary or a draft. */
function prepare(view: View, digest = value.digest, certificate: Uint8Array = Uint8Array.of(9)): Proposal {
  const fields = { kind: MessageKind.Prepare, view, seq: 1, digest, extension: 4 };
  return new Proposal({ ...fields, certificate, share: NOTHING, value, evidence: [] });
}

function commit(signer: ReplicaId, view: View, digest = value.digest, seq = 1): Vote {
  const share = makeShare(signer, signature(signer));
  return new Vote({ kind: MessageKind.HybsterCommit, view, seq, digest, share });
}

/** One replica's second phase, in a base of its own. */
class Stage {
  readonly effects: Effect[] = [];
  readonly committed: Certificate[] = [];
  readonly pursued: number[] = [];
  readonly ahead: View[] = [];
  readonly phase: CommitPhase;
  readonly slots: SlotRing<Slot>;

  constructor(n: number, self: ReplicaId, baseView = 0) {
    const slots = new SlotRing<Slot>(8, (seq) => this.phase.slot(seq));
    const port = new Port({ push: (effect) => void this.effects.push(effect) }, 0);
    const around: unknown = {
      context: { self, instance: 0, home: 0, faults: FaultModel.hybrid(n), port },
      place: { baseView, primary: (view: View) => view % n },
      slots,
      pursue: (seq: number) => void this.pursued.push(seq),
      ahead: (view: View) => void this.ahead.push(view),
      commit: (certificate: Certificate) => {
        slots.claim(certificate.seq).commit = certificate;
        this.committed.push(certificate);
      },
    };
    this.slots = slots;
    this.phase = new CommitPhase(around as Around<Slot>);
  }

  get slot(): Slot {
    return this.slots.claim(1);
  }

  vote(...votes: readonly Vote[]): void {
    for (const each of votes) this.phase.onVote(1, each);
  }

  /** The subsystem has certified the slot's proposal. */
  sign(): void {
    this.phase.onSigned(this.slot, { certificate: signature(2) });
  }

  sent(): string[] {
    return this.effects.splice(0).flatMap((effect) => {
      if (effect.type === "send") return [`${effect.to}: ${nameOf(effect.message)}`];
      return effect.type === "broadcast" ? [`all: ${nameOf(effect.message)}`] : [];
    });
  }
}

function nameOf(message: Message): string {
  if (message instanceof Pull) return message.values ? "pull" : "pull certificates";
  if (message instanceof Proposal) return message.value === null ? "header" : "proposal";
  return message.kind === MessageKind.HybsterCommit ? "commit" : "certificate";
}

test.each([
  [3, 1],
  [4, 2],
  [5, 2],
  [6, 3],
  [7, 3],
])("4, n = %i: a Prepare and %i Commits decide, one less does not", (n, needed) => {
  const stage = new Stage(n, 0);
  stage.slot.proposal = prepare(0);
  const votes = Array.from({ length: needed }, (_, i) => commit(i + 1, 0));
  stage.vote(...votes.slice(1));
  stage.vote(...votes.slice(1)); // Again: nobody has two.
  expect(stage.committed).toEqual([]);
  stage.vote(...votes.slice(0, 1));
  expect(stage.committed).toHaveLength(1);
  const [certificate] = stage.committed;
  expect(certificate).toMatchObject({ view: 0, seq: 1, digest: value.digest, extension: 4 });
  const signers = Array.from({ length: needed }, (_, i) => i + 1);
  expect(certificate === undefined ? null : proofOf(certificate)).toEqual({
    prepare: Uint8Array.of(9),
    commits: signers.map((signer) => ({ signer, signature: signature(signer) })),
  });
});

test("4: a backup's own Commit is one of them, a primary's Prepare is its own", () => {
  const backup = new Stage(3, 2);
  backup.slot.proposal = prepare(0);
  backup.sign();
  backup.phase.sendVote(backup.slot);
  backup.phase.conclude(backup.slot);
  expect(backup.sent()).toEqual(["all: commit"]);
  expect(backup.committed).toHaveLength(1);

  const primary = new Stage(3, 0);
  primary.slot.proposal = prepare(0);
  primary.sign();
  primary.phase.conclude(primary.slot);
  expect(primary.committed).toEqual([]);
  expect(primary.slot.commits.size).toBe(0);
});

test("2: the primary certifies a Prepare, all others a Commit, and none of them asks for a share", () => {
  const [primary, backup] = [new Stage(3, 1), new Stage(3, 0)];
  const proposal = prepare(1);
  expect(primary.phase.claim(proposal)).toMatchObject({ type: "unique", value: { view: 1, seq: 1 } });
  expect(backup.phase.claim(proposal)).toMatchObject({ type: "unique", value: { view: 1, seq: 1 } });
  expect(primary.phase.claim(proposal).message).not.toEqual(backup.phase.claim(proposal).message);
  expect(backup.phase.claim(prepare(1)).message).toEqual(backup.phase.claim(proposal).message);
});

test("4: a draft that is not certified decides nothing", () => {
  const stage = new Stage(3, 0);
  stage.slot.proposal = prepare(0, value.digest, NOTHING);
  stage.vote(commit(1, 0));
  expect(stage.committed).toEqual([]);
  stage.slot.proposal = prepare(0);
  stage.phase.conclude(stage.slot);
  expect(stage.committed).toHaveLength(1);
});

test("4: what is decided in a view of others is decided here: an earlier one, and one that is not entered", () => {
  for (const [view, place] of [
    [0, "elder"],
    [2, "proposal"],
    [4, "later"],
  ] as const) {
    const stage = new Stage(5, 0, 2);
    stage.slot[place] = prepare(view);
    stage.vote(commit(1, view), commit(3, view));
    expect(stage.committed, place).toMatchObject([{ view }]);
    expect(stage.ahead).toEqual(view > 2 ? [view, view] : []);
  }
});

test("3: Commits of two views are never added up", () => {
  const stage = new Stage(5, 3, 2);
  stage.slot.elder = prepare(0);
  stage.slot.proposal = prepare(2);
  stage.vote(commit(1, 0), commit(4, 2));
  expect(stage.committed).toEqual([]);
  stage.vote(commit(0, 2));
  expect(stage.committed).toMatchObject([{ view: 2 }]);
});

test("3: a Prepare of one view is none of another", () => {
  const stage = new Stage(3, 0, 1);
  stage.slot.elder = prepare(0);
  stage.vote(commit(2, 1));
  expect(stage.committed).toEqual([]);
  expect(stage.pursued).toEqual([1]); // It must have the Prepare: ask.
});

test("4: a Commit before its Prepare waits for it, and makes its receiver ask", () => {
  const stage = new Stage(3, 2);
  stage.vote(commit(1, 0));
  expect(stage.pursued).toEqual([1]);
  stage.slot.proposal = prepare(0);
  stage.phase.conclude(stage.slot);
  expect(stage.committed).toHaveLength(1);
});

test("4: a Commit for something else counts for nothing, and a second one is a broken subsystem's", () => {
  const stage = new Stage(3, 0);
  stage.slot.proposal = prepare(0);
  stage.vote(commit(1, 0, "b".repeat(32)), commit(1, 0));
  expect(stage.committed).toEqual([]);
  const reports = stage.effects.filter(({ type }) => type === "report");
  expect(reports).toEqual([{ type: "report", peer: 1, reason: Misbehaviour.Equivocation }]);
});

test("2: anybody may relay a Commit, which is its signer's", () => {
  const stage = new Stage(5, 0);
  stage.slot.proposal = prepare(0);
  stage.phase.onVote(3, commit(1, 0));
  stage.phase.onVote(4, commit(1, 0));
  expect(stage.committed).toEqual([]);
  stage.phase.onVote(3, commit(4, 0));
  expect(stage.committed).toHaveLength(1);
});

test("a Commit below the window is late, one above it makes us follow", () => {
  const stage = new Stage(3, 2);
  stage.slots.advance(3);
  stage.vote(commit(1, 0), commit(1, 0, value.digest, 3), commit(1, 0, value.digest, 12));
  expect(stage.pursued).toEqual([12]);
  expect(stage.slots.find(1)).toBeUndefined();
});

test("whoever pulls gets the Prepare and our Commit, or what decides", () => {
  const stage = new Stage(3, 2);
  expect(stage.phase.answer(1, stage.slot, true)).toBe(0);
  expect(stage.sent()).toEqual([]);
  stage.slot.proposal = prepare(0);
  expect(stage.phase.answer(1, stage.slot, true)).toBe(3);
  stage.sign();
  stage.phase.answer(1, stage.slot, false);
  expect(stage.sent()).toEqual(["1: proposal", "1: commit"]);
  stage.phase.conclude(stage.slot);
  stage.phase.answer(1, stage.slot, true);
  expect(stage.sent()).toEqual(["1: proposal", "1: certificate"]);
});

test("what a waiting slot gets: our own word again, and questions to more and more", () => {
  const backup = new Stage(9, 2);
  backup.phase.help(backup.slot, 1);
  expect(backup.sent()).toEqual(["0: pull", "1: pull"]);
  backup.phase.help(backup.slot, 2);
  expect(backup.sent()).toEqual(["0: pull", "1: pull", "3: pull"]); // Not itself.
  backup.phase.help(backup.slot, 3);
  expect(backup.sent()).toEqual(["all: pull"]);
  backup.slot.proposal = prepare(0);
  backup.sign();
  backup.phase.help(backup.slot, 1);
  expect(backup.sent()).toEqual(["all: commit", "all: pull certificates"]);

  const primary = new Stage(9, 0);
  primary.slot.proposal = prepare(0, value.digest, NOTHING);
  primary.phase.help(primary.slot, 1);
  primary.slot.proposal = prepare(0);
  primary.phase.help(primary.slot, 1);
  expect(primary.sent()).toEqual(["all: pull certificates", "all: header", "all: pull certificates"]);
});
