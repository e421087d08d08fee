import { expect, test } from "vitest";
import { AssignRequest, Certificate, type Evidence, MessageKind, Proposal } from "../../wire/messages.ts";
import { Assignments } from "./assignments.ts";
import { Headers } from "./headers.ts";
import { OrderQueue, type OrderQueueLimits } from "./order-queue.ts";
import { type Entry, OrderList } from "./order-value.ts";

const NOTHING = new Uint8Array(0);
const LIMITS: OrderQueueLimits = {
  n: 3,
  entriesMax: 6,
  referencesPerInstanceMax: 2,
  assignmentsMax: 2,
  optimisticMax: 4,
  ordering: "optimistic",
};

/** A queue with the D-instances around it played by the test. */
class Stage {
  readonly next = [1, 1, 1];
  readonly decided = [0, 0, 0];
  readonly slow = new Set<number>();
  readonly headers: Headers = new Headers(3);
  readonly assignments: Assignments = new Assignments();
  readonly queue: OrderQueue;

  constructor(limits: Partial<OrderQueueLimits> = {}) {
    this.queue = new OrderQueue(
      { ...LIMITS, ...limits },
      {
        next: (instance) => this.next[instance] ?? 0,
        decided: (instance) => this.decided[instance] ?? 0,
        certificate: (instance, seq) =>
          seq <= (this.decided[instance] ?? 0) ? committed(instance, seq) : null,
        header: (instance, seq) => this.headers.get(instance, seq),
        isSlow: (instance) => this.slow.has(instance),
      },
      this.assignments,
    );
  }

  offer(instance: number, ...seqs: number[]): void {
    for (const seq of seqs) this.headers.put(instance, header(seq));
  }

  /** Takes a proposal and lets the O-log accept it. */
  take(): string[] {
    const { entries, evidence } = this.queue.take();
    const references = entries.filter((entry) => entry.type === "reference");
    expect(evidence.map(({ instance, message }) => [instance, message.seq])).toEqual(
      references.map(({ instance, seq }) => [instance, seq]),
    );
    for (const { instance, seq } of references) this.next[instance] = seq + 1;
    return entries.map(spell);
  }
}

const spell = (entry: Entry): string =>
  entry.type === "assign"
    ? `assign ${entry.request.client}${entry.request.nonce}`
    : `${entry.instance}:${entry.seq}`;

function header(seq: number, extension = 0): Proposal {
  const common = { kind: MessageKind.Prepare, view: 0, seq, digest: "d".repeat(32), extension };
  return new Proposal({ ...common, certificate: NOTHING, share: NOTHING, value: null, evidence: [] });
}

function committed(instance: number, seq: number): Evidence {
  const fields = { kind: MessageKind.Commit, view: 0, seq, digest: "d".repeat(32), extension: 0 };
  return { instance, message: new Certificate({ ...fields, aggregate: NOTHING }) };
}

const assign = (client: string, nonce: number): AssignRequest =>
  new AssignRequest({ client, coordinator: 1, nonce, signature: new Uint8Array(64) });

test("an empty queue has nothing to propose", () => {
  const stage = new Stage();
  expect(stage.queue.available()).toBe(0);
  expect(stage.take()).toEqual([]);
});

test("round robin over the D-instances, b references each, the own one not privileged", () => {
  const stage = new Stage({ entriesMax: 3 });
  stage.offer(0, 1, 2, 3);
  stage.offer(1, 1, 2, 3);
  stage.offer(2, 1);
  expect(stage.queue.available()).toBe(3);
  expect(stage.take()).toEqual(["0:1", "0:2", "1:1"]);
  expect(stage.take()).toEqual(["2:1", "0:3", "1:2"]);
  expect(stage.take()).toEqual(["1:3"]);
});

test("a gap is waited for: what lies above it cannot execute", () => {
  const stage = new Stage();
  stage.offer(0, 2, 3);
  expect(stage.queue.available()).toBe(0);
  stage.offer(0, 1);
  expect(stage.take()).toEqual(["0:1", "0:2"]);
});

test("H9: no more than qOpt references whose dissemination is not proven", () => {
  const stage = new Stage();
  stage.offer(0, 1, 2, 3, 4, 5, 6);
  expect([stage.take(), stage.take(), stage.take()]).toEqual([["0:1", "0:2"], ["0:3", "0:4"], []]);
  stage.decided[0] = 1;
  expect(stage.take()).toEqual(["0:5"]);
});

