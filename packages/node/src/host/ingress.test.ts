import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { Check } from "@destiny/core/wire/check";
import { encodeFrame } from "@destiny/core/wire/codec";
import { Pull } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { Frames } from "./frames.ts";
import { Ingress, UNVERIFIED_BYTES_MAX } from "./ingress.ts";
import type { HostRecorder } from "./types.ts";
import type { Verifier } from "./verifier.ts";

const FLOODER = 1;
const CORRECT = 2;
const FRAME = encodeFrame(0, new Pull(1, 1, true));
const CHECKS = 10;

interface Witness {
  /** Of whom a message was handed on, or refused, in order. */
  readonly done: ReplicaId[];
  readonly pauses: string[];
  /** Checks asked for and not answered: by messages. */
  readonly asked: (() => void)[];
  readonly ingress: Ingress;
}

/** An ingress whose messages all need so many checks, each answered when the test says so. */
function open(checks: number, admits: (from: ReplicaId) => boolean = () => true): Witness {
  const witness = { done: [] as ReplicaId[], pauses: [] as string[], asked: [] as (() => void)[] };
  const authentic = (): Promise<boolean> => new Promise((resolve) => witness.asked.push(() => resolve(true)));
  const ingress = new Ingress({
    verifier: { authentic } as unknown as Verifier,
    recorder: { verified: () => undefined } as unknown as HostRecorder,
    frames: new Frames(),
    admits,
    checks: () => new Array<Check>(checks),
    deliver: (from) => void witness.done.push(from),
    report: (from) => void witness.done.push(from),
    pause: (peer) => void witness.pauses.push(`pause ${peer}`),
    resume: (peer) => void witness.pauses.push(`resume ${peer}`),
  });
  return { ...witness, ingress };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Until nothing happens any more. */
async function settle({ done, asked }: Witness): Promise<void> {
  for (let before = -1; before !== done.length + asked.length; ) {
    before = done.length + asked.length;
    for (let i = 0; i < 20; i += 1) await turn();
  }
}

test("of one peer few checks are under way at a time, so that another's come soon", async () => {
  const witness = open(CHECKS);
  for (let i = 0; i < 1_000; i += 1) witness.ingress.onFrame(FLOODER, FRAME);
  await settle(witness);
  expect(witness.asked.length).toBe(13); // The first at or above 128 checks.
  witness.ingress.onFrame(CORRECT, FRAME);
  await settle(witness);
  expect(witness.asked.length).toBe(14);
});

test("all that waits is verified and handed on in the end", async () => {
  const witness = open(CHECKS);
  for (let i = 0; i < 200; i += 1) witness.ingress.onFrame(FLOODER, FRAME);
  for (let answered = 0; answered < 200; ) {
    await settle(witness);
    for (; answered < witness.asked.length; answered += 1) witness.asked[answered]?.();
  }
  await settle(witness);
  expect(witness.done.length).toBe(200);
});

test("of what needs no check, or is junk, another peer's is looked at next, whatever waits", async () => {
  for (const frame of [FRAME, Buffer.from("junk")]) {
    const witness = open(0);
    for (let i = 0; i < 50_000; i += 1) witness.ingress.onFrame(FLOODER, frame);
    await turn();
    const before = witness.done.length;
    expect(before).toBeLessThan(50_000);
    witness.ingress.onFrame(CORRECT, FRAME);
    await settle(witness);
    expect(witness.done.indexOf(CORRECT) - before).toBeLessThan(3);
    expect(witness.done.length).toBe(50_001);
  }
});

test("a peer whose frames wait is paused before they are too many, and goes on when they are fewer", async () => {
  const witness = open(CHECKS);
  const large = Buffer.alloc(1 << 20);
  for (let bytes = 0; bytes <= UNVERIFIED_BYTES_MAX; bytes += large.length)
    witness.ingress.onFrame(FLOODER, large);
  expect(witness.pauses).toEqual([`pause ${FLOODER}`]);
  await settle(witness);
  expect(witness.pauses).toEqual([`pause ${FLOODER}`, `resume ${FLOODER}`]);
});

test("once closed nothing is handed on", async () => {
  const witness = open(0);
  witness.ingress.onFrame(FLOODER, FRAME);
  witness.ingress.close();
  await settle(witness);
  expect(witness.done).toEqual([]);
});

test("what is not worth its checks is not checked, and keeps nobody paused", async () => {
  const witness = open(CHECKS, (from) => from !== FLOODER);
  for (const peer of [FLOODER, CORRECT]) witness.ingress.onFrame(peer, FRAME);
  await settle(witness);
  expect(witness.asked.length).toBe(1);
});
