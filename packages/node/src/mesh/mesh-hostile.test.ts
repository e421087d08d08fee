import { connect as connectTcp, createServer, type Socket } from "node:net";
import { createServer as createTlsServer, type TLSSocket } from "node:tls";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { Mesh } from "./mesh.ts";
import type { MeshFault } from "./options.ts";
import { type BedMesh, CLUSTER, certify, framed, helloFrame, TestBed, until } from "./test-bed.ts";

const certificates = await certify(4);
const [stranger] = await certify(1);
let bed: TestBed;

beforeEach(() => {
  bed = new TestBed(certificates);
});
afterEach(() => bed.close());

async function expectRefusal(
  at: BedMesh,
  socket: Socket,
  peer: number | undefined,
  fault: MeshFault,
): Promise<void> {
  await until(() => socket.destroyed && at.faults.length > 0);
  expect(at.faults).toEqual([{ peer, fault }]);
  expect([at.links, at.frames]).toEqual([[], []]);
}

function dialTcp(port: number): Socket {
  const socket = connectTcp({ host: "127.0.0.1", port });
  socket.on("error", () => undefined);
  socket.resume();
  return socket;
}

async function secure(socket: TLSSocket): Promise<TLSSocket> {
  await new Promise((resolve) => socket.once("secureConnect", resolve));
  socket.resume();
  return socket;
}

test("an unknown self-signed certificate, however it is named, is refused", async () => {
  const zero = await bed.open(0);
  await expectRefusal(zero, bed.dial(0, stranger).resume(), undefined, "certificate");
});

test("no certificate at all is refused", async () => {
  const zero = await bed.open(0);
  await expectRefusal(zero, bed.dial(0, undefined).resume(), undefined, "certificate");
});

test("our own certificate is nobody else's", async () => {
  const zero = await bed.open(0);
  await expectRefusal(zero, bed.dial(0, certificates[0]).resume(), undefined, "certificate");
});

test("replica 2's certificate with a hello that claims to be replica 1 is blamed on 2", async () => {
  const zero = await bed.open(0);
  const socket = await secure(bed.dial(0, certificates[2]));
  socket.write(helloFrame(1));
  await expectRefusal(zero, socket, 2, "claim");
});

test.each([
  ["cluster", helloFrame(1, "d".repeat(32))],
  ["version", helloFrame(1, CLUSTER, 2)],
  ["hello", framed(Buffer.from("hello"))],
  ["hello", framed(Buffer.alloc(40))],
  ["frame-length", framed(Buffer.alloc(41))],
  ["frame-length", Buffer.alloc(4)],
  ["frame-length", Buffer.alloc(4, 0xff)],
] as const)("a hello with a fault of %s closes the connection", async (fault, bytes) => {
  const zero = await bed.open(0);
  const socket = await secure(bed.dial(0, certificates[1]));
  socket.write(bytes);
  await expectRefusal(zero, socket, 1, fault);
});

test("a lower id that dials is refused: it is for us to dial it", async () => {
  const two = await bed.open(2, { redialMinMillis: 100_000, redialMaxMillis: 100_000 });
  await expectRefusal(two, (await secure(bed.dial(2, certificates[1]))) as Socket, 1, "direction");
});

test("where another replica, or a stranger, answers for the one dialled, there is no link", async () => {
  for (const impostor of [certificates[2], stranger]) {
    const server = createTlsServer({
      ...{ cert: impostor?.certPem, key: impostor?.keyPem, requestCert: true, rejectUnauthorized: false },
      ALPNProtocols: ["destiny/1"],
    });
    const sockets: Socket[] = [];
    server.on("connection", (socket) => sockets.push(socket));
    server.on("secureConnection", (socket) => socket.on("error", () => undefined).write(helloFrame(0)));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    bed.ports.set(0, typeof address === "object" ? (address?.port ?? 0) : 0);
    const one = await bed.open(1);
    await until(() => one.faults.length >= 2);
    expect(one.faults[0]).toEqual({ peer: 0, fault: "certificate" });
    expect(one.links).toEqual([]);
    await one.mesh.close();
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

test.each([
  ["random bytes", Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 7919) % 256))],
  ["plain HTTP", Buffer.from("GET / HTTP/1.1\r\nhost: a\r\n\r\n")],
  ["zeros", Buffer.alloc(100_000)],
])("%s instead of TLS end the connection and nothing else", async (_, bytes) => {
  const zero = await bed.open(0);
  const socket = dialTcp(zero.mesh.port);
  socket.write(bytes);
  await expectRefusal(zero, socket, undefined, "handshake");
  await bed.greet(0, 1);
  await until(() => zero.mesh.linked(1));
});

