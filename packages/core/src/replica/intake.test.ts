import { hash } from "node:crypto";
import { expect, test } from "vitest";
import { Request } from "../wire/request.ts";
import { Intake } from "./intake.ts";

const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");

const limits = { pipeline: 3, bytesMax: 10_000, batchBytes: 1_000 };
const any = (): boolean => true;

function request(client: string, timestamp: number, bytes = 100): Request {
  const overhead = 32 + 6 + 4 + 4 + 64;
  const operations = [new Uint8Array(Math.max(0, bytes - overhead))];
  const fields = { client: client.repeat(32), timestamp, operations };
  return Request.create(fields, digestOf, () => new Uint8Array(64));
}

const spell = (requests: readonly Request[]): string[] =>
  requests.map(({ client, timestamp }) => `${client[0]}${timestamp}`);

test("a batch is the oldest requests", () => {
  const intake = new Intake(limits);
  for (const [client, timestamp] of [
    ["a", 1],
    ["b", 1],
    ["a", 2],
  ] as const)
    intake.add(request(client, timestamp), true);
  expect(spell(intake.take(any))).toEqual(["a1", "b1", "a2"]);
  expect(intake.empty).toBe(true);
});

test("a batch is full at its size; the request that crosses it still goes in", () => {
  const intake = new Intake(limits);
  for (const client of ["a", "b", "c"]) intake.add(request(client, 1, 600), true);
  expect(intake.full).toBe(true);
  expect(spell(intake.take(any))).toEqual(["a1", "b1"]);
  expect(intake.full).toBe(false);
  expect(intake.queuedBytes).toBe(600);
});

test("the same request again is known, also while it is under way; once settled it is new", () => {
  const intake = new Intake(limits);
  expect(intake.add(request("a", 1), true)).toBe("taken");
  expect(intake.add(request("a", 1), true)).toBe("known");
  intake.take(any);
  expect(intake.add(request("a", 1), true)).toBe("known");
  intake.settle("a".repeat(32), 1);
  expect(intake.add(request("a", 1), true)).toBe("taken");
});

test("a client may have as many requests here as the pipeline is long", () => {
  const intake = new Intake(limits);
  for (const timestamp of [1, 2, 3]) expect(intake.add(request("a", timestamp), true)).toBe("taken");
  expect(intake.add(request("a", 4), true)).toBe("busy");
  expect(intake.add(request("b", 1), true)).toBe("taken");
  intake.settle("a".repeat(32), 2);
  expect(intake.add(request("a", 4), true)).toBe("taken");
});

test("when there is no room, whoever comes must wait", () => {
  const intake = new Intake({ ...limits, bytesMax: 1_000 });
  for (const client of ["a", "b"]) expect(intake.add(request(client, 1, 500), true)).toBe("taken");
  expect(intake.add(request("c", 1, 500), true)).toBe("busy");
  intake.take(any);
  expect(intake.add(request("c", 1, 500), true)).toBe("busy"); // Proposed is not executed.
  intake.settle("a".repeat(32), 1);
  expect(intake.add(request("c", 1, 500), true)).toBe("taken");
});

test("requests of clients that others coordinate wait apart, and never keep out those that count here", () => {
  const intake = new Intake({ ...limits, bytesMax: 1_000 });
  for (const client of ["a", "b", "c"]) expect(intake.add(request(client, 1, 400), false)).toBe("taken");
  expect(intake.empty).toBe(true);
  expect(intake.add(request("x", 1, 400), true)).toBe("taken");
  expect(intake.add(request("y", 1, 400), true)).toBe("taken");
  expect(spell(intake.take(any))).toEqual(["x1", "y1"]);
});

test("an adopted client's requests count now, in the order of their timestamps", () => {
  const intake = new Intake(limits);
  intake.add(request("a", 2), false);
  intake.add(request("a", 1), false);
  intake.add(request("b", 1), false);
  intake.adopt("a".repeat(32));
  expect(spell(intake.take(any))).toEqual(["a1", "a2"]);
  expect(intake.empty).toBe(true);
});

test("adopting a client whose requests wait already takes none of them twice", () => {
  const intake = new Intake(limits);
  intake.add(request("a", 1), true);
  intake.adopt("a".repeat(32));
  expect(spell(intake.take(any))).toEqual(["a1"]);
});

test("what may not be proposed here any more is kept for the day that it may", () => {
  const intake = new Intake(limits);
  intake.add(request("a", 1), true);
  expect(intake.take(() => false)).toEqual([]);
  expect(intake.empty).toBe(true);
  intake.adopt("a".repeat(32));
  expect(spell(intake.take(any))).toEqual(["a1"]);
});

test("what a batch did not execute goes first the next time, or makes room if it may not", () => {
  const intake = new Intake({ ...limits, bytesMax: 450 });
  const [one, two, three] = [request("a", 1), request("b", 1), request("c", 1)];
  for (const each of [one, two, three]) intake.add(each, true);
  const batch = intake.take(any);
  intake.add(request("d", 1), true);
  intake.settle("a".repeat(32), 1);
  intake.giveBack(batch, ({ client }) => client.startsWith("b"));
  expect(intake.queuedBytes).toBe(220);
  expect(intake.add(request("e", 1, 150), true)).toBe("taken");
  expect(spell(intake.take(any))).toEqual(["b1", "d1", "e1"]);
  intake.giveBack(batch, any);
  expect(spell(intake.take(any))).toEqual(["b1"]);
});
