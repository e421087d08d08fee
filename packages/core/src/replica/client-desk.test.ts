import { hash } from "node:crypto";
import { expect, test } from "vitest";
import type { Digest } from "../kernel/ids.ts";
import { defaultParameters } from "../parameters.ts";
import { Forward } from "../wire/forward.ts";
import { RefusalCode, type Reply } from "../wire/reply.ts";
import { Request } from "../wire/request.ts";
import { ClientDesk } from "./client-desk.ts";
import { ClientTable } from "./client-table.ts";
import type { ExecutionProofs } from "./execution-proofs.ts";
import type { Executor } from "./executor.ts";

const SELF = 1;
const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");
const clientOf = (name: string, home: number): Digest =>
  `${name.repeat(29)}${String.fromCharCode(0, home)}${name}`;

function request(client: Digest, timestamp: number, bytes = 1): Request {
  const fields = { client, timestamp, operations: [new Uint8Array(bytes)] };
  const made = Request.create(fields, digestOf, () => new Uint8Array(64));
  made.valid = true;
  return made;
}

/** A desk of replica 1 among three, with everything else played by the test. */
class Stage {
  readonly clients = new ClientTable(3, 4);
  readonly replies: Reply[] = [];
  readonly forwarded: { to: number; timestamp: number }[] = [];
  readonly expected: { client: Digest; timestamp: number; coordinator: number }[] = [];
  readonly served: { client: Digest; timestamp: number }[] = [];
  readonly reported: number[] = [];
  readonly desk: ClientDesk;
  sole: number | null;
  away: number[] = [];
  admitted = true;

  constructor(sole: number | null = 0) {
    this.sole = sole;
    const stage = this;
    this.desk = new ClientDesk({
      self: SELF,
      orderer: {
        get soleCoordinator() {
          return stage.sole;
        },
        get away() {
          return stage.away;
        },
        executed: 0,
        expect: ({ client, timestamp }, coordinator) =>
          void this.expected.push({ client, timestamp, coordinator }),
        served: (client, timestamp) => void this.served.push({ client, timestamp }),
      },
      port: {
        send: (to, message) =>
          void this.forwarded.push({ to, timestamp: (message as Forward).request.timestamp }),
        report: (peer) => void this.reported.push(peer),
      },
      parameters: defaultParameters(3, { pipeline: 4, intakeBytesMax: 4096, batchBytes: 1000 }),
      clients: this.clients,
      executor: {
        admits: () => this.admitted,
        isAdmission: () => false,
        anyone: true,
      } as unknown as Executor,
      proofs: { proof: () => null } as unknown as ExecutionProofs,
      reply: (reply) => void this.replies.push(reply),
    });
  }

  /** As if a request of this client had executed. */
  execute(client: Digest, timestamp: number): void {
    const place = { seq: 1, entry: 0, index: 0, count: 1, path: [], results: [] };
    this.clients.record(client, { timestamp, request: request(client, timestamp).digest, ...place });
    this.desk.onExecuted([{ client, timestamp, reply: null }]);
  }

  batch(): number[] {
    return this.desk.takeBatch().map(({ timestamp }) => timestamp);
  }
}

const alice = clientOf("a", 0);

test("what another one coordinates is expected of that one; the client is told", () => {
  const stage = new Stage();
  stage.desk.submit(request(alice, 5));
  expect(stage.expected).toEqual([{ client: alice, timestamp: 5, coordinator: 0 }]);
  expect(stage.replies).toMatchObject([{ code: RefusalCode.NotCoordinator, coordinator: 0 }]);
  expect(stage.forwarded).toEqual([]);
  stage.execute(alice, 5);
  expect(stage.served).toEqual([{ client: alice, timestamp: 5 }]);
});

test("what we coordinate is expected only once its client asks again", () => {
  const stage = new Stage(SELF);
  stage.desk.submit(request(alice, 5));
  expect(stage.expected).toEqual([]);
  stage.desk.submit(request(alice, 5));
  expect(stage.expected).toEqual([{ client: alice, timestamp: 5, coordinator: SELF }]);
});

test("at half time the coordinator gets what waits, and none is blamed for what does not", () => {
  const stage = new Stage();
  stage.desk.submit(request(alice, 7));
  stage.desk.submit(request(alice, 5));
  expect(stage.desk.forward(alice)).toBe(true);
  expect(stage.forwarded).toEqual([
    { to: 0, timestamp: 5 },
    { to: 0, timestamp: 7 },
  ]);
  expect(stage.desk.forward(clientOf("b", 0))).toBe(false);
  stage.admitted = false;
  expect(stage.desk.forward(alice)).toBe(false);
});

