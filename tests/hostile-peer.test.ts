import { randomBytes } from "node:crypto";
import type { TLSSocket } from "node:tls";
import { COUNTER_MAX } from "@destiny/core/kernel/ids";
import { decodeFrame, encodeFrame as encodeMessage } from "@destiny/core/wire/codec";
import { encodeFrame } from "@destiny/core/wire/frame-parser";
import { Proposal, Pull } from "@destiny/core/wire/messages";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { createReplicaCertificate } from "@destiny/node/identity/certificates";
import type { Mesh } from "@destiny/node/mesh/mesh";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { credentialsOf, dial, greet, helloFrame, openMesh } from "./support/byzantine-peer.ts";
import { badShareFor, framesAt, framesOfEveryKind, places } from "./support/hostile-frames.ts";
import { Load } from "./support/load.ts";
import { TestCluster } from "./support/test-cluster.ts";
import { until } from "./support/until.ts";

/** The one of five that we play. With the highest id, it is the one to dial all others. */
const BYZANTINE = 4;
const HONEST = [0, 1, 2, 3];
/** Kinds of messages that peers may send one another, of all protocols. */
const KINDS_LEAST = 40;

let cluster: TestCluster;
let load: Load;
let sockets: TLSSocket[] = [];
let mesh: Mesh | undefined;
let before: Record<string, number>;

beforeAll(async () => {
  cluster = await TestCluster.start();
  await cluster.local.kill(BYZANTINE);
  load = await Load.start(cluster, { homes: HONEST, pipeline: 2 });
  await load.more(100);
});
beforeEach(async () => {
  before = await cluster.refusals(BYZANTINE);
});

/** Whatever it did, the others go on committing. */
afterEach(async () => {
  await load.more(50);
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await mesh?.close();
  mesh = undefined;
});

/** And in the end they agree, nothing that was acknowledged is lost, and the replica that we played may come back. */
afterAll(async () => {
  try {
    await cluster.local.startReplica(BYZANTINE);
    await load.sealed();
    await load.stop();
    expect(load.failures).toEqual([]);
    await cluster.converged();
    await load.verify();
  } finally {
    await cluster.close();
  }
});

async function greetAll(): Promise<void> {
  sockets = await Promise.all(HONEST.map((to) => greet(cluster, to, BYZANTINE)));
}

/** Waits until the honest replicas have counted this reason so many times more than when the test began. */
async function counted(reason: string, times: number): Promise<void> {
  await until(`${times} of ${reason}`, async () => {
    const { [reason]: now = 0 } = await cluster.refusals(BYZANTINE);
    if (now - (before[reason] ?? 0) >= times) return true;
    throw new Error(`${now - (before[reason] ?? 0)} so far`);
  });
}

test("whoever shows a stranger's certificate, or another replica's, gets no link", async () => {
  const stranger = await createReplicaCertificate({
    replica: BYZANTINE,
    cluster: "destiny",
    hosts: ["127.0.0.1"],
  });
  const asStranger = await dial(cluster, 0, stranger);
  asStranger.write(helloFrame(cluster, BYZANTINE));
  await until("the end", () => asStranger.destroyed);
  expect(await cluster.refusals("-")).toMatchObject({ certificate: 1 });

  const asTwo = await dial(cluster, 0, credentialsOf(cluster, 2));
  asTwo.write(helloFrame(cluster, BYZANTINE));
  await until("the end", () => asTwo.resume().destroyed);
  expect(await cluster.refusals(2)).toMatchObject({ claim: 1 });
});

test("random bytes and impossible lengths close the link and are counted", async () => {
  const streams = [
    Buffer.of(0xff, 0xff, 0xff, 0xff),
    Buffer.alloc(4),
    Buffer.concat([Buffer.of(0xff, 0xff, 0xff, 0x7f), randomBytes(1_000)]),
  ];
  for (const [index, bytes] of streams.entries()) {
    await greetAll();
    for (const socket of sockets) socket.resume().write(bytes);
    await until("all links closed", () => sockets.every(({ destroyed }) => destroyed));
    await counted("frame-length", HONEST.length * (index + 1));
  }
});

test("random bytes in well-formed frames are counted, and the link stays", async () => {
  await greetAll();
  for (const socket of sockets) {
    for (let i = 0; i < 200; i += 1) socket.write(encodeFrame(randomBytes(1 + i)));
  }
  await counted("bad-frame", HONEST.length * 200);
  expect(sockets.some(({ destroyed }) => destroyed)).toBe(false);
});

test("frames of every kind, cut at every byte, are counted one by one", async () => {
  const frames = [...framesAt({ view: 0, seq: 5 }, 0), ...framesOfEveryKind(0)];
  const kinds = new Map(frames.map((frame) => [`${frame[3]}-${frame.length}`, frame]));
  await greetAll();
  let cuts = 0;
  for (const frame of kinds.values()) {
    // The longest one is a list of equal items: its first ones are as good as all.
    for (let length = 1; length < Math.min(frame.length, 700); length += 1) {
      for (const socket of sockets) socket.write(encodeFrame(frame.subarray(0, length)));
      cuts += 1;
    }
  }
  const covered = new Set([...kinds.values()].map((frame) => frame[3]));
  expect(covered.size).toBeGreaterThan(KINDS_LEAST);
  await counted("bad-frame", HONEST.length * cuts);
});

test("a stream that ends in the middle of a frame, wherever, is forgotten", async () => {
  const [frame = new Uint8Array(0)] = framesAt({ view: 0, seq: 5 }, 0);
  const bytes = encodeFrame(frame);
  for (let length = 1; length < bytes.length; length += Math.ceil(bytes.length / 20)) {
    await greetAll();
    for (const socket of sockets) socket.end(bytes.subarray(0, length));
  }
});

test("frames of every kind with hostile fields for every instance do no harm, and are counted", async () => {
  const { executed } = await cluster.local.status(0);
  mesh = await openMesh(cluster, BYZANTINE);
  await until("all links", () => HONEST.every((id) => mesh?.linked(id)));
  for (const place of places(executed)) {
    for (const frame of framesAt(place, cluster.n)) mesh.broadcast(frame);
  }
  for (const frame of framesOfEveryKind(cluster.n)) mesh.broadcast(frame);
  for (const reason of ["bad-certificate", "not-for-us", "outside-watermarks"]) {
    await counted(reason, HONEST.length);
  }
});

test("more pulls than a replica may send, each for all that there is, are dropped and counted", async () => {
  mesh = await openMesh(cluster, BYZANTINE);
  await until("all links", () => HONEST.every((id) => mesh?.linked(id)));
  for (let i = 0; i < 2_000; i += 1)
    mesh.broadcast(encodeMessage(i % cluster.n, new Pull(1, COUNTER_MAX, true)));
  await counted("too-many-pulls", HONEST.length * 1_000);
});

test("shares that are none are found out, and certificates made without them", async () => {
  const link = await openMesh(cluster, BYZANTINE, (from, bytes) => {
    const { instance, message } = decodeFrame(bytes, digestOf);
    if (message instanceof Proposal) link.send(from, badShareFor(message, instance));
  });
  mesh = link;
  await load.more(200);
  await counted("bad-share", 1);
});
