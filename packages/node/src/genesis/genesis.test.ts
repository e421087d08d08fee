import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseClusterDescription } from "@destiny/client/cluster-description";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { CheckQueue } from "@destiny/crypto/bls/check-queue";
import { openBls } from "@destiny/crypto/bls/open";
import { afterAll, beforeAll, expect, test } from "vitest";
import { makeCluster } from "../configuration/test-cluster.ts";
import { clusterOf, type Genesis, preambleOf } from "./genesis.ts";
import { checkSubsystem, openSchemes } from "./open-schemes.ts";
import { parseGenesis, readGenesis } from "./read-genesis.ts";

const backend = openBls(() => undefined);
let genesis: Genesis;
let directory: string;

beforeAll(async () => {
  const cluster = await makeCluster({ admission: [] });
  genesis = cluster.genesis;
  directory = cluster.directory;
});
afterAll(() => backend.close());

/** A copy that a change has spoilt. */
function spoilt(change: (copy: Mutable) => void): unknown {
  const copy = structuredClone(genesis) as unknown as Mutable;
  change(copy);
  return copy;
}

// biome-ignore lint/suspicious/noExplicitAny: a test writes anything anywhere.
type Mutable = any;

test("a genesis is read back, and its identity is that of its content, not of its layout", () => {
  const path = join(directory, "genesis.json");
  const read = readGenesis(path);
  expect(read).toEqual(genesis);
  const reordered = Object.fromEntries(Object.entries(genesis).reverse());
  const other = join(directory, "other.json");
  writeFileSync(other, JSON.stringify(reordered));
  expect(clusterOf(readGenesis(other))).toBe(clusterOf(genesis));
  const changed = parseGenesis(spoilt((copy) => (copy.name = "another")));
  expect(clusterOf(changed)).not.toBe(clusterOf(genesis));
});

const WRONG: readonly [string, (copy: Mutable) => void, RegExp][] = [
  [
    "an unknown field",
    (g) => (g.protokol = "destiny"),
    /unknown setting "protokol" \(did you mean "protocol"\?\)/,
  ],
  [
    "an unknown field within",
    (g) => (g.replicas[1].htp = null),
    /did you mean "http"\?\) in "replicas\[1\]"/,
  ],
  ["an unknown protocol", (g) => (g.protocol = "destinyy"), /did you mean "destiny"\?\): choose one of/],
  ["another format", (g) => (g.format = 2), /"format": must be 1/],
  ["too few replicas", (g) => g.replicas.splice(2), /2 replicas cannot run destiny: give 3 to/],
  ["no replicas", (g) => (g.replicas = []), /0 replicas cannot run/],
  ["a duplicate id", (g) => (g.replicas[1].id = 0), /replicas\[1\] has the id 0/],
  [
    "a port of 0",
    (g) => (g.replicas[1].mesh.port = 0),
    /"replicas\[1\]\.mesh\.port": must be a whole number/,
  ],
  ["a port of NaN", (g) => (g.replicas[1].mesh.port = Number.NaN), /"replicas\[1\]\.mesh\.port"/],
  [
    "a host that is none",
    (g) => (g.replicas[0].client.host = "a b"),
    /"replicas\[0\]\.client\.host": must be a DNS/,
  ],
  [
    "an address twice",
    (g) => (g.replicas[2].client = g.replicas[0].mesh),
    /replicas\[0\]\.mesh and replicas\[2\]\.client share the address/,
  ],
  [
    "a certificate twice",
    (g) => (g.replicas[2].certificate = g.replicas[0].certificate),
    /replicas\[0\] and replicas\[2\] share the certificate/,
  ],
  [
    "a fingerprint of another",
    (g) => (g.replicas[0].certificate.fingerprint = "0".repeat(64)),
    /not that of its cert/,
  ],
  ["a certificate that is none", (g) => (g.replicas[0].certificate.pem = "hello"), /not readable as PEM/],
  ["a key twice", (g) => (g.replicas[0].hostKey = g.replicas[1].gatewayKey), /share the key/],
  [
    "a small-order key",
    (g) => (g.replicas[0].hostKey = `01${"0".repeat(62)}`),
    /hostKey is no sound Ed25519 key/,
  ],
  ["a short key", (g) => (g.replicas[0].hostKey = "00"), /"replicas\[0\]\.hostKey": must be 32 bytes/],
  [
    "a share key twice",
    (g) => (g.schemes.commits.members[1] = g.schemes.commits.members[0]),
    /share the key/,
  ],
  ["a share key missing", (g) => g.schemes.replies.shareKeys.pop(), /schemes\.replies has 2 keys for 3/],
  ["another threshold", (g) => (g.schemes.commits.threshold = 1), /threshold is 1, but .* must be 2/],
  ["a scheme that is none", (g) => (g.schemes.commits.kind = "rsa"), /"schemes\.commits\.kind"/],
  [
    "a missing parameter",
    (g) => delete g.parameters.pipeline,
    /"parameters\.pipeline": must be a whole number/,
  ],
  ["a negative window", (g) => (g.parameters.orderWindow = -1), /"parameters\.orderWindow"/],
  [
    "a period above half the window",
    (g) => (g.parameters.checkpointPeriod = 200),
    /1 <= K <= W_O\/2.*change checkp/,
  ],
  ["batches above the limit", (g) => (g.parameters.batchBytes = 2_000_000), /"parameters\.batchBytes"/],
  [
    "a gateway that may not submit",
    (g) => (g.admission.clients = []),
    /the gateway of replica 0 may not submit/,
  ],
  ["a client twice", (g) => g.admission.clients.push(g.admission.clients[0]), /listed twice/],
  ["a client of small order", (g) => g.admission.clients.push("0".repeat(64)), /clients\[4\] is no sound/],
  ["an admission that is none", (g) => (g.admission = { type: "some" }), /"admission\.type"/],
];