test("what is proven needs no header, is exempt from qOpt and from probation (4.2, H33)", () => {
  const stage = new Stage({ referencesPerInstanceMax: 6, entriesMax: 8 });
  stage.decided[0] = 6;
  expect(stage.take()).toEqual(["0:1", "0:2", "0:3", "0:4", "0:5", "0:6"]);
});

test("a header on probation is no evidence before its dissemination is proven", () => {
  const stage = new Stage();
  stage.headers.put(1, header(1, 1));
  expect(stage.queue.available()).toBe(0);
  stage.decided[1] = 1;
  const { evidence } = stage.queue.take();
  expect(evidence[0]?.message).toBeInstanceOf(Certificate);
});

test("in pessimistic mode nothing is ordered on headers", () => {
  const stage = new Stage({ ordering: "pessimistic" });
  stage.offer(0, 1);
  expect(stage.queue.available()).toBe(0);
  stage.decided[0] = 1;
  expect(stage.take()).toEqual(["0:1"]);
});

test("H35: of a D-instance that decides far later than others only what is decided is ordered", () => {
  const stage = new Stage();
  stage.offer(0, 1, 2);
  stage.offer(1, 1);
  stage.slow.add(0);
  expect(stage.take()).toEqual(["1:1"]);
  stage.decided[0] = 1;
  expect(stage.take()).toEqual(["0:1"]);
});

test("assignments go first, at most a of them, one per client and the newest", () => {
  const stage = new Stage();
  stage.offer(0, 1);
  for (const [client, nonce] of [
    ["x", 1],
    ["y", 1],
    ["x", 3],
    ["x", 2],
    ["z", 1],
  ] as const) {
    stage.assignments.offer(assign(client, nonce));
  }
  expect(stage.queue.available()).toBe(3);
  expect(stage.take()).toEqual(["assign x3", "assign y1", "0:1"]);
  expect(stage.take()).toEqual(["assign z1"]);
  expect(stage.queue.available()).toBe(0);
});

test("an assignment is proposed once, however often it is relayed, until a newer one comes", () => {
  const stage = new Stage();
  stage.assignments.offer(assign("x", 1));
  stage.take();
  stage.assignments.offer(assign("x", 1));
  expect(stage.queue.available()).toBe(0);
  stage.assignments.offer(assign("x", 2));
  expect(stage.take()).toEqual(["assign x2"]);
});

test("an assignment that executed is forgotten, whoever proposed it", () => {
  const stage = new Stage();
  stage.assignments.offer(assign("x", 1));
  stage.assignments.settle(assign("x", 2));
  expect(stage.queue.available()).toBe(0);
  stage.assignments.offer(assign("x", 4));
  stage.assignments.settle(assign("x", 3));
  expect(stage.take()).toEqual(["assign x4"]);
});

test("after a view change of the O-instance, what is not accepted any more is proposed again", () => {
  const stage = new Stage();
  stage.assignments.offer(assign("x", 1));
  stage.assignments.offer(assign("y", 2));
  expect(
    stage.assignments.onAccepted(new OrderList([{ type: "assign", request: assign("y", 2) }], true)),
  ).toEqual(["y"]);
  expect(stage.take()).toEqual(["assign x1"]);
  stage.assignments.reopen([new OrderList([{ type: "assign", request: assign("x", 1) }], true)]);
  expect(stage.assignments.unproposed.map(({ client }) => client)).toEqual(["y"]);
  expect(stage.take()).toEqual(["assign y2"]);
});

test("assignments never make a value larger than B_O", () => {
  const stage = new Stage({ entriesMax: 1 });
  stage.assignments.offer(assign("x", 1));
  stage.assignments.offer(assign("y", 1));
  expect([stage.take(), stage.take()]).toEqual([["assign x1"], ["assign y1"]]);
});

test("what waits is bounded, whatever clients wish for", () => {
  const stage = new Stage({ assignmentsMax: 2000, entriesMax: 4000 });
  for (let i = 0; i < 1500; i += 1) stage.assignments.offer(assign(`client ${i}`, 1));
  expect(stage.queue.available()).toBe(1024);
});
