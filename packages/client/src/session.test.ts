import { fromDigest } from "@destiny/core/wire/reader";
import { type ProvenReply, RefusalCode } from "@destiny/core/wire/reply";
import type { Request } from "@destiny/core/wire/request";
import { assignStatement, requestStatement } from "@destiny/core/wire/statement";
import { openEd25519 } from "@destiny/crypto/signatures/ed25519";
import { ScriptedCluster } from "@destiny/testkit/client/scripted-cluster";
import { SessionStage } from "@destiny/testkit/client/session-stage";
import { expect, test } from "vitest";
import { ClosedError, DeadlineError, OverloadedError, RefusedError, SupersededError } from "./errors.ts";

/** A stage where one request was answered, so that requests go out side by side. */
function answered(n: number, ...options: [] | [ConstructorParameters<typeof SessionStage>[1]]): SessionStage {
  const stage = new SessionStage(n, ...options);
  stage.begin();
  stage.submit(0);
  stage.reply(0, stage.cluster.proven(stage.takeRequest()));
  return stage;
}

test("asks the first replica who coordinates it, and sends signed requests there alone", () => {
  const stage = new SessionStage(5);
  stage.session.start(stage.now);
  expect(stage.dialled).toEqual([0]);
  stage.up(0, 3);
  expect(stage.dialled).toEqual([0, 3]);
  const ticket = stage.submit(9);
  expect(stage.sent).toEqual([]);
  stage.up(3, 3);
  const [{ to, request } = { to: -1, request: null }] = stage.takeRequests();
  if (request === null) throw new Error("nothing was sent");
  expect(to).toBe(3);
  expect(request.operations).toEqual([Uint8Array.of(9)]);
  const message = requestStatement(stage.cluster.preamble, request.digest);
  const { signature } = request;
  expect(openEd25519().verify({ publicKey: fromDigest(stage.client), message, signature })).toBe(true);
  expect(stage.outcome(ticket)).toBeUndefined();
});

test("one proven reply settles, whoever sent it, and later ones change nothing", () => {
  const stage = new SessionStage(5);
  stage.begin();
  const ticket = stage.submit(9);
  const request = stage.takeRequest();
  for (const replica of [4, 0, 4]) stage.reply(replica, stage.cluster.proven(request));
  expect(stage.settled.get(ticket)).toHaveLength(1);
  expect(stage.outcome(ticket)).toMatchObject({
    ok: true,
    reply: {
      seq: 7,
      entry: 1,
      outcomes: [{ ok: true, result: Uint8Array.of(9) }],
      proof: { index: 2, count: 5 },
    },
  });
  expect(stage.reports).toEqual([]);
});

test("no first replica: all are dialled, and the first to answer names the coordinator", () => {
  const refused = new SessionStage(3);
  refused.session.start(refused.now);
  refused.down(0);
  expect(refused.dialled).toEqual([0, 1, 2]);
  const silent = new SessionStage(3);
  silent.session.start(silent.now);
  silent.pass(999);
  expect(silent.dialled).toEqual([0]);
  silent.pass(1);
  expect(silent.dialled).toEqual([0, 1, 2]);
  silent.up(2, 1);
  expect(silent.session.coordinator).toBe(1);
});

test("the ladder: re-send, broadcast, then wish for the next coordinator, waiting twice as long each time", () => {
  const stage = new SessionStage(5);
  stage.begin(3);
  stage.submit(9);
  const request = stage.takeRequest();
  const { digest } = request;
  const receivers = (): number[] => stage.takeRequests().map(({ to }) => to);
  stage.pass(999);
  expect(receivers()).toEqual([]);
  stage.pass(1);
  expect(receivers()).toEqual([3]);
  stage.pass(1000);
  expect(receivers()).toEqual([0, 1, 2, 3, 4]);
  stage.pass(1999);
  expect(receivers()).toEqual([]);
  stage.pass(1);
  const third = stage.takeSent();
  const wishes = stage.wishesIn(third);
  expect(wishes.map(({ to }) => to)).toEqual([0, 1, 2, 3, 4]);
  expect(
    third.filter(({ message }) => message.type === "submit" && message.request.digest === digest),
  ).toHaveLength(5);
  expect(stage.session.coordinator).toBe(4);
  const assign = wishes[0]?.assign;
  if (assign === undefined) throw new Error("no wish");
  const { coordinator, nonce, signature } = assign;
  expect(coordinator).toBe(4);
  const message = assignStatement(stage.cluster.preamble, coordinator, nonce);
  expect(openEd25519().verify({ publicKey: fromDigest(stage.client), message, signature })).toBe(true);
  stage.pass(4000);
  const next = stage.wishesIn(stage.takeSent())[0]?.assign;
  expect(next?.coordinator).toBe(0);
  expect(next?.nonce).toBeGreaterThan(nonce);
  stage.pass(8000);
  expect(stage.session.coordinator).toBe(1);
  stage.pass(8000);
  expect(stage.session.coordinator).toBe(2);
});