test.each(WRONG)("%s is refused with what to do", (_name, change, says) => {
  const broken = spoilt(change);
  expect(() => parseGenesis(broken)).toThrow(ConfigurationError);
  expect(() => parseGenesis(broken)).toThrow(says);
});

test("an error in a file names the file", () => {
  const path = join(directory, "wrong.json");
  writeFileSync(path, JSON.stringify(spoilt((copy) => (copy.protocol = "paxos"))));
  expect(() => readGenesis(path)).toThrow(`${path}: no protocol is called "paxos"`);
});

test("the schemes open, and a false proof of possession or a key that is no point does not", async () => {
  const queue = new CheckQueue(backend);
  const { commits, replies } = await openSchemes(genesis, backend, queue);
  expect([commits.kind, commits.threshold, replies.kind, replies.threshold]).toEqual([
    "multisig",
    2,
    "threshold",
    2,
  ]);
  const swapped = parseGenesis(
    spoilt((copy) => {
      const [one, two] = copy.schemes.commits.members;
      copy.schemes.commits.members[0] = { ...one, proof: two.proof };
    }),
  );
  await expect(openSchemes(swapped, backend, queue)).rejects.toThrow(
    /schemes\.commits: the proof of possession/,
  );
  const noPoint = parseGenesis(spoilt((copy) => (copy.schemes.replies.groupKey = "ff".repeat(96))));
  await expect(openSchemes(noPoint, backend, queue)).rejects.toThrow(
    /schemes\.replies: the group key is no key/,
  );
});

test("a signer that is not the genesis' is refused by what differs", () => {
  const { signer } = genesis.replicas[1]!;
  const members = genesis.schemes.commits.kind === "multisig" ? genesis.schemes.commits.members : [];
  const description = {
    tier: "T1" as const,
    preamble: preambleOf(genesis),
    replica: 1,
    bootEpoch: signer.bootEpoch,
    instances: 4,
    identityKey: Buffer.from(signer.identityKey, "hex"),
    shareProof: Buffer.alloc(0),
    shareKey: Buffer.from(members[1]!.publicKey, "hex"),
  };
  checkSubsystem(genesis, 1, description);
  expect(() => checkSubsystem(genesis, 0, description)).toThrow(/\(replica\)/);
  const stolen = { ...description, identityKey: Buffer.alloc(32) };
  expect(() => checkSubsystem(genesis, 1, stolen)).toThrow(/\(identity key\)/);
  // Another boot may be admitted, unless the keys of commits are a dealer's.
  const reborn = { ...stolen, bootEpoch: signer.bootEpoch + 1 };
  checkSubsystem(genesis, 1, reborn);
  const { replies } = genesis.schemes;
  const dealt = { ...genesis, schemes: { commits: replies, replies } };
  expect(() => checkSubsystem(dealt, 1, reborn)).toThrow(/boot epoch/);
  expect(() => checkSubsystem(genesis, 1, { ...description, instances: 3 })).toThrow(/number of instances/);
});

test("what clients are given is what the client library reads", () => {
  const text = readFileSync(join(directory, "client.json"), "utf8");
  const description = parseClusterDescription(JSON.parse(text));
  expect(description.cluster).toBe(clusterOf(genesis));
  expect(description.replicas[2]?.clientPort).toBe(genesis.replicas[2]?.client.port);
});
