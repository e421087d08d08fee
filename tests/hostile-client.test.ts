import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { connect } from "@destiny/client/client";
import { KeyValueClient } from "@destiny/client/key-value-client";
import { encodePut } from "@destiny/core/service/key-value";
import { encodeOperation, OperationKind } from "@destiny/core/service/operation";
import { OutcomeCode, RefusalCode } from "@destiny/core/wire/reply";
import { readClientKey } from "@destiny/node/configuration/key-files";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { keyOf, RawClient, requestOf } from "./support/raw-client.ts";
import { TestCluster } from "./support/test-cluster.ts";
import { until } from "./support/until.ts";

const TEN_MEGABYTES = 10_000_000;

let cluster: TestCluster;
let honest: KeyValueClient;
let raw: RawClient | undefined;
/** Of the key that the genesis admits. */
let seed: Uint8Array;
const { key: otherKey, name: otherName } = keyOf(new Uint8Array(32).fill(7));

beforeAll(async () => {
  cluster = await TestCluster.start({ replicas: 3, admission: [] });
  seed = readClientKey(join(cluster.local.directory, "client.key"));
  honest = new KeyValueClient(await cluster.client({ seed }));
});
afterAll(() => cluster.close());

/** Whatever a test did, the cluster still commits, and its replicas still agree. */
afterEach(async () => {
  raw?.close();
  await honest.put("after", "all");
  await cluster.converged();
});

const put = (key: string): Uint8Array =>
  encodeOperation(OperationKind.Command, encodePut(key, Buffer.from("1")));

function refusals(client: RawClient): RefusalCode[] {
  return client.received.flatMap((message) => (message.type === "refusal" ? [message.code] : []));
}

test("a key that the genesis does not list is told so", async () => {
  const attempt = connect({ cluster: cluster.local.description, connectMillis: 2_000 });
  await expect(attempt).rejects.toThrow(/its key is not in the genesis/);
  raw = await RawClient.open(cluster, 0);
  raw.send({ type: "hello", cluster: cluster.local.description.cluster, client: otherName });
  await until("the refusal", () => refusals(raw!).includes(RefusalCode.NotAdmitted) && raw!.ended);
  expect(await cluster.refusals("-")).toMatchObject({ "client-not-admitted": expect.any(Number) });
});

test("a request that another key signed is refused, and does not execute", async () => {
  const { name } = keyOf(seed);
  raw = await RawClient.greet(cluster, 0, name);
  const fields = { client: name, timestamp: Date.now() * 64, operations: [put("forged")] };
  raw.send({ type: "submit", request: requestOf(cluster, otherKey, fields) });
  await until("the refusal", () => refusals(raw!).includes(RefusalCode.BadSignature));
  expect((await honest.get("forged")).value).toBeUndefined();
});

test("a message in another client's name ends the connection", async () => {
  raw = await RawClient.greet(cluster, 0, keyOf(seed).name);
  const fields = { client: otherName, timestamp: 1, operations: [put("impostor")] };
  raw.send({ type: "submit", request: requestOf(cluster, otherKey, fields) });
  await until("the end", () => raw!.ended);
  expect(await cluster.refusals("-")).toMatchObject({ "client-impostor": 1 });
});

test("a used timestamp with another command is refused, and the first command stays", async () => {
  const { key, name } = keyOf(seed);
  const { reply } = await honest.put("reused", "first");
  for (const replica of [0, 1, 2]) {
    raw = await RawClient.greet(cluster, replica, name);
    const fields = { client: name, timestamp: reply.timestamp, operations: [put("reused")] };
    raw.send({ type: "submit", request: requestOf(cluster, key, fields) });
    await until("the refusal", () => refusals(raw!).includes(RefusalCode.TimestampUsed));
    raw.close();
  }
  expect(new TextDecoder().decode((await honest.get("reused")).value)).toBe("first");
});

test("the client library refuses a command of 10 MB before it sends anything", async () => {
  await expect(honest.put("large", new Uint8Array(TEN_MEGABYTES))).rejects.toThrow(
    /a value of 10000000 bytes, above \d+/,
  );
  const client = await cluster.client({ seed: new Uint8Array(seed) });
  const before = await cluster.statuses();
  await expect(client.submit(new Uint8Array(TEN_MEGABYTES))).rejects.toThrow(/at most 524288 bytes/);
  await expect(client.submit(new Uint8Array(TEN_MEGABYTES))).rejects.toMatchObject({
    code: RefusalCode.Malformed,
    replicas: [],
  });
  expect((await cluster.statuses()).map(({ refused }) => refused)).toEqual(
    before.map(({ refused }) => refused),
  );
});

test("10 MB over a client's connection are refused at their length", async () => {
  raw = await RawClient.greet(cluster, 1, keyOf(seed).name);
  const frame = Buffer.alloc(4 + TEN_MEGABYTES);
  frame.writeUInt32LE(TEN_MEGABYTES);
  raw.write(frame);
  await until("the refusal", () => refusals(raw!).includes(RefusalCode.Malformed) && raw!.ended);
  expect(await cluster.refusals("-")).toMatchObject({ "client-frame-length": 1 });
});

test("bytes that are no TLS, no hello or no message end their connection and are counted", async () => {
  raw = await RawClient.open(cluster, 2);
  raw.write(Buffer.concat([Buffer.of(40, 0, 0, 0), randomBytes(40)]));
  await until("the end", () => raw!.ended);
  raw = await RawClient.greet(cluster, 2, keyOf(seed).name);
  raw.write(Buffer.concat([Buffer.of(40, 0, 0, 0), randomBytes(40)]));
  await until("the end", () => raw!.ended);
  expect(await cluster.refusals("-")).toMatchObject({ "client-hello": 1, "client-malformed": 1 });
});

test("an operation that is none fails the same at every replica, with proof", async () => {
  const client = await cluster.client({ seed });
  for (const operation of [
    randomBytes(100),
    new Uint8Array(0),
    encodeOperation(OperationKind.Command, randomBytes(9)),
  ]) {
    const { outcomes, proof } = await client.submit(operation);
    expect(outcomes).toEqual([{ ok: false, code: OutcomeCode.Malformed }]);
    expect(proof).not.toBeNull();
  }
});
