import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { InvariantViolation } from "@destiny/core/kernel/invariant";
import { afterEach, beforeEach, expect, test } from "vitest";
import { certify, TestBed, until } from "./test-bed.ts";

const certificates = await certify(3);
let bed: TestBed;

beforeEach(() => {
  bed = new TestBed(certificates);
});
afterEach(() => bed.close());

function text(frame: Uint8Array | undefined): string {
  return Buffer.from(frame ?? []).toString();
}

test("two replicas exchange frames of all sizes, in order", async () => {
  const zero = await bed.open(0);
  const one = await bed.open(1);
  await until(() => zero.mesh.linked(1) && one.mesh.linked(0));
  expect([zero.links, one.links]).toEqual([["+1"], ["+0"]]);

  const sizes = [1, 100, 16_383, 16_384, 70_000, 3, 1_000_000, 16 << 20, 5];
  for (const [index, size] of sizes.entries()) {
    zero.mesh.send(1, new Uint8Array(size).fill(index + 1));
    one.mesh.send(0, new Uint8Array(size).fill(index + 101));
  }
  await until(() => zero.frames.length === sizes.length && one.frames.length === sizes.length);
  for (const [index, size] of sizes.entries()) {
    const atOne = one.frames[index]?.frame ?? new Uint8Array(0);
    const atZero = zero.frames[index]?.frame ?? new Uint8Array(0);
    expect([atOne.length, atZero.length]).toEqual([size, size]);
    expect(Buffer.compare(atOne, new Uint8Array(size).fill(index + 1))).toBe(0);
    expect(Buffer.compare(atZero, new Uint8Array(size).fill(index + 101))).toBe(0);
  }
  expect([...zero.faults, ...one.faults]).toEqual([]);
});

test("three replicas: a broadcast reaches each other one once, and the totals agree", async () => {
  const all = [await bed.open(0), await bed.open(1), await bed.open(2)];
  await until(() => all.every(({ links }) => links.length === 2));
  for (const [id, { mesh }] of all.entries()) mesh.broadcast(Buffer.from(`from ${id}`));
  await until(() => all.every(({ frames }) => frames.length === 2));
  for (const { frames } of all)
    for (const { from, frame } of frames) expect(text(frame)).toBe(`from ${from}`);

  const [zero, one] = all;
  await until(() => zero?.mesh.statistics()[0]?.framesOut === 2);
  const [toOne] = zero?.mesh.statistics() ?? [];
  const [toZero] = one?.mesh.statistics() ?? [];
  expect(toOne).toMatchObject({
    peer: 1,
    linked: true,
    links: 1,
    framesIn: 2,
    framesOut: 2,
    framesDropped: 0,
  });
  expect([toOne?.bytesIn, toOne?.bytesOut]).toEqual([toZero?.bytesOut, toZero?.bytesIn]);
});

test("all frames of a turn of the event loop are one write", async () => {
  const zero = await bed.open(0);
  const socket = await bed.greet(0, 1);
  await until(() => zero.mesh.linked(1));
  const chunks: number[] = [];
  socket.on("data", (chunk) => chunks.push(chunk.length));
  await until(() => chunks.length > 0); // The hello.
  for (let i = 0; i < 100; i += 1) zero.mesh.send(1, Buffer.from([i]));
  await until(() => chunks.reduce((sum, length) => sum + length, 0) > 500);
  expect(chunks.slice(1)).toEqual([500]);
});

test("a peer that restarts is linked again, and frames meanwhile are dropped and counted", async () => {
  const zero = await bed.open(0);
  const one = await bed.open(1);
  await until(() => zero.mesh.linked(1) && one.mesh.linked(0));

  await zero.mesh.close();
  await until(() => !one.mesh.linked(0));
  one.mesh.send(0, Buffer.from("lost"));
  one.mesh.broadcast(Buffer.from("lost"));
  expect(one.mesh.statistics()[0]?.framesDropped).toBe(2);

  const again = await bed.open(0);
  await until(() => again.mesh.linked(1) && one.mesh.linked(0));
  expect(one.links).toEqual(["+0", "-0", "+0"]);
  one.mesh.send(0, Buffer.from("after"));
  await until(() => again.frames.length === 1);
  expect(text(again.frames[0]?.frame)).toBe("after");

  await one.mesh.close();
  await until(() => !again.mesh.linked(1));
  const anew = await bed.open(1);
  await until(() => again.mesh.linked(1) && anew.mesh.linked(0));
  expect(again.links).toEqual(["+1", "-1", "+1"]);
});

