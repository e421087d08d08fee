import { once } from "node:events";
import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import {
  type ClientMessage,
  decodeReplicaMessage,
  encodeClientMessage,
  type ReplicaMessage,
} from "@destiny/core/wire/client-protocol";
import { encodeFrame, FrameParser } from "@destiny/core/wire/frame-parser";
import { LIMITS } from "@destiny/core/wire/limits";
import { AssignRequest } from "@destiny/core/wire/messages";
import { RefusalCode } from "@destiny/core/wire/reply";
import { Request } from "@destiny/core/wire/request";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { afterEach, beforeAll, expect, test } from "vitest";
import { createReplicaCertificate, type ReplicaCertificate } from "../identity/certificates.ts";
import { until } from "../mesh/test-bed.ts";
import { ClientServer } from "./client-server.ts";
import type { ClientFault, ClientLimits, ClientLink, ClientServerOptions } from "./options.ts";

const CLUSTER = "c".repeat(32);
const ALICE = "a".repeat(32);
const BOB = "b".repeat(32);

let certificate: ReplicaCertificate;
let closing: (() => Promise<void> | void)[] = [];

beforeAll(async () => {
  certificate = await createReplicaCertificate({ replica: 1, cluster: "test", hosts: ["127.0.0.1"] });
});
afterEach(async () => {
  for (const close of closing.reverse()) await close();
  closing = [];
});

interface Bed {
  readonly server: ClientServer;
  readonly faults: ClientFault[];
  readonly submitted: { readonly request: Request; readonly link: ClientLink }[];
  readonly assigned: AssignRequest[];
}

async function open(
  limits: Partial<ClientLimits> = {},
  overrides: Partial<ClientServerOptions> = {},
): Promise<Bed> {
  const bed = {
    faults: [] as ClientFault[],
    submitted: [] as Bed["submitted"][number][],
    assigned: [] as AssignRequest[],
  };
  const server = await ClientServer.open({
    replica: 1,
    cluster: CLUSTER,
    listen: { host: "127.0.0.1", port: 0 },
    certPem: certificate.certPem,
    keyPem: certificate.keyPem,
    limits,
    coordinatorOf: () => 2,
    admits: (client) => client !== BOB,
    onSubmit: (request, link) => void bed.submitted.push({ request, link }),
    onAssign: (assign) => void bed.assigned.push(assign),
    report: (fault) => void bed.faults.push(fault),
    ...overrides,
  });
  closing.push(() => server.close());
  return { server, ...bed };
}

/** A client that does whatever a test wants. */
class Guest {
  readonly socket: TLSSocket;
  readonly messages: ReplicaMessage[] = [];
  closed = false;

  constructor(bed: Bed, options: ConnectionOptions = {}) {
    const parser = new FrameParser(1 << 22, (frame) => void this.messages.push(decodeReplicaMessage(frame)));
    this.socket = connect({
      host: "127.0.0.1",
      port: bed.server.port,
      rejectUnauthorized: false,
      ALPNProtocols: ["destiny-client/1"],
      ...options,
    });
    this.socket.on("error", () => undefined);
    this.socket.on("data", (chunk: Buffer) => void parser.push(Uint8Array.from(chunk)));
    this.socket.on("close", () => {
      this.closed = true;
    });
    closing.push(() => void this.socket.destroy());
  }

  say(message: ClientMessage): void {
    this.socket.write(encodeFrame(encodeClientMessage(message)));
  }

  hello(client: string = ALICE, cluster: string = CLUSTER): this {
    this.say({ type: "hello", cluster, client });
    return this;
  }

  async welcome(): Promise<this> {
    await until(() => this.messages.length > 0);
    expect(this.messages[0]).toEqual({ type: "welcome", replica: 1, coordinator: 2 });
    return this;
  }

  async refused(code: number): Promise<void> {
    await until(() => this.closed);
    expect(this.messages.at(-1)).toMatchObject({ type: "refusal", code });
  }
}

