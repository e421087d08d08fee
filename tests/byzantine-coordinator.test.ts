import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { slotClaim } from "@destiny/core/agreement/linear-hybster/claims";
import { encodeBatch } from "@destiny/core/wire/batch";
import { encodeFrame } from "@destiny/core/wire/codec";
import { MessageKind, Proposal } from "@destiny/core/wire/messages";
import { Counter } from "@destiny/core/wire/statement";
import { Value } from "@destiny/core/wire/value";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { CertifyOutcome } from "@destiny/crypto/trusted/request";
import { type SpawnedSigner, spawnSigner } from "@destiny/crypto/trusted/spawn";
import { loadReplicaConfiguration } from "@destiny/node/configuration/replica-configuration";
import type { Mesh } from "@destiny/node/mesh/mesh";
import { afterEach, beforeEach, expect, test } from "vitest";
import { openMesh } from "./support/byzantine-peer.ts";
import { Load } from "./support/load.ts";
import { keyOf, requestOf } from "./support/raw-client.ts";
import { TestCluster } from "./support/test-cluster.ts";
import { until } from "./support/until.ts";

/** The one of five that we play: everything in it is ours but the inside of its trusted signer. */
const BYZANTINE = 4;
const HONEST = [0, 1, 2, 3];

let cluster: TestCluster;
let load: Load;
let mesh: Mesh;
let signer: SpawnedSigner;

beforeEach(async () => {
  cluster = await TestCluster.start();
  await cluster.local.kill(BYZANTINE);
  load = await Load.start(cluster, { homes: HONEST, pipeline: 2 });
  mesh = await openMesh(cluster, BYZANTINE);
  await until("all links", () => HONEST.every((id) => mesh.linked(id)));
  const { signerDirectory } = loadReplicaConfiguration(cluster.local.replicaDirectory(BYZANTINE));
  signer = await spawnSigner(signerDirectory, { socketPath: join(signerDirectory, "socket") });
});
afterEach(async () => {
  await signer.close();
  await mesh.close();
  await cluster.close();
});

async function certify(seq: number, value: Value): Promise<CertifyOutcome | undefined> {
  const content = { view: 0, seq, digest: value.digest, extension: 0 };
  const { value: counterValue, message } = slotClaim(BYZANTINE, content);
  const request = { instance: BYZANTINE, counter: Counter.Order, value: counterValue, message };
  const [outcome] = await signer.certify([{ kind: "independent", ...request }]);
  return outcome;
}

/** A Prepare in our own instance that is authentic, whatever its value is. */
async function prepare(seq: number, value: Value): Promise<Uint8Array> {
  const outcome = await certify(seq, value);
  if (outcome?.ok !== true) throw new Error(`the signer refused: ${outcome?.refusal}`);
  const { certificate, share = new Uint8Array(0) } = outcome;
  const draft = { kind: MessageKind.Prepare, view: 0, seq, extension: 0, digest: value.digest };
  return encodeFrame(BYZANTINE, new Proposal({ ...draft, certificate, share, value, evidence: [] }));
}

/** A batch of one request by a client of ours, well signed. */
function goodBatch(): Value {
  const { key, name } = keyOf(cluster.seedAt(BYZANTINE));
  const fields = { client: name, timestamp: Date.now() * 64, operations: [randomBytes(20)] };
  return encodeBatch([requestOf(cluster, key, fields)], digestOf);
}

test("a batch shown to the O-primary alone is fetched by all others, and the order goes on", async () => {
  mesh.send(0, await prepare(1, goodBatch()));
  await until("every honest replica has it", async () => {
    const statuses = await Promise.all(HONEST.map((id) => cluster.local.status(id)));
    return statuses.every(({ instances }) => instances[BYZANTINE]?.decided === 1);
  });
  await load.more(200);
  await load.stop();
  await cluster.converged();
});

test("a batch that is none is refused by all, is never ordered, and holds up nobody else", async () => {
  mesh.broadcast(await prepare(1, Value.of(randomBytes(500), digestOf)));
  await until("all have refused it", async () => {
    const { "bad-value": count = 0 } = await cluster.refusals(BYZANTINE);
    return count >= HONEST.length;
  });
  await load.more(200);
  await load.stop();
  await cluster.converged();
});

test("a batch with a request that its client did not sign is refused by all, and holds up nobody else", async () => {
  const { key } = keyOf(cluster.seedAt(0));
  const { name } = keyOf(cluster.seedAt(BYZANTINE));
  const forged = requestOf(cluster, key, { client: name, timestamp: 1, operations: [randomBytes(20)] });
  mesh.broadcast(await prepare(1, encodeBatch([forged], digestOf)));
  await load.more(200);
  expect(await cluster.refusals(BYZANTINE)).toMatchObject({ "bad-value": HONEST.length });
  await load.stop();
  await cluster.converged();
});

test("the trusted signer signs nothing else at a place that it signed for", async () => {
  expect((await certify(1, goodBatch()))?.ok).toBe(true);
  expect(await certify(1, Value.of(randomBytes(9), digestOf))).toMatchObject({
    ok: false,
    refusal: "valueUsed",
  });
});
