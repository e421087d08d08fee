import { RefusalCode } from "@destiny/core/wire/reply";
import type { Request } from "@destiny/core/wire/request";
import { SessionStage } from "@destiny/testkit/client/session-stage";
import { expect, test } from "vitest";

// A client whose coordinator crashed, moved away, or was replaced (dqbft.md 4.1 and H25).

function asked(n: number, coordinator = 0): { stage: SessionStage; request: Request; ticket: number } {
  const stage = new SessionStage(n);
  stage.begin(coordinator);
  const ticket = stage.submit(1);
  return { stage, request: stage.takeRequest(), ticket };
}

test("H25: a coordinator that enough replicas say is away is left at once, for one that is not", () => {
  const { stage, request } = asked(5);
  const away = (from: number, list: number[]): void =>
    stage.reply(from, stage.cluster.noHome(request, 0, list));
  away(0, [0, 1]);
  // One's word makes us ask the others.
  expect(stage.takeRequests().map(({ to }) => to)).toEqual([0, 1, 2, 3, 4]);
  expect(stage.session.coordinator).toBe(0);
  away(0, [0, 1]);
  away(3, [0, 1, 2]);
  expect(stage.session.coordinator).toBe(0);
  away(4, [0, 1]);
  expect(stage.session.coordinator).toBe(2);
  const sent = stage.takeSent();
  expect(stage.wishesIn(sent).map(({ to, assign }) => [to, assign.coordinator])).toEqual(
    [0, 1, 2, 3, 4].map((to) => [to, 2]),
  );
  // What those say who have not executed the wish changes nothing.
  for (const from of [0, 1, 3]) away(from, [0, 1]);
  expect(stage.takeSent()).toEqual([]);
  expect(stage.session.coordinator).toBe(2);
});

test("H25: fewer replicas than hold a correct one send us nowhere", () => {
  const { stage, request } = asked(5);
  for (let i = 0; i < 20; i += 1) {
    for (const from of [1, 2]) stage.reply(from, stage.cluster.noHome(request, 0, [0]));
  }
  expect(stage.session.coordinator).toBe(0);
  expect(stage.takeRequests()).toHaveLength(5);
});

test("where all are away the ladder goes on, at its own pace", () => {
  const { stage, request } = asked(3);
  for (let i = 0; i < 20; i += 1) {
    for (const from of [0, 1, 2]) stage.reply(from, stage.cluster.noHome(request, 0, [0, 1, 2]));
  }
  expect(stage.takeRequests()).toHaveLength(3);
  stage.pass(2000);
  expect(stage.session.coordinator).toBe(1);
});

test("who was away once may be wished for again after a reply", () => {
  const { stage, request } = asked(3);
  for (const from of [0, 2]) stage.reply(from, stage.cluster.noHome(request, 0, [0, 1]));
  expect(stage.session.coordinator).toBe(2);
  stage.reply(2, stage.cluster.proven(request));
  const next = stage.submit(2);
  stage.takeSent();
  stage.pass(4000);
  expect(stage.session.coordinator).toBe(0);
  stage.pass(4000);
  expect(stage.session.coordinator).toBe(1);
  expect(stage.outcome(next)).toBeUndefined();
});

test("a client whose clock was set back wishes with later and later nonces until the cluster listens", () => {
  const { stage } = asked(3);
  const nonces: number[] = [];
  for (let i = 0; i < 14; i += 1) {
    stage.pass(8000);
    nonces.push(...stage.wishesIn(stage.takeSent()).map(({ assign }) => assign.nonce));
  }
  const first = nonces[0] ?? 0;
  const hour = 3_600_000 * 64;
  expect(Math.max(...nonces) - first).toBeGreaterThan(hour);
  for (const [i, nonce] of nonces.entries()) expect(nonce).toBeGreaterThanOrEqual(nonces[i - 1] ?? 0);
});

test("each primary that a hint names gets everything, however often it changes between replies", () => {
  const stage = new SessionStage(4);
  stage.begin(0);
  for (let i = 0; i < 12; i += 1) {
    const ticket = stage.submit(i);
    const request = stage.takeRequest();
    const old = stage.session.coordinator ?? 0;
    const primary = (old + 1) % 4;
    stage.reply(old, stage.cluster.refusal(request, RefusalCode.NotCoordinator, primary));
    expect(stage.takeSent().map(({ to }) => to)).toEqual([primary]);
    stage.reply(primary, stage.cluster.proven(request));
    expect(stage.outcome(ticket)?.ok).toBe(true);
  }
});

test("a coordinator that comes back without what it had gets everything anew", () => {
  const { stage, request, ticket } = asked(3);
  stage.down(0);
  stage.takeSent();
  for (let i = 0; i < 5; i += 1) {
    stage.up(0, 0);
    expect(stage.takeRequests().map(({ to }) => to)).toEqual([0]);
    stage.down(0);
  }
  stage.reply(2, stage.cluster.proven(request));
  expect(stage.outcome(ticket)?.ok).toBe(true);
});

test("the ladder never ends: every rung asks every replica again", () => {
  const { stage } = asked(3);
  stage.pass(100_000);
  stage.takeSent();
  for (let i = 0; i < 10; i += 1) {
    stage.pass(8000);
    expect(stage.takeRequests().map(({ to }) => to)).toEqual([0, 1, 2]);
  }
});