function request(timestamp: number, bytes = 10, client: string = ALICE): Request {
  const fields = { client, timestamp, operations: [new Uint8Array(bytes)] };
  return Request.create(fields, digestOf, () => new Uint8Array(64));
}

test("clients share a connection, and only those that said hello over it", async () => {
  const bed = await open();
  const carol = "c".repeat(32);
  const guest = await new Guest(bed).hello().hello(carol).welcome();
  await until(() => guest.messages.length === 2);
  guest.say({ type: "submit", request: request(1) });
  guest.say({ type: "submit", request: request(2, 10, carol) });
  await until(() => bed.submitted.length === 2);
  expect(bed.server.statistics()).toMatchObject({ accepted: 1, clients: 2 });
  for (const client of [ALICE, carol]) {
    bed.server.send(client, { type: "plain", client, timestamp: 1, seq: 1, entry: 0, results: [] });
  }
  await until(() => guest.messages.length === 4);
  guest.say({ type: "submit", request: request(3, 10, "d".repeat(32)) });
  await guest.refused(RefusalCode.Malformed);
  expect(bed.faults).toEqual(["impostor"]);
  await until(() => bed.server.statistics().clients === 0);
});

test("hello, welcome, a request, an assignment and a reply", async () => {
  const bed = await open();
  const guest = await new Guest(bed).hello().welcome();
  guest.say({ type: "submit", request: request(7) });
  guest.say({
    type: "assign",
    assign: new AssignRequest({ client: ALICE, coordinator: 0, nonce: 3, signature: new Uint8Array(64) }),
  });
  await until(() => bed.assigned.length === 1);
  expect(bed.submitted[0]?.request).toMatchObject({ client: ALICE, timestamp: 7, valid: null });
  expect(bed.assigned[0]).toMatchObject({ coordinator: 0, nonce: 3 });
  const reply = {
    type: "plain",
    client: ALICE,
    timestamp: 7,
    seq: 1,
    entry: 0,
    results: [Uint8Array.of(0, 1)],
  } as const;
  bed.server.send(BOB, reply);
  bed.server.send(ALICE, reply);
  await until(() => guest.messages.length === 2);
  expect(guest.messages[1]).toEqual(reply);
  expect(bed.server.statistics()).toMatchObject({
    connections: 1,
    clients: 1,
    accepted: 1,
    framesIn: 3,
    framesOut: 2,
  });
  expect(bed.faults).toEqual([]);
});

test("a request keeps no more memory alive than its own", async () => {
  const bed = await open();
  const guest = await new Guest(bed).hello().welcome();
  guest.socket.cork();
  for (let i = 1; i <= 20; i += 1) guest.say({ type: "submit", request: request(i) });
  guest.socket.uncork();
  await until(() => bed.submitted.length === 20);
  for (const { request: held } of bed.submitted) expect(held.bytes.buffer.byteLength).toBeLessThan(200);
});

test("replies go to all connections of a client, and the oldest unproven one makes room for one more", async () => {
  const bed = await open({ connectionsPerClientMax: 2 });
  const first = await new Guest(bed).hello().welcome();
  first.say({ type: "submit", request: request(1) });
  await until(() => bed.submitted.length === 1);
  bed.submitted[0]?.link.prove();
  const second = await new Guest(bed).hello().welcome();
  const third = await new Guest(bed).hello().welcome();
  await until(() => second.closed);
  expect(bed.faults).toEqual(["crowded"]);
  expect(first.closed).toBe(false);
  bed.server.send(ALICE, {
    type: "refusal",
    client: ALICE,
    timestamp: 1,
    code: RefusalCode.Busy,
    coordinator: 0,
  });
  await until(() => first.messages.length === 2 && third.messages.length === 2);
});

