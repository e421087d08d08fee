import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { Request } from "../../wire/request.ts";
import { Expectations } from "./expectations.ts";

const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");
const request = (client: string, timestamp: number): Request =>
  Request.create(
    { client: client.repeat(32), timestamp, operations: [] },
    digestOf,
    () => new Uint8Array(64),
  );

test("a batch with the request, or with a later one of its client, meets what is expected", () => {
  const expectations = new Expectations(3);
  expectations.expect(request("a", 4), 1);
  expect(expectations.isMet(1, request("a", 3))).toBe(false);
  expect(expectations.isMet(2, request("a", 4))).toBe(false);
  expect([4, 5].map((timestamp) => expectations.isMet(1, request("a", timestamp)))).toEqual([true, true]);
});

test("a client that moves is expected of its new coordinator alone", () => {
  const expectations = new Expectations(3);
  expect(expectations.expect(request("a", 4), 1)).toBeNull();
  expect(expectations.expect(request("a", 4), 2)).toBe(1);
  expect([1, 2].map((coordinator) => expectations.any(coordinator))).toEqual([false, true]);
});

test("what is served is expected no more, unless a later request is", () => {
  const expectations = new Expectations(3);
  expectations.expect(request("a", 4), 1);
  expectations.expect(request("a", 6), 1);
  expect(expectations.served("a".repeat(32), 5)).toBeNull();
  expect(expectations.expected(1, "a".repeat(32))).toBe(6);
  expect(expectations.served("a".repeat(32), 6)).toBe(1);
  expect(expectations.any(1)).toBe(false);
  expect(expectations.served("b".repeat(32), 9)).toBeNull();
});

test("it is bounded: a coordinator's clients beyond the limit are timed when they ask again", () => {
  const expectations = new Expectations(3);
  for (let i = 0; i < 5_000; i += 1) {
    expectations.expect({ ...request("a", 1), client: `client ${i}` } as unknown as Request, 1);
  }
  expect([...expectations.of(1)]).toHaveLength(4096);
});
