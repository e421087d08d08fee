import { defineService } from "@destiny/core/service/define-service";
import { KeyValue } from "@destiny/core/service/key-value";
import { decodeOperation, OperationKind } from "@destiny/core/service/operation";
import type { Service } from "@destiny/core/service/service";
import { type Outcome, OutcomeCode } from "@destiny/core/wire/reply";
import { expect, test } from "vitest";
import { KeyValueClient } from "./key-value-client.ts";
import { OperationFailedError, type Submitter, serviceClient } from "./service-client.ts";

/** Executes operations on one service, as replicas do. */
function executing(service: Service): Submitter {
  const execute = (bytes: Uint8Array): Outcome => {
    const operation = decodeOperation(bytes);
    if (operation === null) return { ok: false, code: OutcomeCode.Malformed };
    try {
      const { kind, body } = operation;
      return { ok: true, result: kind === OperationKind.Query ? service.query(body) : service.apply(body) };
    } catch {
      return { ok: false, code: OutcomeCode.ServiceFailed };
    }
  };
  return {
    submit: async (operations) => {
      const list = operations instanceof Uint8Array ? [operations] : operations;
      return { client: "", timestamp: 1, seq: 1, entry: 0, outcomes: list.map(execute), proof: null };
    },
  };
}

test("keys and values", async () => {
  const store = new KeyValueClient(executing(new KeyValue()));
  expect((await store.get("a")).value).toBeUndefined();
  expect((await store.put("a", "1")).value).toBe(false);
  expect((await store.put("a", Uint8Array.of(0, 255))).value).toBe(true);
  const { value, reply } = await store.get("a");
  expect(value).toEqual(Uint8Array.of(0, 255));
  expect(reply.outcomes).toHaveLength(1);
  expect((await store.delete("a")).value).toBe(true);
  expect((await store.delete("a")).value).toBe(false);
  await expect(store.put("\ud800", "1")).rejects.toThrow();
});

test("a service in its own words", async () => {
  const counter = defineService({
    name: "counter",
    initial: () => ({ count: 0 }),
    commands: {
      add(state, by: number) {
        if (by < 0) throw new Error("only upwards");
        state.count += by;
        return state.count;
      },
      reset(state) {
        state.count = 0;
      },
    },
    queries: { count: (state) => state.count },
  });
  const client = serviceClient(executing(counter.create()), counter);
  const added: number = (await client.command("add", 5)).value;
  expect(added).toBe(5);
  const nothing: null = (await client.command("reset")).value;
  expect(nothing).toBeNull();
  expect((await client.query("count")).value).toBe(0);
  const failed = client.command("add", -1);
  await expect(failed).rejects.toThrow(OperationFailedError);
  await expect(failed).rejects.toMatchObject({
    code: OutcomeCode.ServiceFailed,
    message: "the service threw",
  });
  // @ts-expect-error: not a command.
  await expect(client.command("count")).rejects.toThrow(OperationFailedError);
  await expect(client.command("add", undefined as never)).rejects.toThrow();
});