test("names without proof do not fill the server", async () => {
  const bed = await open({ connectionsMax: 2 });
  const honest = await new Guest(bed).hello().welcome();
  honest.say({ type: "submit", request: request(1) });
  await until(() => bed.submitted.length === 1);
  bed.submitted[0]?.link.prove();
  const squatter = await new Guest(bed).hello("x".repeat(32)).welcome();
  const next = await new Guest(bed).hello("y".repeat(32)).welcome();
  await until(() => squatter.closed);
  next.say({ type: "submit", request: request(1, 10, "y".repeat(32)) });
  await until(() => bed.submitted.length === 2);
  bed.submitted[1]?.link.prove();
  await new Guest(bed).hello("z".repeat(32)).refused(RefusalCode.Busy);
  expect(honest.closed || next.closed).toBe(false);
});

test.each<[string, (guest: Guest) => void, number, ClientFault]>([
  ["another cluster", (guest) => guest.hello(ALICE, "d".repeat(32)), RefusalCode.Malformed, "cluster"],
  ["a client that is not admitted", (guest) => guest.hello(BOB), RefusalCode.NotAdmitted, "not-admitted"],
  [
    "a request first",
    (guest) => guest.socket.write(encodeFrame(new Uint8Array(60))),
    RefusalCode.Malformed,
    "hello",
  ],
  [
    "a long frame first",
    (guest) => guest.socket.write(encodeFrame(new Uint8Array(67))),
    RefusalCode.Malformed,
    "frame-length",
  ],
  ["a length of 0", (guest) => guest.socket.write(new Uint8Array(4)), RefusalCode.Malformed, "frame-length"],
  [
    "plain HTTP inside",
    (guest) => guest.socket.write("GET / HTTP/1.1\r\n\r\n"),
    RefusalCode.Malformed,
    "frame-length",
  ],
])("%s instead of a hello is refused in words", async (_name, act, code, fault) => {
  const bed = await open();
  const guest = new Guest(bed);
  await once(guest.socket, "secureConnect");
  act(guest);
  await guest.refused(code);
  expect(bed.faults).toEqual([fault]);
  expect(bed.server.statistics().connections).toBe(0);
});

test.each<[string, (guest: Guest) => void, ClientFault]>([
  ["a second hello", (guest) => guest.hello(), "malformed"],
  ["garbage", (guest) => guest.socket.write(encodeFrame(Uint8Array.of(1, 99))), "malformed"],
  ["another version", (guest) => guest.socket.write(encodeFrame(Uint8Array.of(2, 3, 0))), "malformed"],
  [
    "a request of somebody else",
    (guest) => guest.say({ type: "submit", request: request(1, 10, BOB) }),
    "impostor",
  ],
  ["a frame above the limit", (guest) => guest.socket.write(Uint8Array.of(0, 0, 0x20, 0)), "frame-length"],
  ["a length of 2^32 - 1", (guest) => guest.socket.write(Uint8Array.of(255, 255, 255, 255)), "frame-length"],
])("%s closes the connection, counted", async (_name, act, fault) => {
  const bed = await open();
  const guest = await new Guest(bed).hello().welcome();
  act(guest);
  guest.say({ type: "submit", request: request(9) });
  await guest.refused(RefusalCode.Malformed);
  expect(bed.faults).toEqual([fault]);
  expect(bed.submitted).toEqual([]);
});

test("the largest request fits, byte by byte too", async () => {
  const bed = await open();
  const guest = await new Guest(bed).hello().welcome();
  const operations = [
    new Uint8Array(LIMITS.operationBytesMax),
    new Uint8Array(LIMITS.requestBytesMax - LIMITS.operationBytesMax - 42 - 64 - 8),
  ];
  const largest = Request.create(
    { client: ALICE, timestamp: 1, operations },
    digestOf,
    () => new Uint8Array(64),
  );
  expect(largest.bytes.length).toBe(LIMITS.requestBytesMax);
  guest.say({ type: "submit", request: largest });
  await until(() => bed.submitted.length === 1);
  for (const byte of encodeFrame(encodeClientMessage({ type: "submit", request: request(2) })))
    guest.socket.write(Uint8Array.of(byte));
  await until(() => bed.submitted.length === 2);
});