test("TLS 1.2, and a client without our ALPN, are refused", async () => {
  const zero = await bed.open(0);
  const old = bed.dial(0, certificates[1], { maxVersion: "TLSv1.2" }).resume();
  await until(() => old.destroyed);
  const http = bed.dial(0, certificates[1], { ALPNProtocols: ["h2"] }).resume();
  await until(() => http.destroyed);
  const none = bed.dial(0, certificates[1], { ALPNProtocols: [] }).resume();
  await until(() => none.destroyed);
  await until(() => zero.faults.length === 3);
  expect(zero.faults.map(({ fault }) => fault)).toEqual(["handshake", "handshake", "handshake"]);
  expect(zero.links).toEqual([]);
});

test("what a link agrees on is TLS 1.3 with AES-128-GCM", async () => {
  await bed.open(0);
  const socket = await bed.greet(0, 1);
  expect([socket.getProtocol(), socket.getCipher().name]).toEqual(["TLSv1.3", "TLS_AES_128_GCM_SHA256"]);
});

test.each([
  ["of 0", 0],
  ["above the limit", 1001],
  ["of 2^31", 2 ** 31],
  ["of 2^32 - 1", 2 ** 32 - 1],
])("an authenticated peer's frame length %s closes the link and is counted", async (_, length) => {
  const zero = await bed.open(0, { frameBytesMax: 1000 });
  const socket = (await bed.greet(0, 1)).resume();
  const header = Buffer.alloc(4);
  header.writeUInt32LE(length);
  socket.write(Buffer.concat([framed(Buffer.alloc(1000)), header, framed(Buffer.from("after"))]));
  await until(() => socket.destroyed && zero.links.length === 2);
  expect(zero.faults).toEqual([{ peer: 1, fault: "frame-length" }]);
  expect(zero.frames.map(({ frame }) => frame.length)).toEqual([1000]);
  expect(zero.links).toEqual(["+1", "-1"]);
});

test("a connection that never handshakes, or only drips bytes, is destroyed at the deadline", async () => {
  const zero = await bed.open(0, { handshakeTimeoutMillis: 150 });
  const started = performance.now();
  const silent = dialTcp(zero.mesh.port);
  const drip = dialTcp(zero.mesh.port);
  const clientHello = Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01]);
  const timer = setInterval(() => drip.write(clientHello.subarray(0, 1)), 40);
  await until(() => silent.destroyed);
  expect(performance.now() - started).toBeGreaterThan(140);
  await until(() => drip.destroyed);
  clearInterval(timer);
  expect(zero.faults[0]).toEqual({ peer: undefined, fault: "deadline" });
});

test("a peer that handshakes but never says hello is closed at the deadline", async () => {
  const zero = await bed.open(0, { handshakeTimeoutMillis: 150 });
  const socket = await secure(bed.dial(0, certificates[1]));
  await expectRefusal(zero, socket, 1, "deadline");
});

test("a server that accepts and stays silent does not stop the dialler", async () => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket.on("error", () => undefined)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  bed.ports.set(0, typeof address === "object" ? (address?.port ?? 0) : 0);
  const one = await bed.open(1, { handshakeTimeoutMillis: 60 });
  await until(() => sockets.length >= 3);
  expect(one.faults[0]).toEqual({ peer: 0, fault: "deadline" });
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
  const zero = await bed.open(0);
  await until(() => zero.mesh.linked(1) && one.mesh.linked(0));
});

test("a session ticket does not replace the certificate", async () => {
  const zero = await bed.open(0);
  const first = bed.dial(0, certificates[1]);
  const sessions: Buffer[] = [];
  first.on("session", (session) => sessions.push(session));
  await secure(first);
  first.write(helloFrame(1));
  await until(() => zero.mesh.linked(1));
  await new Promise((resolve) => setTimeout(resolve, 50));
  const session = sessions.at(-1) ?? first.getSession();
  expect(session).toBeDefined();

  const thief = bed.dial(0, undefined, session === undefined ? {} : { session }).resume();
  thief.write(helloFrame(1));
  await until(() => thief.destroyed);
  await until(() => zero.faults.length > 0);
  expect(zero.faults).toEqual([{ peer: undefined, fault: "certificate" }]);
  expect(zero.links).toEqual(["+1"]);
});