test("a peer that comes back before its old connection is known to be dead replaces it", async () => {
  const zero = await bed.open(0);
  const old = (await bed.greet(0, 1)).resume();
  await until(() => zero.mesh.linked(1));
  const newer = await bed.greet(0, 1);
  await until(() => old.destroyed);
  expect(zero.links).toEqual(["+1", "-1", "+1"]);
  expect(zero.mesh.linked(1)).toBe(true);
  expect(newer.destroyed).toBe(false);
  expect(zero.faults).toEqual([]);
});

test("a paused peer is slowed down by TCP, and nothing is lost when it is resumed", async () => {
  const zero = await bed.open(0);
  const one = await bed.open(1);
  await until(() => zero.mesh.linked(1) && one.mesh.linked(0));
  zero.mesh.pause(1);
  const frame = new Uint8Array(100_000);
  for (let i = 0; i < 300; i += 1) one.mesh.send(0, frame);
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(zero.frames.length).toBeLessThan(5);
  expect(one.mesh.backlogBytes(0)).toBeGreaterThan(10_000_000);
  zero.mesh.resume(1);
  await until(() => zero.frames.length === 300);
  expect(one.mesh.backlogBytes(0)).toBe(0);
});

test("a peer stays paused over a new link", async () => {
  const zero = await bed.open(0);
  zero.mesh.pause(1);
  const one = await bed.open(1);
  await until(() => one.mesh.linked(0));
  one.mesh.send(0, Buffer.from("early")); // May come with the hello's own chunk.
  for (let i = 0; i < 100; i += 1) one.mesh.send(0, new Uint8Array(50_000));
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(zero.frames.length).toBeLessThan(10);
  zero.mesh.resume(1);
  await until(() => zero.frames.length === 101);
});

test("after close there are no callbacks, and the port is free", async () => {
  const zero = await bed.open(0);
  const one = await bed.open(1);
  await until(() => zero.mesh.linked(1) && one.mesh.linked(0));
  one.mesh.send(0, Buffer.from("on its way"));
  await zero.mesh.close();
  const told = [zero.links.length, zero.frames.length, zero.faults.length];
  await until(() => !one.mesh.linked(0));
  expect([zero.links.length, zero.frames.length, zero.faults.length]).toEqual(told);
  await zero.mesh.close();
  const again = await bed.open(0);
  expect(again.mesh.port).toBe(zero.mesh.port);
});

test("a port in use is the operator's error and says what to do", async () => {
  const zero = await bed.open(0);
  bed.ports.set(1, zero.mesh.port);
  await expect(bed.open(1)).rejects.toThrow(ConfigurationError);
  await expect(bed.open(1)).rejects.toThrow(/in use by another process: stop it, or give/);
});

test.each([
  ["a key of another certificate", { keyPem: certificates[1]?.keyPem ?? "" }],
  ["no certificate", { certPem: "none" }],
  ["a peer with our own id", { self: 1 }],
  ["our certificate as a peer's", { self: 5, certPem: certificates[1]?.certPem ?? "" }],
  ["a limit of zero", { limits: { pendingMax: 0 } }],
  ["a queue that holds no frame", { limits: { backlogBytesMax: 1000 } }],
  ["a time that no timer takes", { limits: { stallTimeoutMillis: 2 ** 31 } }],
])("%s is refused", async (_, overrides) => {
  await expect(bed.open(0, {}, overrides)).rejects.toThrow(ConfigurationError);
});

test("a peer whose certificate is not the one of its fingerprint is refused", async () => {
  const [one, two] = [bed.certificate(1), bed.certificate(2)];
  const address = { id: 1, host: "127.0.0.1", port: 1 };
  for (const pin of [
    { fingerprint: one.fingerprint, certPem: two.certPem },
    { fingerprint: one.fingerprint.toUpperCase(), certPem: one.certPem },
  ]) {
    await expect(bed.open(0, {}, { peers: [{ ...address, ...pin }] })).rejects.toThrow(ConfigurationError);
  }
});

test("to send to ourselves, to a stranger, nothing or too much is our own fault", async () => {
  const { mesh } = await bed.open(0, { frameBytesMax: 10 });
  const frame = new Uint8Array(10);
  expect(() => mesh.send(0, frame)).toThrow(InvariantViolation);
  expect(() => mesh.send(9, frame)).toThrow(InvariantViolation);
  expect(() => mesh.send(1, new Uint8Array(0))).toThrow(InvariantViolation);
  expect(() => mesh.broadcast(new Uint8Array(11))).toThrow(InvariantViolation);
  mesh.send(1, frame);
});