test("a reply takes the ladder back to the ground, and the new coordinator is kept", () => {
  const stage = new SessionStage(3);
  stage.begin(0);
  const ticket = stage.submit(1);
  const request = stage.takeRequest();
  stage.pass(4000);
  expect(stage.session.coordinator).toBe(1);
  stage.reply(1, stage.cluster.proven(request));
  expect(stage.outcome(ticket)?.ok).toBe(true);
  stage.takeSent();
  stage.submit(2);
  expect(stage.takeSent().map(({ to }) => to)).toEqual([1]);
  stage.pass(1000);
  expect(stage.takeSent().map(({ to }) => to)).toEqual([1]);
});

test("wishes go round replicas that cannot be reached, and reach those that come back", () => {
  const stage = new SessionStage(4);
  stage.begin(0);
  stage.down(1);
  stage.submit(1);
  stage.pass(4000);
  expect(stage.session.coordinator).toBe(2);
  stage.takeSent();
  stage.up(1, 0);
  const sent = stage.takeSent();
  expect(sent.map(({ to, message }) => [to, message.type])).toEqual([
    [1, "assign"],
    [1, "submit"],
  ]);
  expect(stage.session.coordinator).toBe(2);
});

test("a coordinator that cannot be reached is not waited for", () => {
  const stage = new SessionStage(3);
  stage.begin(0);
  stage.submit(1);
  stage.takeSent();
  stage.down(0);
  expect(stage.takeSent().map(({ to }) => to)).toEqual([1, 2]);
  stage.pass(2000);
  expect(stage.session.coordinator).toBe(1);
  const idle = new SessionStage(3);
  idle.begin(0);
  idle.down(0);
  expect(idle.takeSent()).toEqual([]);
  idle.submit(1);
  expect(idle.takeSent().map(({ to }) => to)).toEqual([1, 2]);
});

test("a coordinator that comes back gets everything, in order", () => {
  const stage = answered(3);
  for (const operation of [1, 2, 3]) stage.submit(operation);
  stage.down(0);
  stage.takeSent();
  stage.up(0, 0);
  expect(stage.takeRequests().map(({ to, request }) => [to, request.operations[0]?.[0]])).toEqual([
    [0, 1],
    [0, 2],
    [0, 3],
  ]);
});

test("another coordinator is believed from the one we had, or from enough others, not from fewer", () => {
  const stage = new SessionStage(5);
  stage.begin(0);
  stage.submit(1);
  const request = stage.takeRequest();
  const hint = (from: number, named: number): void =>
    stage.reply(from, stage.cluster.refusal(request, RefusalCode.NotCoordinator, named));
  for (const from of [1, 2, 1, 1]) hint(from, 4);
  expect(stage.session.coordinator).toBe(0);
  hint(3, 4);
  expect(stage.session.coordinator).toBe(4);
  expect(stage.takeRequests().map(({ to }) => to)).toEqual([4]);
  hint(4, 2);
  expect(stage.session.coordinator).toBe(2);
  hint(2, 5);
  expect(stage.session.coordinator).toBe(2);
  expect(stage.reports).toEqual([{ replica: 2, misbehaviour: "bad-frame" }]);
});

test("replicas that send us in circles lose us to the ladder", () => {
  const stage = new SessionStage(3);
  stage.begin(0);
  stage.submit(1);
  const request = stage.takeRequest();
  for (let i = 0; i < 50; i += 1) {
    const from = stage.session.coordinator ?? 0;
    stage.reply(from, stage.cluster.refusal(request, RefusalCode.NotCoordinator, from === 0 ? 1 : 0));
  }
  expect(stage.takeRequests().length).toBeLessThan(5);
  stage.pass(4000);
  expect(stage.wishesIn(stage.takeSent())).not.toEqual([]);
});

