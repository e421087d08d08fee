import type { Effect } from "@destiny/core/effects/effects";
import { type Message, MessageKind, Pull, Status, Vote } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { Amplification, ANSWERS_MAX, ECHOES_MAX } from "./amplification.ts";
import { Fingerprints } from "./fingerprint.ts";
import { digest, trippedBy } from "./test-bed.ts";

const share = new Uint8Array(0);
const vote = (seq: number): Vote =>
  new Vote({ kind: MessageKind.CommitSig, view: 0, seq, digest: digest("a"), share });

/** Two replicas; replica 0's timer makes it send, and from then on each answers as it is told. */
function bounce(oracle: Amplification, times: number, say: (time: number) => Message): () => void {
  return () => {
    oracle.stepping(0, { type: "own" });
    for (let time = 0; time < times; time += 1) {
      const from = time % 2;
      const to = 1 - from;
      const message = say(time);
      const effect: Effect = { type: "send", instance: 1, to, message };
      oracle.asked(from, effect);
      oracle.left(from, effect);
      oracle.sent({ from, to, instance: 1, content: message });
      oracle.stepping(to, { type: "message", from, instance: 1, message });
    }
  };
}

const watch = (faulty: readonly number[] = [], partitioned = false): Amplification =>
  new Amplification({ n: 2, faulty: new Set(faulty), slots: 4, partitioned: () => partitioned });

test("L8: two replicas that tell each other the same for ever are noticed", () => {
  const same = (): Message => vote(1);
  expect(trippedBy(bounce(watch(), ECHOES_MAX + 2, same))).toBeNull();
  expect(trippedBy(bounce(watch(), ECHOES_MAX + 4, same))).toBe("L8 amplification");
});

test("L8: it is no echo if a timer begins it, if it is new, or if a faulty replica takes part", () => {
  const oracle = watch();
  for (let time = 0; time < 50; time += 1) expect(trippedBy(bounce(oracle, 2, () => vote(1)))).toBeNull();
  expect(trippedBy(bounce(watch(), 200, vote))).toBeNull();
  expect(trippedBy(bounce(watch([1]), 200, () => vote(1)))).toBeNull();
});

test("L8: when nothing is left to do, new answers to answers without end are noticed too", () => {
  const oracle = watch();
  oracle.rest();
  expect(trippedBy(bounce(oracle, ANSWERS_MAX, vote))).toBeNull();
  expect(trippedBy(bounce(oracle, ANSWERS_MAX + 2, (time) => vote(100 + time)))).toBe("L8 amplification");
});

test("L8: a row goes on through a job that the answer takes", () => {
  const oracle = watch();
  const job = { instance: 1, ticket: 1 };
  const certify: Effect = {
    type: "certify",
    job,
    claim: { type: "statement", instance: 1, message: share },
  };
  const round = (): void => {
    const effect: Effect = { type: "send", instance: 1, to: 1, message: vote(1) };
    oracle.asked(0, certify);
    oracle.stepping(0, { type: "own" });
    oracle.stepping(0, { type: "job", job });
    oracle.asked(0, effect);
    oracle.left(0, effect);
    oracle.sent({ from: 0, to: 1, instance: 1, content: effect.message });
    oracle.stepping(0, { type: "message", from: 0, instance: 1, message: effect.message });
  };
  oracle.stepping(1, { type: "own" });
  oracle.stepping(0, { type: "message", from: 1, instance: 1, message: vote(9) });
  const rounds = (): void => {
    // What it said to 1 comes back from 1.
    for (let i = 0; i < ECHOES_MAX + 2; i += 1) {
      round();
      oracle.stepping(1, { type: "message", from: 0, instance: 1, message: vote(1) });
      const back: Effect = { type: "send", instance: 1, to: 0, message: vote(1) };
      oracle.asked(1, back);
      oracle.left(1, back);
      oracle.sent({ from: 1, to: 0, instance: 1, content: vote(1) });
      oracle.stepping(0, { type: "message", from: 1, instance: 1, message: vote(1) });
    }
  };
  expect(trippedBy(rounds)).toBe("L8 amplification");
});

test("L8: one event that sends more than there is to say is noticed", () => {
  const oracle = watch();
  oracle.stepping(0, { type: "own" });
  const pull: Effect = { type: "broadcast", instance: 1, message: new Pull(1, 1, false) };
  const act = (): void => {
    for (let i = 0; i < 31; i += 1) oracle.asked(0, pull);
  };
  expect(trippedBy(act)).toBe("L8 amplification");
});

test("L8: who restarts may say what is open in each of its instances; what a message brings about is of one", () => {
  const pull: Effect = { type: "broadcast", instance: 1, message: new Pull(1, 1, false) };
  const burst = (count: number, isRestart: boolean) => (): void => {
    const oracle = watch([], true);
    if (isRestart) oracle.stepping(0, { type: "own" });
    else oracle.stepping(0, { type: "message", from: 1, instance: 1, message: pull.message });
    for (let i = 0; i < count; i += 1) oracle.asked(0, pull);
  };
  expect(trippedBy(burst(90, true))).toBeNull();
  expect(trippedBy(burst(91, true))).toBe("L8 amplification");
  expect(trippedBy(burst(30, false))).toBeNull();
  expect(trippedBy(burst(31, false))).toBe("L8 amplification");
});

test("a fingerprint is of what a message says, not of the object", () => {
  const prints = new Fingerprints();
  const status = (decided: readonly number[]): Status =>
    new Status({ executed: 1, stable: 0, decided, views: [] });
  expect(prints.of(vote(1))).toBe(prints.of(vote(1)));
  expect(prints.of(vote(1))).not.toBe(prints.of(vote(2)));
  expect(prints.of(status([1, 2]))).not.toBe(prints.of(status([12])));
});
