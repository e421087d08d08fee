import { expect, test } from "vitest";
import { type BlsBackend, type Check, CheckKind, Domain } from "./backend.ts";
import { CheckQueue } from "./check-queue.ts";
import { openInline } from "./javascript.ts";

const item = (mark: number, bytes = 48): Check => ({
  kind: CheckKind.Certificate,
  domain: Domain.Threshold,
  statement: Uint8Array.of(mark),
  points: new Uint8Array(bytes),
  signers: [],
  key: new Uint8Array(192),
});

/** A back end whose batches end when the test says so; it returns each statement as its signature. */
function controlled(): { backend: BlsBackend; batches: number[][]; end: (failure?: Error) => void } {
  const batches: number[][] = [];
  const ends: ((failure?: Error) => void)[] = [];
  const check = (checks: readonly Check[]): Promise<(Uint8Array | undefined)[]> =>
    new Promise((resolve, reject) => {
      batches.push(checks.map(({ statement }) => statement[0] ?? -1));
      ends.push((failure) =>
        failure === undefined ? resolve(checks.map(({ statement }) => statement)) : reject(failure),
      );
    });
  return { backend: { ...openInline(), check }, batches, end: (failure) => ends.shift()?.(failure) };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("what comes in one turn goes out at once, what comes meanwhile goes out together, in order", async () => {
  const { backend, batches, end } = controlled();
  const queue = new CheckQueue(backend, 1);
  const answers = [1, 2].map((mark) => queue.check(item(mark)));
  await turn();
  expect(batches).toEqual([[1, 2]]);
  for (const mark of [3, 4, 5]) {
    answers.push(queue.check(item(mark)));
    await turn();
  }
  expect(batches).toHaveLength(1);
  expect(queue.waiting).toBe(3);
  end();
  await turn();
  expect(batches).toEqual([
    [1, 2],
    [3, 4, 5],
  ]);
  end();
  expect((await Promise.all(answers)).map((answer) => answer?.[0])).toEqual([1, 2, 3, 4, 5]);
});

test("a batch ends at its cost limit, and a single check above it goes alone", async () => {
  const { backend, batches, end } = controlled();
  const queue = new CheckQueue(backend, 1);
  const answers = [item(1, 96 * 1000), ...Array.from({ length: 70 }, (_, i) => item(i + 2))].map((each) =>
    queue.check(each),
  );
  await turn();
  expect(batches.map((batch) => batch.length)).toEqual([1]);
  end();
  await turn();
  expect(batches[1]?.length).toBeGreaterThan(50);
  expect(batches[1]?.length).toBeLessThanOrEqual(64);
  end();
  await turn();
  end();
  await Promise.all(answers);
  expect(batches.flat()).toHaveLength(71);
});

test("lanes run side by side", async () => {
  const { backend, batches, end } = controlled();
  const queue = new CheckQueue(backend, 2);
  const answers = [queue.check(item(1))];
  await turn();
  answers.push(queue.check(item(2)));
  await turn();
  expect(batches).toEqual([[1], [2]]);
  end();
  end();
  await Promise.all(answers);
});

test("a back end that fails fails its batch, and the queue goes on", async () => {
  const { backend, end } = controlled();
  const queue = new CheckQueue(backend, 1);
  const failing = expect(queue.check(item(1))).rejects.toThrow("gone");
  await turn();
  const next = queue.check(item(2));
  end(new Error("gone"));
  await failing;
  await turn();
  end();
  expect((await next)?.[0]).toBe(2);
});