test("while a wish is under way, who has not heard of it does not send us back", () => {
  const stage = new SessionStage(3);
  stage.begin(0);
  stage.submit(1);
  const request = stage.takeRequest();
  stage.pass(4000);
  for (const from of [1, 0, 2])
    stage.reply(from, stage.cluster.refusal(request, RefusalCode.NotCoordinator, 0));
  expect(stage.session.coordinator).toBe(1);
});

test("a busy coordinator gets a pause, then everything again in order", () => {
  const stage = answered(3);
  const tickets = [1, 2].map((operation) => stage.submit(operation));
  const [first] = stage.takeRequests();
  if (first === undefined) throw new Error("nothing was sent");
  stage.reply(1, stage.cluster.refusal(first.request, RefusalCode.Busy));
  stage.submit(3);
  expect(stage.takeSent()).toHaveLength(1);
  stage.reply(0, stage.cluster.refusal(first.request, RefusalCode.Busy));
  stage.submit(4);
  stage.pass(9);
  expect(stage.takeSent()).toEqual([]);
  stage.pass(11);
  expect(stage.takeRequests().map(({ to, request }) => [to, request.operations[0]?.[0]])).toEqual([
    [0, 1],
    [0, 2],
    [0, 3],
    [0, 4],
  ]);
  expect(tickets.map((ticket) => stage.outcome(ticket))).toEqual([undefined, undefined]);
});

test("coordinators that are busy for ever are left, one after the other", () => {
  const stage = new SessionStage(4);
  stage.begin(0);
  stage.submit(1);
  const request = stage.takeRequest();
  const tried = new Set<number | null>();
  for (let i = 0; i < 400; i += 1) {
    const { coordinator } = stage.session;
    tried.add(coordinator);
    stage.reply(coordinator ?? 0, stage.cluster.refusal(request, RefusalCode.Busy));
    stage.pass(100);
  }
  expect(tried).toEqual(new Set([0, 1, 2, 3]));
});

test("proofs that are looked at together settle once, and none after the end", () => {
  const stage = answered(3);
  const tickets = [stage.submit(1), stage.submit(2, 100)];
  const [first, second] = stage.takeRequests().map(({ request }) => stage.cluster.proven(request));
  if (first === undefined || second === undefined) throw new Error("nothing was sent");
  for (const from of [0, 1, 2]) {
    stage.session.receive(from, first, stage.now);
    stage.session.receive(from, second, stage.now);
  }
  stage.pass(100);
  stage.prove();
  expect(tickets.map((ticket) => stage.settled.get(ticket)?.length)).toEqual([1, 1]);
  expect(stage.outcome(tickets[0] ?? 0)?.ok).toBe(true);
  expect(stage.error(tickets[1] ?? 0)).toBeInstanceOf(DeadlineError);
});

test("superseded, say enough: signed anew with a later timestamp, as it can never execute", () => {
  const stage = new SessionStage(5);
  stage.begin(0);
  const ticket = stage.submit(1);
  const request = stage.takeRequest();
  const refuse = (from: number): void =>
    stage.reply(from, stage.cluster.refusal(request, RefusalCode.Superseded));
  for (const from of [0, 1, 0]) refuse(from);
  expect(stage.takeRequests().every((sent) => sent.request.digest === request.digest)).toBe(true);
  refuse(2);
  const again = stage.takeRequest();
  expect(again.timestamp).toBeGreaterThan(request.timestamp);
  expect(again.operations).toEqual(request.operations);
  stage.reply(0, stage.cluster.proven(request));
  expect(stage.outcome(ticket)).toBeUndefined();
  stage.reply(0, stage.cluster.proven(again));
  expect(stage.outcome(ticket)).toMatchObject({ ok: true, reply: { timestamp: again.timestamp } });
});

test("a client whose clock was set back by an hour catches up within its first requests", () => {
  const stage = new SessionStage(3, {}, () => 10_000_000);
  stage.begin(0);
  const ticket = stage.submit(1);
  const hour = 3_600_000 * 64;
  const clusterAt = 10_000_000 * 64 + hour;
  for (let i = 0; i < 20; i += 1) {
    const { timestamp, operations } = stage.takeRequest();
    const asked = { client: stage.client, timestamp, operations };
    if (timestamp > clusterAt) stage.reply(0, stage.cluster.proven(asked));
    else
      for (const from of [0, 1]) stage.reply(from, stage.cluster.refusal(asked, RefusalCode.TimestampUsed));
    if (stage.outcome(ticket) !== undefined) break;
  }
  expect(stage.outcome(ticket)?.ok).toBe(true);
});