test("what is under way is bounded: reading goes on when the owner is done", async () => {
  const release: (() => void)[] = [];
  let count = 0;
  const bed = await open(
    { underWayBytesMax: 100_000 },
    {
      onSubmit: () => {
        count += 1;
        return new Promise<void>((resolve) => release.push(resolve));
      },
    },
  );
  const guest = await new Guest(bed).hello().welcome();
  for (let i = 1; i <= 40; i += 1) guest.say({ type: "submit", request: request(i, 50_000) });
  await until(() => count >= 2);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(count).toBeLessThan(10);
  expect(bed.server.statistics().underWayBytes).toBeGreaterThan(100_000);
  const pump = setInterval(() => {
    for (const resolve of release.splice(0)) resolve();
  }, 1);
  await until(() => count === 40);
  clearInterval(pump);
  for (const resolve of release.splice(0)) resolve();
  await until(() => bed.server.statistics().underWayBytes === 0);
});

test("a client that does not read its replies is dropped, and costs no more than its bound", async () => {
  const bed = await open({ backlogBytesMax: 2_000_000 });
  const guest = await new Guest(bed).hello().welcome();
  guest.socket.pause();
  const results = [new Uint8Array(200_000)];
  for (let i = 0; i < 200 && bed.faults.length === 0; i += 1) {
    bed.server.send(ALICE, { type: "plain", client: ALICE, timestamp: i, seq: i, entry: 0, results });
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(bed.faults).toEqual(["slow-reader"]);
  expect(bed.server.statistics().connections).toBe(0);
});

test("stalled readers and endless frames are closed by the clock", async () => {
  const bed = await open({ stallTimeoutMillis: 200, frameTimeoutMillis: 200 });
  const deaf = await new Guest(bed).hello().welcome();
  deaf.socket.pause();
  const results = [new Uint8Array(3_000_000)];
  for (let i = 0; i < 4; i += 1)
    bed.server.send(ALICE, { type: "plain", client: ALICE, timestamp: i, seq: i, entry: 0, results });
  const slow = await new Guest(bed).hello("s".repeat(32)).welcome();
  slow.socket.write(Uint8Array.of(100, 0, 0, 0, 1));
  await until(() => bed.faults.length === 2);
  expect(bed.faults.toSorted()).toEqual(["slow-frame", "stalled"]);
});

test("a silent connection is closed at the deadline, before TLS and after it", async () => {
  const bed = await open({ handshakeTimeoutMillis: 100 });
  const silent = new Guest(bed);
  await until(() => silent.closed);
  expect(bed.faults).toEqual(["deadline"]);
});

test("TLS 1.2 and other protocols are refused", async () => {
  const bed = await open();
  const old = new Guest(bed, { maxVersion: "TLSv1.2" });
  const mesh = new Guest(bed, { ALPNProtocols: ["destiny/1"] });
  const none = new Guest(bed, { ALPNProtocols: [] });
  await until(() => old.closed && mesh.closed && none.closed);
  expect(bed.faults).toEqual(["handshake", "handshake", "handshake"]);
});

test("no session is resumed", async () => {
  const bed = await open();
  const guest = new Guest(bed);
  const sessions: Buffer[] = [];
  guest.socket.on("session", (session: Buffer) => void sessions.push(session));
  await guest.hello().welcome();
  await until(() => sessions.length > 0);
  const again = new Guest(bed, { session: sessions[0]! });
  await again.hello().welcome();
  expect(again.socket.isSessionReused()).toBe(false);
});

test("a key of another certificate is the operator's error", async () => {
  const other = await createReplicaCertificate({ replica: 2, cluster: "test", hosts: [] });
  await expect(open({}, { keyPem: other.keyPem })).rejects.toThrow(/the key does not fit the certificate/);
});

test("closing ends all connections", async () => {
  const bed = await open();
  const guest = await new Guest(bed).hello().welcome();
  await bed.server.close();
  await until(() => guest.closed);
  expect(bed.faults).toEqual([]);
});