test("a flood of silent connections is capped per address, and leaves when its time is over", async () => {
  const zero = await bed.open(0, { pendingPerAddressMax: 5, handshakeTimeoutMillis: 300 });
  const flood = Array.from({ length: 50 }, () => dialTcp(zero.mesh.port));
  await until(() => flood.filter((socket) => socket.destroyed).length === 45);
  expect(zero.faults.filter(({ fault }) => fault === "crowded")).toHaveLength(45);
  await until(() => flood.every((socket) => socket.destroyed));
  await bed.greet(0, 1);
  await until(() => zero.mesh.linked(1));
});

test("the total is capped too, and live links do not count", async () => {
  const zero = await bed.open(0, { pendingMax: 2, pendingPerAddressMax: 100 });
  for (const id of [1, 2, 3]) {
    await bed.greet(0, id);
    await until(() => zero.mesh.linked(id));
  }
  const [first, second, third] = [dialTcp(zero.mesh.port), dialTcp(zero.mesh.port), dialTcp(zero.mesh.port)];
  await until(() => [first, second, third].filter((socket) => socket?.destroyed).length === 1);
  first?.destroy();
  second?.destroy();
  third?.destroy();
  await until(() => zero.faults.length >= 3);
  expect(zero.faults.filter(({ fault }) => fault === "crowded")).toHaveLength(1);
  const anew = await bed.greet(0, 1);
  await until(() => zero.links.length === 5);
  expect(anew.destroyed).toBe(false);
});

test("a peer that never reads costs a bounded queue, holds up nobody and may come back", async () => {
  const limits = { frameBytesMax: 1 << 20, backlogBytesMax: 4 << 20, stallTimeoutMillis: 400 };
  const zero = await bed.open(0, limits);
  const lazy = await bed.greet(0, 1);
  lazy.pause();
  const two = await bed.open(2);
  await until(() => zero.mesh.linked(1) && zero.mesh.linked(2));

  const frame = new Uint8Array(100_000);
  for (let round = 0; round < 100; round += 1) {
    const wanted = two.frames.length + 2;
    zero.mesh.broadcast(frame);
    zero.mesh.send(2, frame);
    expect(zero.mesh.backlogBytes(1)).toBeLessThanOrEqual((4 << 20) + 262_144);
    await until(() => two.frames.length === wanted);
  }
  for (let i = 0; i < 60; i += 1) zero.mesh.send(1, frame);
  expect(zero.mesh.statistics()[0]?.framesDropped).toBeGreaterThan(0);
  await until(() => !zero.mesh.linked(1));
  expect(zero.faults).toEqual([{ peer: 1, fault: "stalled" }]);
  expect(zero.mesh.backlogBytes(1)).toBe(0);
  const [toLazy] = zero.mesh.statistics();
  const hello = 1;
  expect((toLazy?.framesOut ?? 0) + (toLazy?.framesDropped ?? 0)).toBe(100 + 60 + hello);
  expect(zero.mesh.linked(2)).toBe(true);

  await bed.greet(0, 1);
  await until(() => zero.mesh.linked(1));
});

test("a reset in the middle of a handshake ends nothing but itself", async () => {
  const zero = await bed.open(0);
  for (let i = 0; i < 10; i += 1) {
    const socket = dialTcp(zero.mesh.port);
    await new Promise((resolve) => socket.once("connect", resolve));
    socket.write(Buffer.from([0x16, 0x03, 0x01, 0x00, 0x50]));
    socket.resetAndDestroy();
  }
  await bed.greet(0, 1);
  await until(() => zero.mesh.linked(1));
});

test("a chunk with many frames after one that closes the mesh hands on none of them", async () => {
  const seen: number[] = [];
  let mesh: Mesh | undefined;
  const zero = await bed.open(
    0,
    {},
    {
      onFrame: (_, frame) => {
        seen.push(frame.length);
        void mesh?.close();
      },
    },
  );
  mesh = zero.mesh;
  const socket = await bed.greet(0, 1);
  socket.write(Buffer.concat([1, 2, 3].map((length) => framed(Buffer.alloc(length)))));
  await until(() => socket.destroyed || seen.length > 0);
  expect(seen).toEqual([1]);
});