test("a timestamp used up may mean that we executed, unless it was our last", () => {
  const stage = answered(3);
  const [older, youngest] = [stage.submit(1), stage.submit(2)];
  const [first, second] = stage.takeRequests();
  if (first === undefined || second === undefined) throw new Error("nothing was sent");
  for (const from of [0, 1]) {
    stage.reply(from, stage.cluster.refusal(second.request, RefusalCode.TimestampUsed));
    stage.reply(from, stage.cluster.refusal(first.request, RefusalCode.TimestampUsed));
  }
  expect(stage.error(older)).toBeInstanceOf(SupersededError);
  expect(stage.outcome(youngest)).toBeUndefined();
  expect(stage.takeRequest().operations).toEqual(second.request.operations);
});

test.each([
  RefusalCode.BadSignature,
  RefusalCode.NotAdmitted,
  RefusalCode.Malformed,
  RefusalCode.TooManyClients,
])("refusal %d: one replica's word makes us ask the others, and enough settle it", (code) => {
  const stage = new SessionStage(5);
  stage.begin(0);
  const ticket = stage.submit(1);
  const request = stage.takeRequest();
  const refuse = (from: number): void => stage.reply(from, stage.cluster.refusal(request, code));
  refuse(0);
  expect(stage.takeRequests().map(({ to }) => to)).toEqual([0, 1, 2, 3, 4]);
  refuse(0);
  refuse(3);
  expect(stage.outcome(ticket)).toBeUndefined();
  refuse(4);
  expect(stage.error(ticket)).toBeInstanceOf(RefusedError);
  expect(stage.error(ticket)).toMatchObject({ code, replicas: [0, 3, 4] });
});

test("a refusal that others do not share is told when the deadline passes", () => {
  const stage = new SessionStage(3);
  stage.begin(0);
  const ticket = stage.submit(1, 1500);
  stage.reply(0, stage.cluster.refusal(stage.takeRequest(), RefusalCode.NotAdmitted));
  stage.pass(1500);
  expect(String(stage.error(ticket))).toContain("replica 0: this client may not submit");
});

test("equal plain replies of enough distinct replicas settle, others do not", () => {
  const stage = new SessionStage(5, { plainReplies: true });
  stage.begin(0);
  expect(stage.dialled).toEqual([0, 1, 2, 3, 4]);
  const ticket = stage.submit(1);
  const request = stage.takeRequest();
  const good = stage.cluster.plain(request);
  const elsewhere = stage.cluster.plain(request, { seq: 8, entry: 1 });
  const lie = { ...good, results: [Uint8Array.of(0, 66)] };
  stage.reply(0, lie);
  stage.reply(1, good);
  stage.reply(1, good);
  stage.reply(1, good);
  stage.reply(2, elsewhere);
  stage.reply(0, good);
  stage.reply(3, good);
  expect(stage.outcome(ticket)).toBeUndefined();
  stage.reply(4, good);
  expect(stage.outcome(ticket)).toMatchObject({ ok: true, reply: { seq: 7, proof: null } });
});

/** Replies that are not what the cluster says of request `mine`; `next` is another of the same client. */
const LIES: readonly ((cluster: ScriptedCluster, mine: Request, next: Request) => ProvenReply)[] = [
  (cluster, mine) => ({ ...cluster.proven(mine), aggregate: flipped(cluster.proven(mine).aggregate) }),
  (cluster, mine) => ({ ...cluster.proven(mine), aggregate: new Uint8Array(0) }),
  (cluster, mine, next) => ({ ...cluster.proven(mine), aggregate: cluster.proven(next).aggregate }),
  (cluster, mine) => ({ ...cluster.proven(mine), results: [Uint8Array.of(0, 66)] }),
  (cluster, mine) => ({ ...cluster.proven(mine), seq: 8 }),
  (cluster, mine) => ({ ...cluster.proven(mine), entry: 2 }),
  (cluster, mine) => ({ ...cluster.proven(mine), index: 3 }),
  (cluster, mine) => ({ ...cluster.proven(mine), index: 5 }),
  (cluster, mine) => ({ ...cluster.proven(mine), count: 9 }),
  (cluster, mine) => ({ ...cluster.proven(mine), path: cluster.proven(mine).path.slice(1) }),
  (cluster, mine) => ({ ...cluster.proven(mine), path: [...cluster.proven(mine).path].reverse() }),
  // Proven, but not as an answer to as many operations.
  (cluster, mine) => cluster.proven(mine, { seq: 7, entry: 1 }, []),
  (cluster, mine) => cluster.proven({ ...mine, operations: [...mine.operations, ...mine.operations] }),
  // Proven for another request of ours, or for somebody else.
  (cluster, mine, next) => ({ ...cluster.proven(next), timestamp: mine.timestamp }),
  (cluster, mine) => ({
    ...cluster.proven({ ...mine, client: cluster.preamble.cluster }),
    client: mine.client,
  }),
  (cluster, mine) => cluster.proven({ ...mine, client: cluster.preamble.cluster }),
  (_cluster, mine) => new ScriptedCluster(5, "another").proven(mine),
];

