import { join } from "node:path";
import { clusterDescriptionToJson, parseClusterDescription } from "@destiny/client/cluster-description";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import { CheckQueue } from "@destiny/crypto/bls/check-queue";
import { openBls } from "@destiny/crypto/bls/open";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  loadReplicaConfiguration,
  openFastShares,
  openReplyShares,
} from "../configuration/replica-configuration.ts";
import { makeCluster } from "../configuration/test-cluster.ts";
import { describeCluster } from "./describe-cluster.ts";
import type { Genesis } from "./genesis.ts";
import { openSchemes } from "./open-schemes.ts";
import { parseGenesis } from "./read-genesis.ts";

const backend = openBls(() => undefined);
const statement = new TextEncoder().encode("statement");
let directory: string;
let genesis: Genesis;

beforeAll(async () => {
  const cluster = await makeCluster({ replicas: 4, protocol: "single-sbft", schemes: {} });
  directory = cluster.directory;
  genesis = cluster.genesis;
});
afterAll(() => backend.close());

test("a protocol with a fast path has keys for certificates of all, and each replica its own share of them", async () => {
  const { fast, commits } = await openSchemes(genesis, backend, new CheckQueue(backend));
  expect([fast?.threshold, commits.threshold]).toEqual([4, 3]);
  const shares = [0, 1, 2, 3].map((id) => {
    const configuration = loadReplicaConfiguration(join(directory, `replica-${id}`));
    const signer = openFastShares(configuration, backend);
    return { signer: id, share: signer?.signSync(statement) ?? new Uint8Array(0) };
  });
  const made = await fast?.combine(statement, shares);
  expect(await fast?.verify([{ statement, certificate: made?.certificate ?? new Uint8Array(0) }])).toEqual([
    true,
  ]);
  expect(await fast?.verifyShare(statement, 2, shares[2]?.share ?? new Uint8Array(0))).toBe(true);
  expect(await fast?.verifyShare(statement, 1, shares[2]?.share ?? new Uint8Array(0))).toBe(false);
});

test("sbft.md 1: with c = 1 the fast path takes all but one, and clients know of how many liars to beware", async () => {
  const parameters = { slowReplicas: 1 };
  const plan = { replicas: 6, protocol: "single-sbft", schemes: {}, parameters };
  const cluster = (await makeCluster(plan)).genesis;
  const { fast, commits, replies } = cluster.schemes;
  expect([fast?.threshold, commits.threshold, replies.threshold]).toEqual([5, 4, 2]);
  const description = describeCluster(cluster);
  const json = JSON.parse(JSON.stringify(clusterDescriptionToJson(description)));
  expect(parseClusterDescription(json).faults).toEqual(FaultModel.byzantine(6, 1));
});

test.each([
  ["where there is no fast path", 5, "single-pbft", /no fast path/],
  [
    "where nobody could be faulty then",
    5,
    "single-sbft",
    /5 replicas cannot run single-sbft with 1 slow: give 6/,
  ],
])("c = 1 is refused %s", async (_case, replicas, protocol, says) => {
  const plan = { replicas, protocol, schemes: {}, parameters: { slowReplicas: 1 } };
  await expect(makeCluster(plan)).rejects.toThrow(says);
});

test("a replica whose share is another's, or has none, does not start", () => {
  const [one, two] = [0, 1].map((id) => loadReplicaConfiguration(join(directory, `replica-${id}`)));
  const mixed = { ...one!, secrets: { ...one!.secrets, fastShareSecret: two!.secrets.fastShareSecret } };
  expect(() => openFastShares(mixed, backend)).toThrow(/"fastShareSecret" does not belong/);
  const without = { ...one!, secrets: { ...one!.secrets, fastShareSecret: undefined } };
  expect(() => openFastShares(without, backend)).toThrow(ConfigurationError);
  expect(() => openReplyShares(one!, backend)).not.toThrow();
});

test.each([
  ["missing where the protocol asks for it", false, "single-sbft", /deal keys for it/],
  ["there where the protocol has no fast path", true, "single-pbft", /drop it/],
] as const)("a genesis with the scheme %s is refused", (_case, given, protocol, says) => {
  const { fast, ...others } = genesis.schemes;
  const schemes = given ? { ...others, fast } : others;
  expect(() => parseGenesis({ ...genesis, protocol, schemes })).toThrow(says);
});

test("so is one whose certificates fewer than all could make", () => {
  const { fast } = genesis.schemes;
  const schemes = { ...genesis.schemes, fast: { ...fast, threshold: 3 } };
  expect(() => parseGenesis({ ...genesis, schemes })).toThrow(/schemes\.fast\.threshold is 3.*must be 4/);
});
