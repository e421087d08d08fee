import { hash } from "node:crypto";
import { expect, test } from "vitest";
import type { Delivery } from "../ordering/orderer.ts";
import { MalformedOperation, type Service } from "../service/service.ts";
import { encodeBatch, noop } from "../wire/batch.ts";
import { LIMITS } from "../wire/limits.ts";
import { AssignRequest } from "../wire/messages.ts";
import { decodeOutcome, OutcomeCode, type ProvenReply, rootOfReply } from "../wire/reply.ts";
import { Request } from "../wire/request.ts";
import { Value } from "../wire/value.ts";
import { ClientTable } from "./client-table.ts";
import { type Admission, Executor } from "./executor.ts";
import { Membership } from "./membership.ts";

const digestOf = (bytes: Uint8Array): string => hash("sha256", bytes, "binary");

const N = 3;
/** A client whose first coordinator is this. */
const client = (name: string, home = 0): string => name.repeat(29) + String.fromCharCode(0, home) + name;

const large = new Uint8Array(LIMITS.resultBytesMax);
const COMMAND = 0;
const QUERY = 1;

/** Executors over a service that notes what it is asked. */
class Stage {
  readonly asked: string[] = [];
  readonly clients = new ClientTable(N, 4);
  readonly executor: Executor;
  #seq = 0;

  constructor(options: { admission?: Admission; partitioned?: boolean } = {}) {
    const { admission = { type: "anyone", clientsMax: 100 }, partitioned = true } = options;
    const state = { pageCount: 0, takeDirty: () => [], page: () => new Uint8Array(0), load: () => {} };
    const service: Service = {
      state,
      apply: (operation) => {
        const [first] = operation;
        if (first === 0xff) throw new Error("as asked");
        if (first === 0xfe) throw new MalformedOperation("as asked");
        if (first === 0xfd) return new Uint8Array(LIMITS.resultBytesMax + 1);
        if (first === 0xfc) return large;
        this.asked.push(`apply ${operation}`);
        return Uint8Array.of(this.asked.length);
      },
      query: (question) => {
        this.asked.push(`query ${question}`);
        return Uint8Array.of(7);
      },
    };
    this.executor = new Executor({
      replies: "proven",
      self: 0,
      n: N,
      partitioned,
      admission,
      hash: digestOf,
      service,
      clients: this.clients,
      members: new Membership({ self: 0, hash: digestOf, identities: null, push: () => {} }),
    });
  }

  /** Executes a batch that this replica disseminated. */
  run(coordinator: number, ...requests: Request[]): ReturnType<Executor["execute"]> {
    return this.runValue(coordinator, encodeBatch(requests, digestOf));
  }

