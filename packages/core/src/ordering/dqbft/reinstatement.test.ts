import { hash } from "node:crypto";
import { beforeEach, expect, test } from "vitest";
import { GENESIS_MEMBERS } from "../../agreement/agreement.ts";
import { FaultModel } from "../../kernel/fault-model.ts";
import { Challenge, Health, Reinstate, Rejoin } from "../../wire/composition.ts";
import { FakeSurroundings } from "./fake-instances.ts";
import { Reinstatement } from "./reinstatement.ts";

const SELF = 2;
const REJOIN = 5;
const GRANT = 16;
const faults = FaultModel.hybrid(5);
let around: FakeSurroundings;
let granted: number[];
let stable: number;
let reinstatement: Reinstatement;

beforeEach(() => {
  around = new FakeSurroundings(faults);
  granted = [];
  stable = 0;
  reinstatement = new Reinstatement({
    ...around,
    self: SELF,
    faults,
    hash: (bytes) => hash("sha256", bytes, "binary"),
    rejoinTimer: REJOIN,
    grantTimer: GRANT,
    delay: 100,
    members: GENESIS_MEMBERS,
    executed: () => 40,
    stable: () => stable,
    granted: (instance) => void granted.push(instance),
  });
});

const vote = (signer: number, view = 5, instance = 1): Reinstate =>
  new Reinstate({ instance, view, signer, certificate: Uint8Array.of(signer) });

/** Completes the signature that was asked for. */
function sign(): void {
  const effect = around.effects.find(({ type }) => type === "certify");
  if (effect?.type !== "certify") throw new Error("nothing to sign");
  around.effects.length = 0;
  const bytes = Uint8Array.of(SELF);
  around.jobs.complete(effect.job.ticket, { type: "certified", share: bytes, certificate: bytes });
}

const timers = (timer: number): number[] =>
  around.effects.flatMap((effect) =>
    effect.type === "set-timer" && effect.timer === timer ? [effect.delay] : [],
  );

test("a replica whose D-instance is in a foreign view asks for it back, less and less often", () => {
  around.d(SELF).suspect(1);
  reinstatement.onView(SELF);
  expect(timers(REJOIN)).toEqual([100]);
  expect(around.sent()).toEqual([[-1, new Rejoin(1)]]);
  reinstatement.expire(REJOIN);
  expect(timers(REJOIN).at(-1)).toBe(200);
  expect(around.sent()).toEqual([[-1, new Rejoin(2)]]);
  around.d(SELF).enter(5, SELF);
  reinstatement.onView(SELF);
  reinstatement.expire(REJOIN);
  expect(around.sent()).toEqual([]);
});

test("its own word is one of the f + 1: the others may be f correct ones and f that are silent", () => {
  around.d(SELF).enter(1, 3);
  reinstatement.onView(SELF);
  sign();
  expect(around.sent()).toEqual([[-1, vote(SELF, 5, SELF)]]);
  reinstatement.onReinstate(vote(0, 5, SELF));
  reinstatement.onReinstate(vote(1, 5, SELF));
  expect(around.d(SELF).suspected.at(-1)).toBe(5);
});

test("a replica at home does not ask", () => {
  around.d(SELF).enter(10, SELF);
  reinstatement.onView(SELF);
  expect(around.sent()).toEqual([]);
});

test("who asks is asked whether it is well, and gets a signed word for the next view of its own (H25: no traffic needed)", () => {
  around.d(1).enter(7, 3);
  reinstatement.onRejoin(1, new Rejoin(9));
  expect(around.sent()).toEqual([[1, new Challenge(1)]]);
  reinstatement.onHealth(1, new Health(1, 40));
  sign();
  expect(around.sent()).toEqual([[-1, vote(SELF, 10)]]);
  expect(around.d(1).suspected).toEqual([]);
});

test("a D-instance that is between views is not given back: its home's wish is heard in the next view", () => {
  around.d(1).enter(6, 2);
  reinstatement.onRejoin(1, new Rejoin(1));
  around.d(1).suspect(7);
  reinstatement.onView(1);
  around.effects.length = 0;
  reinstatement.onHealth(1, new Health(1, 40));
  reinstatement.onRejoin(1, new Rejoin(2));
  around.d(1).suspect(8);
  reinstatement.onView(1);
  expect(around.effects).toEqual([]);
  around.d(1).enter(8, 4);
  reinstatement.onView(1);
  expect(around.sent()).toEqual([[1, new Challenge(2)]]);
  reinstatement.onHealth(1, new Health(2, 40));
  sign();
  expect(around.sent()).toEqual([[-1, vote(SELF, 10)]]);
});

test("nor does a home give itself one back before it has entered a view", () => {
  around.d(SELF).suspect(1);
  reinstatement.onView(SELF);
  expect(around.sent()).toEqual([[-1, new Rejoin(1)]]);
  around.d(SELF).suspect(2);
  reinstatement.onView(SELF);
  expect(around.effects).toEqual([]);
  around.d(SELF).enter(2, 4);
  reinstatement.onView(SELF);
  sign();
  expect(around.sent()).toEqual([[-1, vote(SELF, 5, SELF)]]);
});

test("an answer that nobody asked for, or that is behind the last checkpoint, counts for nothing", () => {
  around.d(1).enter(1, 2);
  stable = 41;
  reinstatement.onHealth(1, new Health(1, 50));
  reinstatement.onRejoin(1, new Rejoin(9));
  reinstatement.onHealth(1, new Health(2, 50));
  reinstatement.onHealth(1, new Health(1, 40));
  reinstatement.onHealth(1, new Health(1, 50));
  expect(around.effects.filter(({ type }) => type === "certify")).toEqual([]);
});

