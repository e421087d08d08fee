import { DeadlineError } from "@destiny/client/errors";
import type { VerifiedReply } from "@destiny/client/verified-reply";
import { expect, test } from "vitest";
import { Bundler } from "./bundler.ts";

interface Call {
  readonly operations: readonly Uint8Array[];
  readonly deadlineMillis: number;
  readonly answer: () => void;
  readonly fail: (error: unknown) => void;
}

/** A client whose answers a test gives: every operation's result is the operation. */
function fakeClient() {
  const calls: Call[] = [];
  const submit = (
    operations: Uint8Array | readonly Uint8Array[],
    options: { deadlineMillis?: number } = {},
  ) => {
    const list = operations instanceof Uint8Array ? [operations] : operations;
    return new Promise<VerifiedReply>((resolve, reject) => {
      const outcomes = list.map((result) => ({ ok: true, result }) as const);
      const reply = { client: "", timestamp: 0, seq: calls.length + 1, entry: 0, outcomes, proof: null };
      calls.push({
        operations: list,
        deadlineMillis: options.deadlineMillis ?? 0,
        answer: () => resolve(reply),
        fail: reject,
      });
    });
  };
  return { calls, submit };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("a lone operation goes out at once; a crowd shares requests, in order, each with its own answer", async () => {
  const client = fakeClient();
  const bundler = new Bundler(client);
  const replies = Array.from({ length: 30 }, (_, i) => bundler.execute(Uint8Array.of(i), 1_000));
  expect(client.calls.map(({ operations }) => operations.length)).toEqual([1, 1, 1, 1, 1, 1, 1, 1]);
  expect(bundler.waiting).toBe(22);
  client.calls[0]?.answer();
  await turn();
  expect(client.calls[8]?.operations.map(([first]) => first)).toEqual(
    Array.from({ length: 11 }, (_, i) => 8 + i),
  );
  client.calls[1]?.answer();
  await turn();
  expect(client.calls[9]?.operations).toHaveLength(11);
  for (const { answer } of client.calls) answer();
  const results = await Promise.all(replies);
  expect(results.map(({ outcome }) => outcome.ok && outcome.result[0])).toEqual(
    Array.from({ length: 30 }, (_, i) => i),
  );
  expect(results[8]?.seq).toBe(9);
});

test("a bundle never outgrows a request", async () => {
  const client = fakeClient();
  const bundler = new Bundler(client);
  for (let i = 0; i < 20; i += 1) bundler.execute(new Uint8Array(400_000), 1_000).catch(() => undefined);
  client.calls[0]?.answer();
  await turn();
  expect(client.calls[8]?.operations).toHaveLength(2);
});

test("a failed bundle fails all that is in it, and those after it go on", async () => {
  const client = fakeClient();
  const bundler = new Bundler(client);
  const replies = Array.from({ length: 10 }, (_, i) => bundler.execute(Uint8Array.of(i), 500));
  const settled = Promise.allSettled(replies);
  for (const { answer } of client.calls.slice(0, 8)) answer();
  await turn();
  expect(client.calls[8]?.deadlineMillis).toBeLessThanOrEqual(500);
  client.calls[8]?.fail(new DeadlineError("late", true));
  await turn();
  client.calls[9]?.answer();
  const states = (await settled).map(({ status }) => status);
  expect(states.filter((status) => status === "rejected").length).toBeGreaterThan(0);
  expect(states.slice(0, 8)).toEqual(Array.from({ length: 8 }, () => "fulfilled"));
  expect(bundler.waiting).toBe(0);
});