  runValue(coordinator: number, value: Value): ReturnType<Executor["execute"]> {
    this.#seq += 1;
    const delivery: Delivery = { seq: this.#seq, entry: 2, coordinator, value };
    return this.executor.execute(delivery);
  }

  outcomes(of: string, timestamp: number): unknown[] {
    return (this.clients.reply(of, timestamp)?.results ?? []).map((bytes) => {
      const outcome = decodeOutcome(bytes);
      return outcome.ok ? [...outcome.result] : outcome.code;
    });
  }
}

function request(of: string, timestamp: number, ...operations: number[][]): Request {
  const bytes = operations.map((operation) => Uint8Array.from(operation));
  const made = Request.create(
    { client: of, timestamp, operations: bytes },
    digestOf,
    () => new Uint8Array(64),
  );
  made.valid = true;
  return made;
}

const a = client("a");

test("the commands of a request execute in order, once, and its reply is kept with the way to the root", () => {
  const stage = new Stage();
  const b = client("b");
  const execution = stage.run(0, request(a, 1, [COMMAND, 1], [COMMAND, 2]), request(b, 1, [QUERY, 3]));
  expect(stage.asked).toEqual(["apply 1", "apply 2", "query 3"]);
  expect(execution?.answered).toMatchObject([
    { client: a, timestamp: 1 },
    { client: b, timestamp: 1 },
  ]);
  expect(stage.executor.commands).toBe(3);
  for (const of of [a, b]) {
    const kept = stage.clients.reply(of, 1);
    expect(kept).toMatchObject({ seq: 1, entry: 2, count: 2 });
    const proof = { type: "proven", client: of, aggregate: new Uint8Array(0), ...kept } as ProvenReply;
    expect(rootOfReply(proof, digestOf)).toBe(execution?.root);
  }
});

test("a request executes once, in whatever entries it comes again", () => {
  const stage = new Stage();
  expect(stage.run(0, request(a, 1, [COMMAND, 1]), request(a, 1, [COMMAND, 1]))?.answered).toHaveLength(1);
  expect(stage.run(0, request(a, 1, [COMMAND, 1]))).toBeNull();
  expect(stage.asked).toEqual(["apply 1"]);
});

test("a request below one that executed is superseded, in the same entry and later", () => {
  const stage = new Stage();
  stage.run(0, request(a, 5, [COMMAND, 5]), request(a, 4, [COMMAND, 4]));
  stage.run(0, request(a, 3, [COMMAND, 3]), request(a, 6, [COMMAND, 6]));
  expect(stage.asked).toEqual(["apply 5", "apply 6"]);
});

test("H10: what another than the client's coordinator disseminated has no effect", () => {
  const stage = new Stage();
  const b = client("b", 1);
  expect(stage.run(0, request(b, 1, [COMMAND, 1]))).toBeNull();
  expect(stage.run(1, request(b, 1, [COMMAND, 1]))?.answered).toHaveLength(1);
  expect(new Stage({ partitioned: false }).run(0, request(b, 1, [COMMAND, 1]))?.answered).toHaveLength(1);
});

test("H8: a bad signature that was decided all the same is skipped, the rest of the batch is not", () => {
  const stage = new Stage();
  const forged = request(a, 1, [COMMAND, 1]);
  forged.valid = false;
  stage.run(0, forged, request(client("b"), 1, [COMMAND, 2]));
  expect(stage.asked).toEqual(["apply 2"]);
  expect(stage.clients.last(a)).toBe(0);
});

test("a signature that nobody looked at is our own fault: another replica might have", () => {
  const stage = new Stage();
  const unseen = request(a, 1, [COMMAND, 1]);
  unseen.valid = null;
  expect(() => stage.run(0, unseen)).toThrow("the edge has looked");
});

test("who is not admitted has no effect", () => {
  const stage = new Stage({ admission: { type: "list", clients: new Set([a]) } });
  stage.run(0, request(client("b"), 1, [COMMAND, 1]), request(a, 1, [COMMAND, 2]));
  expect(stage.asked).toEqual(["apply 2"]);
});

test("where anyone may submit, newcomers have none while the client table is full", () => {
  const stage = new Stage({ admission: { type: "anyone", clientsMax: 1 } });
  stage.run(0, request(a, 1, [COMMAND, 1]));
  stage.run(0, request(client("b"), 1, [COMMAND, 2]));
  stage.run(0, request(a, 2, [COMMAND, 3]));
  expect(stage.asked).toEqual(["apply 1", "apply 3"]);
});

test("a service that throws fails that command alone, and says no more than why", () => {
  const stage = new Stage();
  stage.run(0, request(a, 1, [COMMAND, 0xff], [COMMAND, 0xfe], [COMMAND, 0xfd], [COMMAND, 4], [9, 1], []));
  const { ServiceFailed, Malformed, ResultTooLarge } = OutcomeCode;
  expect(stage.outcomes(a, 1)).toEqual([ServiceFailed, Malformed, ResultTooLarge, [1], Malformed, Malformed]);
});

test("an entry without effect has nothing to prove: a no-op, an empty batch, bytes that are no batch", () => {
  const stage = new Stage();
  expect(stage.runValue(0, noop(digestOf))).toBeNull();
  expect(stage.run(0)).toBeNull();
  expect(stage.runValue(0, Value.of(Uint8Array.of(1, 2, 3), digestOf))).toBeNull();
});

test("an assignment counts if it is signed, newer, to a replica that there is, and from a client that is admitted", () => {
  const stage = new Stage({ admission: { type: "list", clients: new Set([a]) } });
  const assign = (of: string, coordinator: number, nonce: number, valid = true): boolean => {
    const made = new AssignRequest({ client: of, coordinator, nonce, signature: new Uint8Array(64) });
    made.valid = valid;
    return stage.executor.assign(made);
  };
  expect(assign(a, 1, 1, false)).toBe(false);
  expect(assign(a, 3, 1)).toBe(false);
  expect(assign(client("b"), 1, 1)).toBe(false);
  expect(assign(a, 1, 1)).toBe(true);
  expect(assign(a, 2, 1)).toBe(false);
  expect(stage.run(0, request(a, 1, [COMMAND, 1]))).toBeNull();
  expect(stage.run(1, request(a, 1, [COMMAND, 1]))?.answered).toHaveLength(1);
});

test("once an entry's results fill what they may, the rest of it has no effect, and may be ordered again", () => {
  const stage = new Stage();
  const full = Array.from({ length: 11 }, () => [COMMAND, 0xfc]);
  const requests = Array.from({ length: 40 }, (_, i) => request(a, i + 1, ...full));
  const answered = stage.run(0, ...requests)?.answered.length ?? 0;
  expect(answered).toBe(Math.ceil(LIMITS.entryResultsBytesMax / (11 * (LIMITS.resultBytesMax + 1))));
  expect(stage.clients.last(a)).toBe(answered);
  expect(stage.run(0, ...requests)?.answered[0]?.timestamp).toBe(answered + 1);
});
