import { homeOf } from "@destiny/core/replica/client-table";
import type { ClientMessage } from "@destiny/core/wire/client-protocol";
import { encodeFrame } from "@destiny/core/wire/frame-parser";
import { toDigest } from "@destiny/core/wire/reader";
import type { Request } from "@destiny/core/wire/request";
import { openEd25519 } from "@destiny/crypto/signatures/ed25519";
import { FakeReplica, type Script } from "@destiny/testkit/client/fake-replica";
import { ScriptedCluster } from "@destiny/testkit/client/scripted-cluster";
import { afterEach, expect, test } from "vitest";
import { type Client, connect } from "./client.ts";
import type { ConnectOptions } from "./connect-options.ts";
import { ClosedError, ConnectError, DeadlineError } from "./errors.ts";
import { LinkPool } from "./link-pool.ts";
import { ProofVerifier } from "./proof-verifier.ts";
import { verifyReply } from "./verify-reply.ts";

const N = 3;
const HOME = 1;
const seed = seedOf(HOME);
const cluster = new ScriptedCluster(N);
const proofs = new ProofVerifier(cluster.scheme, cluster.preamble);
const open: { close(): Promise<void> }[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** Three replicas that welcome everybody and answer with proofs. */
async function replicas(): Promise<FakeReplica[]> {
  const listening = await Promise.all(Array.from({ length: N }, (_, id) => FakeReplica.listen(id)));
  open.push(...listening);
  for (const replica of listening) replica.script = honest(replica.id);
  return listening;
}

function honest(id: number, answer: (request: Request) => boolean = () => true): Script {
  return (message, send) => {
    if (message.type === "hello") send({ type: "welcome", replica: id, coordinator: HOME });
    if (message.type === "submit" && answer(message.request)) send(cluster.proven(message.request));
  };
}

async function connectTo(
  fakes: readonly FakeReplica[],
  options: Partial<ConnectOptions> = {},
): Promise<Client> {
  const description = cluster.description(fakes.map(({ address }) => address));
  const client = await connect({ cluster: description, proofs, seed, retryMillis: 50, ...options });
  open.push(client);
  return client;
}

function requestsAt(replica: FakeReplica | undefined): Request[] {
  return (replica?.received ?? []).flatMap((message: ClientMessage) =>
    message.type === "submit" ? [message.request] : [],
  );
}

test("connects to its home, says who it is, and gets a reply that holds offline", async () => {
  const fakes = await replicas();
  const client = await connectTo(fakes);
  const reply = await client.submit([Uint8Array.of(1), Uint8Array.of(2)]);
  expect(reply.outcomes).toEqual([
    { ok: true, result: Uint8Array.of(1) },
    { ok: true, result: Uint8Array.of(2) },
  ]);
  expect(reply.client).toBe(client.id);
  expect(client.coordinator).toBe(HOME);
  expect(await verifyReply(reply, cluster.description([]), proofs)).toBe(true);
  expect(fakes.map(({ received }) => received.length)).toEqual([0, 2, 0]);
  expect(fakes[HOME]?.received[0]).toEqual({
    type: "hello",
    cluster: cluster.preamble.cluster,
    client: client.id,
  });
});

test("keeps no more under way than the pipeline, and all arrive in order", async () => {
  const fakes = await replicas();
  const waiting: (() => void)[] = [];
  let most = 0;
  const home = fakes[HOME];
  if (home === undefined) throw new Error("no home");
  home.script = (message, send) => {
    if (message.type === "hello") send({ type: "welcome", replica: HOME, coordinator: HOME });
    if (message.type !== "submit") return;
    waiting.push(() => send(cluster.proven(message.request)));
    most = Math.max(most, waiting.length);
    setTimeout(() => waiting.shift()?.(), 2);
  };
  const client = await connectTo(fakes, { pipeline: 4, retryMillis: 5000 });
  const done: number[] = [];
  const submissions = Array.from({ length: 40 }, async (_, i) => {
    const { outcomes } = await client.submit(Uint8Array.of(i));
    expect(outcomes).toEqual([{ ok: true, result: Uint8Array.of(i) }]);
    done.push(i);
  });
  await Promise.all(submissions);
  expect(done).toEqual([...done].sort((a, b) => a - b));
  expect(most).toBe(4);
  const timestamps = requestsAt(home).map(({ timestamp }) => timestamp);
  expect(timestamps).toHaveLength(40);
  expect(timestamps).toEqual([...new Set(timestamps)].sort((a, b) => a - b));
});

test("a large reply over many packets", async () => {
  const client = await connectTo(await replicas());
  const operation = new Uint8Array(250_000).map((_, i) => i % 251);
  const { outcomes } = await client.submit(operation);
  expect(outcomes).toEqual([{ ok: true, result: operation }]);
});

test("nobody answers: the deadline rejects, and what came too late is nothing", async () => {
  const fakes = await replicas();
  for (const fake of fakes) fake.script = honest(fake.id, () => false);
  const client = await connectTo(fakes);
  const begun = performance.now();
  const error: unknown = await client.submit(Uint8Array.of(1), { deadlineMillis: 300 }).catch((each) => each);
  expect(error).toBeInstanceOf(DeadlineError);
  expect(String(error)).toContain("linked to 0, 1, 2");
  expect(performance.now() - begun).toBeLessThan(2000);
  expect(fakes.every((fake) => requestsAt(fake).length > 0)).toBe(true);
});

test("an aborted submission rejects with the signal's reason, before or after it was sent", async () => {
  const fakes = await replicas();
  for (const fake of fakes) fake.script = honest(fake.id, () => false);
  const client = await connectTo(fakes);
  const controller = new AbortController();
  const submission = client.submit(Uint8Array.of(1), { signal: controller.signal });
  const reason = new Error("changed my mind");
  controller.abort(reason);
  await expect(submission).rejects.toBe(reason);
  await expect(client.submit(Uint8Array.of(1), { signal: controller.signal })).rejects.toBe(reason);
  await expect(client.submit(Uint8Array.of(1), { deadlineMillis: 0 })).rejects.toThrow(RangeError);
});

test("closing rejects all that is open and all that comes", async () => {
  const fakes = await replicas();
  for (const fake of fakes) fake.script = honest(fake.id, () => false);
  const client = await connectTo(fakes);
  const submissions = [1, 2, 3].map((i) => client.submit(Uint8Array.of(i)));
  const settled = Promise.allSettled(submissions);
  await client.close();
  for (const result of await settled) {
    expect(result).toMatchObject({ status: "rejected", reason: expect.any(ClosedError) });
  }
  await expect(client.submit(Uint8Array.of(1))).rejects.toThrow(ClosedError);
  await client.close();
});

test("a broken link is opened again, and the request sent again", async () => {
  const fakes = await replicas();
  const home = fakes[HOME];
  if (home === undefined) throw new Error("no home");
  let cuts = 0;
  const script = honest(HOME, () => {
    cuts += 1;
    if (cuts === 1) home.cut();
    return cuts > 1;
  });
  home.script = script;
  for (const id of [0, 2]) {
    const fake = fakes[id];
    if (fake !== undefined) fake.script = honest(id, () => false);
  }
  const client = await connectTo(fakes, { retryMillis: 2000 });
  const { outcomes } = await client.submit(Uint8Array.of(5));
  expect(outcomes).toHaveLength(1);
  expect(client.coordinator).toBe(HOME);
});

test("a dead coordinator is replaced: the client wishes for the next and is served by it", async () => {
  const fakes = await replicas();
  const client = await connectTo(fakes);
  await client.submit(Uint8Array.of(1));
  const assigned = new Set<number>();
  for (const id of [0, 2]) {
    const fake = fakes[id];
    if (fake === undefined) continue;
    fake.script = (message, send) => {
      if (message.type === "hello") send({ type: "welcome", replica: id, coordinator: HOME });
      if (message.type === "assign") assigned.add(message.assign.coordinator);
      if (message.type === "submit" && assigned.has(id)) send(cluster.proven(message.request));
    };
  }
  await fakes[HOME]?.close();
  const { outcomes } = await client.submit(Uint8Array.of(2), { deadlineMillis: 10_000 });
  expect(outcomes).toEqual([{ ok: true, result: Uint8Array.of(2) }]);
  expect(client.coordinator).toBe(2);
});

test.each([
  ["garbage", Uint8Array.of(3, 0, 0, 0, 1, 99, 1)],
  ["a frame above the limit", Uint8Array.of(255, 255, 255, 255)],
  ["an empty frame", Uint8Array.of(0, 0, 0, 0)],
])("a home that sends %s is gone round", async (_what, bytes) => {
  const fakes = await replicas();
  const home = fakes[HOME];
  if (home === undefined) throw new Error("no home");
  home.script = (_message, send) => send(bytes);
  for (const id of [0, 2]) {
    const fake = fakes[id];
    if (fake !== undefined) fake.script = welcoming(id, 2);
  }
  const client = await connectTo(fakes);
  expect((await client.submit(Uint8Array.of(1))).outcomes).toHaveLength(1);
});

test("who is not whom the description names is not talked to", async () => {
  const fakes = await replicas();
  const [other] = fakes;
  const home = fakes[HOME];
  if (other === undefined || home === undefined) throw new Error("no replicas");
  const addresses = fakes.map(({ address }) => ({ ...address, fingerprint: other.address.fingerprint }));
  const description = cluster.description(
    addresses.map((address) => ({ ...address, clientPort: home.address.clientPort })),
  );
  const error: unknown = await connect({ cluster: description, proofs, connectMillis: 400 }).catch(
    (each) => each,
  );
  expect(error).toBeInstanceOf(ConnectError);
  expect(String(error)).toContain("certificate is not the one");
  expect(home.received).toEqual([]);
});

test("a replica that takes another's name, or answers before its welcome, is not believed", async () => {
  const fakes = await replicas();
  for (const fake of fakes) {
    fake.script = (message, send) => {
      if (message.type !== "hello") return;
      if (fake.id === 0) send(encodeFrame(Uint8Array.of(1, 7)));
      else send({ type: "welcome", replica: (fake.id + 1) % N, coordinator: 0 });
    };
  }
  const description = cluster.description(fakes.map(({ address }) => address));
  const connecting = connect({ cluster: description, proofs, seed, connectMillis: 400, retryMillis: 50 });
  await expect(connecting).rejects.toThrow(/replica 1: it says that it is replica 2/);
});

test("nobody there: connect rejects in time and says why", async () => {
  const fakes = await replicas();
  const description = cluster.description(fakes.map(({ address }) => address));
  await Promise.all(fakes.map((fake) => fake.close()));
  open.length = 0;
  await expect(connect({ cluster: description, proofs, connectMillis: 300 })).rejects.toThrow(/ECONNREFUSED/);
});

test("without certificates, enough equal replies do", async () => {
  const fakes = await replicas();
  for (const fake of fakes) {
    fake.script = (message, send) => {
      if (message.type === "hello") send({ type: "welcome", replica: fake.id, coordinator: HOME });
    };
  }
  const everyone = fakes.map((fake) => fake.id);
  const senders = new Map<number, (request: Request) => void>();
  for (const fake of fakes) {
    const { script } = fake;
    fake.script = (message, send) => {
      script(message, send);
      senders.set(fake.id, (request) => send(cluster.plain(request)));
      if (message.type === "submit") for (const id of everyone) senders.get(id)?.(message.request);
    };
  }
  const description = cluster.description(
    fakes.map(({ address }) => address),
    true,
  );
  const client = await connect({ cluster: description, seed });
  open.push(client);
  const reply = await client.submit(Uint8Array.of(4));
  expect(reply).toMatchObject({ proof: null, outcomes: [{ ok: true, result: Uint8Array.of(4) }] });
});

test("options out of range are told at once", async () => {
  const description = cluster.description([]);
  await expect(connect({ cluster: description, proofs, seed: new Uint8Array(31) })).rejects.toThrow(
    RangeError,
  );
  await expect(connect({ cluster: description, proofs, pipeline: 0 })).rejects.toThrow(RangeError);
  await expect(connect({ cluster: description, proofs, deadlineMillis: Number.NaN })).rejects.toThrow(
    RangeError,
  );
  await expect(connect({ cluster: description, proofs, queueMax: 1.5 })).rejects.toThrow(RangeError);
});

function welcoming(id: number, coordinator: number): Script {
  return (message, send) => {
    if (message.type === "hello") send({ type: "welcome", replica: id, coordinator });
    if (message.type === "submit") send(cluster.proven(message.request));
  };
}

/** A seed whose client the replica coordinates from the start. */
function seedOf(home: number, skipped = 0): Uint8Array {
  let left = skipped;
  for (let byte = 0; ; byte += 1) {
    const candidate = new Uint8Array(32).fill(byte);
    const { publicKey } = openEd25519().keyFromSeed(candidate);
    if (homeOf(toDigest(publicKey), N) !== home) continue;
    if (left === 0) return candidate;
    left -= 1;
  }
}

test("clients that share connections get each its own replies, over breaks too, and the last one ends them", async () => {
  const fakes = await replicas();
  const home = fakes[HOME];
  const links = new LinkPool(cluster.description(fakes.map(({ address }) => address)));
  const first = await connectTo(fakes, { links });
  const second = await connectTo(fakes, { links, seed: seedOf(HOME, 1) });
  expect(second.id).not.toBe(first.id);
  const both = (): Promise<unknown> =>
    Promise.all([first.submit(Uint8Array.of(1)), second.submit(Uint8Array.of(2))]);
  await both();
  expect(home?.connections).toBe(1);
  expect(requestsAt(home).map(({ client }) => client)).toEqual([first.id, second.id]);

  home?.cut();
  await both();
  await first.close();
  await second.submit(Uint8Array.of(3));
  await second.close();
  await expect.poll(() => home?.connections).toBe(0);
});