test.each(LIES.map((lie, i) => [i, lie] as const))(
  "lie %d is not believed, and the truth still is",
  (_i, lie) => {
    const stage = answered(5);
    const tickets = [stage.submit(1), stage.submit(2)];
    const [mine, next] = stage.takeRequests().map(({ request }) => request);
    if (mine === undefined || next === undefined) throw new Error("nothing was sent");
    for (const from of [0, 3, 4]) stage.reply(from, lie(stage.cluster, mine, next));
    expect(tickets.map((ticket) => stage.outcome(ticket))).toEqual([undefined, undefined]);
    expect(stage.reports.map(({ replica }) => replica)).toEqual([0, 3, 4]);
    stage.reply(1, stage.cluster.proven(mine));
    expect(stage.outcome(tickets[0] ?? 0)).toMatchObject({ ok: true, reply: { timestamp: mine.timestamp } });
    expect(stage.outcome(tickets[1] ?? 0)).toBeUndefined();
  },
);

test("replies to what is not under way are nothing", () => {
  const stage = answered(3);
  const ticket = stage.submit(1);
  const request = stage.takeRequest();
  stage.reply(0, stage.cluster.proven({ ...request, timestamp: request.timestamp - 1 }));
  stage.reply(0, stage.cluster.proven({ ...request, timestamp: request.timestamp + 1 }));
  stage.reply(0, stage.cluster.refusal({ ...request, timestamp: request.timestamp + 1 }, RefusalCode.Busy));
  expect(stage.outcome(ticket)).toBeUndefined();
});

test("a replica that forged is not looked at again for this request; the others still are", () => {
  const stage = new SessionStage(3);
  stage.begin(0);
  const ticket = stage.submit(1);
  const good = stage.cluster.proven(stage.takeRequest());
  stage.reply(0, { ...good, aggregate: new Uint8Array(48) });
  expect(stage.reports).toEqual([{ replica: 0, misbehaviour: "bad-certificate" }]);
  stage.reply(0, good);
  expect(stage.outcome(ticket)).toBeUndefined();
  stage.reply(1, good);
  expect(stage.outcome(ticket)?.ok).toBe(true);
});

test("deadlines hold for what was sent and for what waits", () => {
  const stage = new SessionStage(3);
  stage.begin(0);
  const [sent, waiting, later] = [stage.submit(1, 50), stage.submit(2, 40), stage.submit(3, 5000)];
  stage.pass(39);
  expect(stage.settled.size).toBe(0);
  stage.pass(1);
  expect(stage.error(waiting)).toMatchObject({ name: "DeadlineError", sent: false });
  stage.pass(10);
  expect(stage.error(sent)).toBeInstanceOf(DeadlineError);
  expect(stage.error(sent)).toMatchObject({ sent: true });
  expect(stage.outcome(later)).toBeUndefined();
  expect(stage.takeRequests().map(({ request }) => request.operations[0]?.[0])).toEqual([1, 3]);
});

test("submissions shorter than the first rung still leave a dead coordinator, and idle time does not count", () => {
  const stage = new SessionStage(3);
  stage.begin(0);
  for (let i = 0; i < 7; i += 1) {
    stage.submit(i, 500);
    stage.pass(500);
    expect(stage.session.coordinator).toBe(0);
    stage.pass(60_000);
  }
  stage.submit(8, 501);
  stage.pass(500);
  expect(stage.session.coordinator).toBe(1);
});

