import { FaultModel } from "@destiny/core/kernel/fault-model";
import { type Message, MessageKind } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { type Decision, faultyIn } from "../plan/decisions.ts";
import { run } from "../run/run.ts";
import { playSeeds } from "./campaign.ts";
import { describeFinding, isPromised, type Replayed } from "./replay.ts";
import { shrink } from "./shrink.ts";
import { planOf, playPlan, subjectOf } from "./subject.ts";

const NAMES = ["single-sbft", "dqsbft"] as const;

const dead = (replica: number): Decision => ({ kind: "dead", replica, at: 0 });

test.each(NAMES)(
  "%s: whatever goes wrong beside one slow replica, no oracle sees anything",
  (protocol) => {
    const { failures } = playSeeds(subjectOf({ protocol, n: 6, slow: 1 }), { first: 1, last: 3 });
    expect(failures).toEqual([]);
  },
  120_000,
);

/** How many messages of a kind replicas send each other where replica 5 is down from the start. */
function sentWithoutOne(slow: number, kind: MessageKind): number {
  const subject = subjectOf({ protocol: "single-sbft", n: 6, slow });
  const plan = planOf(subject, 1);
  const commands = plan.decisions.filter((decision) => decision.kind === "command");
  let count = 0;
  const sent = ({ content }: { readonly content: object }): void => {
    if ((content as Partial<Message>).kind === kind) count += 1;
  };
  const { finding } = run({
    plan: { ...plan, decisions: [dead(5), ...commands] },
    protocol: subject.protocol,
    watchers: () => [{ sent }],
  });
  expect(finding).toBeNull();
  return count;
}

test("with c = 1 a campaign's clusters decide fast without one replica, and oracles hold them to n - c", () => {
  expect(sentWithoutOne(0, MessageKind.SbftFast)).toBe(0);
  expect(sentWithoutOne(1, MessageKind.SbftFast)).toBeGreaterThan(0);
});

test("the canary: a fast path that does without one more than c is caught", () => {
  const subject = subjectOf({ protocol: "single-sbft", n: 8, slow: 1 });
  const faults = (n: number, slow = 0): FaultModel => FaultModel.byzantine(n, slow + 1);
  const { failures } = playSeeds(
    { ...subject, protocol: { ...subject.protocol, faults } },
    { first: 1, last: 2 },
  );
  expect(failures[0]?.finding?.oracle).toBe("S3 certificate soundness");
});

test("slow replicas take from f: seven replicas bear two faults, or one beside a slow one", () => {
  const most = (slow: number): number => {
    const subject = subjectOf({ protocol: "single-sbft", n: 7, slow });
    const counts = Array.from({ length: 200 }, (_, seed) => faultyIn(planOf(subject, seed).decisions).size);
    return Math.max(...counts);
  };
  expect(most(0)).toBe(2);
  expect(most(1)).toBe(1);
});

test("without slow replicas a seed is what it was, and with them another run", () => {
  const { protocol } = subjectOf({ protocol: "single-sbft", n: 6, slow: 0 });
  const hash = (slow?: number): string => {
    const subject = slow === undefined ? { protocol, n: 6 } : { protocol, n: 6, slow };
    return playPlan(subject, planOf(subject, 3)).traceHash;
  };
  expect(hash(0)).toBe(hash());
  expect(hash(1)).not.toBe(hash());
});

test("shrinking keeps c, and with it no fewer replicas than bear the faults that are left", () => {
  const subject = subjectOf({ protocol: "single-sbft", n: 8, slow: 1 });
  const drawn = { ...planOf(subject, 1), decisions: [dead(7)] };
  const small = shrink(drawn, (plan) => isPromised(subject, plan) && faultyIn(plan.decisions).size === 1);
  expect(small).toMatchObject({ n: 6, parameters: { slowReplicas: 1 } });
  expect(isPromised(subject, { ...small, decisions: [dead(0), dead(1)] })).toBe(false);
});

test("what is told of a violation names the slow replicas, where there are any", () => {
  const told = (slow: number): string => {
    const plan = planOf(subjectOf({ protocol: "single-sbft", n: 6, slow }), 1);
    const finding = { oracle: "S1 agreement", message: "they differ", at: 0, event: 0 } as const;
    const trace = { seed: 1, traceHash: "", finding, shrunkFinding: finding };
    const replayed: Replayed = { ...trace, plan, decisions: [], decisionsDrawn: 9 };
    return describeFinding(replayed);
  };
  expect(told(1)).toContain("to 6 replicas (1 slow), ");
  expect(told(0)).toContain("to 6 replicas, ");
});