test("who is at home gets nothing", () => {
  reinstatement.onRejoin(1, new Rejoin(1));
  expect(around.sent()).toEqual([]);
});

test("a Challenge is answered, whoever sends it", () => {
  reinstatement.onChallenge(4, new Challenge(77));
  expect(around.sent()).toEqual([[4, new Health(77, 40)]]);
});

test("f + 1 equal words: shown to all, then the views between are skipped (3.2.5)", () => {
  around.d(1).enter(2, 3);
  reinstatement.onReinstate(vote(0));
  reinstatement.onReinstate(vote(0));
  reinstatement.onReinstate(vote(3));
  reinstatement.onReinstate(vote(4, 10));
  expect([around.d(1).suspected, around.sent()]).toEqual([[], []]);
  reinstatement.onReinstate(vote(1));
  expect(around.d(1).suspected).toEqual([5]);
  expect(granted).toEqual([1]);
  expect(around.sent()).toEqual([
    [-1, vote(0)],
    [-1, vote(3)],
    [-1, vote(1)],
  ]);
});

test("words are shown once, although an instance without a voice cannot leave its view", () => {
  around.d(1).enter(2, 3);
  for (const signer of [0, 3, 1]) reinstatement.onReinstate(vote(signer));
  around.d(1).enter(2, 3);
  around.effects.length = 0;
  for (const signer of [0, 3, 1, 4]) reinstatement.onReinstate(vote(signer));
  expect(around.sent()).toEqual([]);
  for (const signer of [0, 3, 1]) reinstatement.onReinstate(vote(signer, 10));
  expect(around.d(1).suspected).toEqual([5, 10]);
});

test("words for foreign views, past views and instances that do not exist are void", () => {
  around.d(1).enter(5, 1);
  for (const signer of [0, 1, 3, 4]) {
    for (const [view, instance] of [
      [6, 1],
      [5, 1],
      [5, 7],
    ] as const) {
      reinstatement.onReinstate(vote(signer, view, instance));
    }
  }
  expect(around.d(1).suspected).toEqual([]);
});

test("H16: one that flaps is given its D-instance back less and less often", () => {
  const attempt = (view: number): boolean => {
    around.d(1).enter(view - 1, 0);
    reinstatement.onView(1);
    reinstatement.onRejoin(1, new Rejoin(1));
    const asked = around.effects.some(
      (effect) => effect.type === "send" && effect.message instanceof Challenge,
    );
    for (const signer of [0, 3, 4]) reinstatement.onReinstate(vote(signer, view));
    around.d(1).enter(view, 1);
    reinstatement.onView(1);
    return asked;
  };
  expect(attempt(5)).toBe(true);
  expect(timers(GRANT + 1)).toEqual([100]);
  around.effects.length = 0;
  expect(attempt(10)).toBe(false);
  reinstatement.expire(GRANT + 1);
  expect(attempt(15)).toBe(true);
});

test("H16: one that opens no view waits anew once a substitute has opened one, however long that took", () => {
  const asked = (): boolean => {
    around.effects.length = 0;
    reinstatement.onRejoin(1, new Rejoin(1));
    return around.effects.some((effect) => effect.type === "send" && effect.message instanceof Challenge);
  };
  around.d(1).enter(1, 2);
  reinstatement.onView(1);
  for (const signer of [0, 3, 4]) reinstatement.onReinstate(vote(signer, 5));
  expect(around.d(1).suspected).toEqual([5]);
  around.d(1).active = false;
  reinstatement.onView(1);
  reinstatement.expire(GRANT + 1);
  expect(timers(GRANT + 1)).toEqual([100, 200]);
  // Its pause is over before anybody has opened a view.
  around.d(1).enter(6, 2);
  reinstatement.onView(1);
  expect(timers(GRANT + 1).at(-1)).toBe(200);
  expect(asked()).toBe(false);
  reinstatement.expire(GRANT + 1);
  expect(asked()).toBe(true);
  // One that does open its view is not kept waiting for that.
  for (const signer of [0, 3, 4]) reinstatement.onReinstate(vote(signer, 10));
  around.d(1).enter(10, 1);
  reinstatement.onView(1);
  reinstatement.expire(GRANT + 1);
  around.d(1).enter(11, 2);
  reinstatement.onView(1);
  expect(asked()).toBe(true);
});

test("in a large cluster words are passed on to a few, each of whom does the same", () => {
  const many = FaultModel.hybrid(101);
  around = new FakeSurroundings(many);
  reinstatement = new Reinstatement({
    ...around,
    self: SELF,
    faults: many,
    hash: (bytes) => hash("sha256", bytes, "binary"),
    ...{ rejoinTimer: REJOIN, grantTimer: GRANT, delay: 100 },
    ...{ members: GENESIS_MEMBERS, executed: () => 40, stable: () => 0, granted: () => {} },
  });
  for (let signer = 3; signer <= 53; signer += 1) reinstatement.onReinstate(vote(signer, 101));
  expect(around.d(1).suspected).toEqual([101]);
  const sent = around.sent();
  expect(new Set(sent.map(([to]) => to)).size).toBe(10);
  expect(sent).toHaveLength(510);
});