test("the first request goes alone, then as many as the pipeline holds, counted from the oldest", () => {
  const stage = new SessionStage(3, { pipeline: 3, queueMax: 100 });
  stage.begin(0);
  for (let operation = 0; operation < 8; operation += 1) stage.submit(operation);
  const sent = (): (number | undefined)[] =>
    stage.takeRequests().map(({ request }) => {
      all.push(request);
      return request.operations[0]?.[0];
    });
  const all: { client: string; timestamp: number; operations: readonly Uint8Array[] }[] = [];
  const answer = (i: number): void => {
    const asked = all[i];
    if (asked === undefined) throw new Error("never sent");
    stage.reply(0, stage.cluster.proven(asked));
  };
  expect(sent()).toEqual([0]);
  answer(0);
  expect(sent()).toEqual([1, 2, 3]);
  answer(2);
  answer(3);
  expect(sent()).toEqual([]);
  answer(1);
  expect(sent()).toEqual([4, 5, 6]);
  const timestamps = all.map(({ timestamp }) => timestamp);
  expect(timestamps).toEqual([...timestamps].sort((a, b) => a - b));
  expect(new Set(timestamps).size).toBe(7);
});

test("what may wait is bounded", () => {
  const stage = new SessionStage(3, { queueMax: 2 });
  stage.begin(0);
  const tickets = [1, 2, 3, 4].map((operation) => stage.submit(operation));
  expect(tickets.map((ticket) => stage.error(ticket))).toEqual([
    undefined,
    undefined,
    undefined,
    expect.any(OverloadedError),
  ]);
});

test.each([
  [],
  [new Uint8Array(524_289)],
  [new Uint8Array(524_288), new Uint8Array(524_288)],
  Array.from({ length: 4097 }, () => new Uint8Array(0)),
])("operations that no request holds are refused here", (...operations) => {
  const stage = new SessionStage(3);
  stage.begin(0);
  expect(stage.error(stage.submitAll(operations))).toMatchObject({
    code: RefusalCode.Malformed,
    replicas: [],
  });
  expect(stage.sent).toEqual([]);
});

test("a request as large as can be goes out", () => {
  const stage = new SessionStage(3);
  stage.begin(0);
  const rest = 1_048_576 - (32 + 6 + 4 + 64) - 4 - 524_288 - 4;
  stage.submitAll([new Uint8Array(524_288), new Uint8Array(rest)]);
  expect(stage.takeRequest().bytes).toHaveLength(1_048_576);
});

test("what is given up rejects with the caller's reason and makes room", () => {
  const stage = new SessionStage(3);
  stage.begin(0);
  const [sent, waiting, next] = [stage.submit(1), stage.submit(2), stage.submit(3)];
  const request = stage.takeRequest();
  const reason = new Error("no more");
  stage.session.cancel(waiting, reason, stage.now);
  stage.session.cancel(sent, reason, stage.now);
  expect([stage.error(sent), stage.error(waiting)]).toEqual([reason, reason]);
  expect(stage.takeRequest().operations).toEqual([Uint8Array.of(3)]);
  stage.reply(0, stage.cluster.proven(request));
  stage.session.cancel(sent, reason, stage.now);
  expect(stage.settled.get(sent)).toHaveLength(1);
  expect(stage.outcome(next)).toBeUndefined();
});

test("closing settles everything, and whatever comes after", () => {
  const stage = new SessionStage(3);
  stage.begin(0);
  const tickets = [stage.submit(1), stage.submit(2)];
  const request = stage.takeRequest();
  stage.session.receive(0, stage.cluster.proven(request), stage.now);
  stage.session.close();
  tickets.push(stage.submit(3));
  stage.prove();
  stage.reply(0, stage.cluster.proven(request));
  stage.pass(100_000);
  for (const ticket of tickets) {
    expect(stage.settled.get(ticket)).toHaveLength(1);
    expect(stage.error(ticket)).toBeInstanceOf(ClosedError);
  }
  expect(stage.takeSent()).toEqual([]);
});

test("a cluster of one serves itself", () => {
  const stage = new SessionStage(1);
  stage.begin(0);
  const ticket = stage.submit(1);
  const request = stage.takeRequest();
  stage.pass(20_000);
  expect(stage.wishesIn(stage.takeSent())).toEqual([]);
  stage.reply(0, stage.cluster.proven(request));
  expect(stage.outcome(ticket)?.ok).toBe(true);
});

function flipped(bytes: Uint8Array): Uint8Array {
  return bytes.map((byte, i) => (i === 5 ? byte ^ 1 : byte));
}