test("a new primary takes up what it has kept, each client's requests in order", () => {
  const stage = new Stage();
  stage.desk.submit(request(alice, 7));
  stage.desk.submit(request(alice, 5));
  stage.sole = SELF;
  stage.desk.onMoved();
  expect(stage.batch()).toEqual([5, 7]);
  stage.desk.onMoved();
  expect(stage.batch()).toEqual([]); // Under way: proposed once.
});

test("an old primary hands over what it has not proposed", () => {
  const stage = new Stage(SELF);
  stage.desk.submit(request(alice, 5));
  stage.sole = 2;
  stage.desk.onMoved();
  expect(stage.forwarded).toEqual([{ to: 2, timestamp: 5 }]);
  expect(stage.expected).toEqual([{ client: alice, timestamp: 5, coordinator: 2 }]);
  expect(stage.desk.queuedRequests).toBe(0);
});

test("what a view change dropped is proposed again, unless it has executed", () => {
  const stage = new Stage(SELF);
  const requests = [request(alice, 5), request(alice, 6)];
  for (const each of requests) stage.desk.submit(each);
  const batch = stage.desk.takeBatch();
  stage.clients.record(alice, {
    ...{ timestamp: 5, request: "", seq: 1, entry: 0, index: 0, count: 1, path: [], results: [] },
  });
  stage.desk.onDropped(batch);
  expect(stage.batch()).toEqual([6]);
  stage.sole = 0;
  stage.desk.onDropped(requests.map(({ client, timestamp }) => request(client, timestamp)));
  expect(stage.forwarded).toEqual([{ to: 0, timestamp: 6 }]);
});

test("what a peer forwards counts only at its coordinator, once, and if its client signed it", () => {
  const stage = new Stage(SELF);
  const forged = request(alice, 1);
  forged.valid = false;
  stage.desk.onForward(2, new Forward(forged));
  expect(stage.reported).toEqual([2]);
  stage.desk.onForward(2, new Forward(request(alice, 5)));
  stage.desk.onForward(0, new Forward(request(alice, 5)));
  stage.execute(clientOf("b", 1), 9);
  stage.desk.onForward(2, new Forward(request(clientOf("b", 1), 9)));
  expect(stage.batch()).toEqual([5]);
  expect(stage.replies).toEqual([]);
  stage.sole = 0;
  stage.desk.onForward(2, new Forward(request(alice, 6)));
  expect(stage.desk.forward(alice)).toBe(true);
  expect(stage.forwarded.map(({ timestamp }) => timestamp)).toEqual([5]);
});

test("a peer may forward so much in one period, a client so much at all", () => {
  const stage = new Stage(SELF);
  for (let i = 1; i <= 9; i += 1) stage.desk.onForward(2, new Forward(request(alice, i)));
  expect(stage.desk.queuedRequests).toBe(4);
  stage.desk.takeBatch();
  stage.desk.renew();
  const large = (name: string): Forward => new Forward(request(clientOf(name, 1), 1, 500));
  for (const name of ["b", "c", "d"]) stage.desk.onForward(2, large(name));
  expect(stage.desk.queuedRequests).toBe(1);
  stage.desk.onForward(0, large("e"));
  stage.desk.renew();
  stage.desk.onForward(2, large("f"));
  expect(stage.desk.queuedRequests).toBe(3);
});

test("H25: a client whose coordinator is away is told so, and who else is; its request is kept", () => {
  const stage = new Stage(null);
  stage.away = [0, 2];
  stage.desk.submit(request(alice, 5));
  expect(stage.replies).toMatchObject([{ code: RefusalCode.NoHome, coordinator: 0, away: [0, 2] }]);
  const ours = clientOf("b", SELF);
  stage.away = [SELF];
  stage.desk.submit(request(ours, 5));
  expect(stage.replies.at(-1)).toMatchObject({ code: RefusalCode.NoHome, coordinator: SELF, away: [SELF] });
  expect(stage.batch()).toEqual([5]);
});

test("an assigned client's requests are expected of its new coordinator", () => {
  const stage = new Stage(null);
  stage.desk.submit(request(alice, 5));
  stage.desk.submit(request(alice, 6));
  stage.clients.assign(alice, 2, 1);
  stage.desk.onAssigned(alice);
  expect(stage.expected.at(-1)).toEqual({ client: alice, timestamp: 6, coordinator: 2 });
});

test("a transferred table settles what executed elsewhere", () => {
  const stage = new Stage();
  stage.desk.submit(request(alice, 5));
  stage.clients.record(alice, {
    ...{ timestamp: 6, request: "", seq: 1, entry: 0, index: 0, count: 1, path: [], results: [] },
  });
  stage.desk.onInstalled();
  expect(stage.served).toEqual([{ client: alice, timestamp: 6 }]);
  expect(stage.desk.forward(alice)).toBe(false);
});
