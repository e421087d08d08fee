import {
  chmodSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { homeOf } from "@destiny/core/replica/client-table";
import { toDigest } from "@destiny/core/wire/reader";
import { openBls } from "@destiny/crypto/bls/open";
import { readSignerKey } from "@destiny/crypto/trusted/signer-directory";
import { afterAll, beforeAll, expect, test } from "vitest";
import { clusterOf } from "../genesis/genesis.ts";
import { planAddresses } from "./addresses.ts";
import { type InitialCluster, initCluster } from "./init-cluster.ts";
import { readClientKey } from "./key-files.ts";
import { loadReplicaConfiguration, openReplyShares } from "./replica-configuration.ts";
import { makeCluster } from "./test-cluster.ts";

const backend = openBls(() => undefined);
let cluster: InitialCluster;

beforeAll(async () => {
  cluster = await makeCluster();
});
afterAll(() => backend.close());

/** A copy of replica 1's folder that a test may spoil. */
function copied(): string {
  const folder = mkdtempSync(join(tmpdir(), "destiny-copy-"));
  cpSync(join(cluster.directory, "replica-1"), folder, { recursive: true });
  return folder;
}

function edit(path: string, change: (content: Record<string, unknown>) => void): void {
  const content = JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  change(content);
  writeFileSync(path, JSON.stringify(content));
}

test("every folder has all that its replica needs, and secrets are private", () => {
  expect(readdirSync(cluster.directory).sort()).toEqual([
    "client.json",
    "client.key",
    "genesis.json",
    "replica-0",
    "replica-1",
    "replica-2",
  ]);
  for (const [id, folder] of cluster.replicaDirectories.entries()) {
    const configuration = loadReplicaConfiguration(folder);
    expect(configuration.id).toBe(id);
    expect(configuration.preamble).toEqual({ cluster: clusterOf(cluster.genesis), configuration: 0 });
    openReplyShares(configuration, backend);
    const signer = readSignerKey(configuration.signerDirectory);
    expect([signer.replica, signer.instances, signer.preamble.cluster]).toEqual([
      id,
      4,
      clusterOf(cluster.genesis),
    ]);
    for (const secret of ["replica.key", "tls.key", "signer/signer.json"]) {
      expect(statSync(join(folder, secret)).mode & 0o777).toBe(0o600);
    }
    expect(statSync(folder).mode & 0o777).toBe(0o700);
  }
  expect(readClientKey(join(cluster.directory, "client.key"))).toHaveLength(32);
});

test("a replica coordinates its own gateway", () => {
  for (const { id, gatewayKey } of cluster.genesis.replicas) {
    expect(homeOf(toDigest(Buffer.from(gatewayKey, "hex")), 3)).toBe(id);
  }
});

test("a folder works wherever it is copied to", () => {
  expect(loadReplicaConfiguration(copied()).id).toBe(1);
});

test("on one machine ports are consecutive, and listened on where they are reached", () => {
  const ports = cluster.genesis.replicas.flatMap(({ mesh, client, http }) => [
    mesh.port,
    client.port,
    http?.port,
  ]);
  expect(ports).toEqual(Array.from({ length: 9 }, (_, i) => 21_000 + i));
  const { listen } = loadReplicaConfiguration(join(cluster.directory, "replica-2"));
  expect(listen.mesh).toEqual({ host: "127.0.0.1", port: 21_006 });
});

test("on many machines ports are the same, and the gateway is for the machine alone", async () => {
  const many = await makeCluster({ hostTemplate: "replica-{i}.example.org", basePort: undefined });
  expect(many.genesis.replicas.map(({ mesh }) => `${mesh.host}:${mesh.port}`)).toEqual([
    "replica-0.example.org:7100",
    "replica-1.example.org:7100",
    "replica-2.example.org:7100",
  ]);
  expect(many.genesis.replicas[0]?.http).toBeNull();
  const { listen } = loadReplicaConfiguration(join(many.directory, "replica-0"));
  expect(listen).toEqual({
    mesh: { host: "0.0.0.0", port: 7100 },
    client: { host: "0.0.0.0", port: 7101 },
    http: { host: "127.0.0.1", port: 7102 },
  });
});

test("ports are free if they were not given", async () => {
  const hosts = ["127.0.0.1", "127.0.0.1"];
  const [first] = await planAddresses({ hosts, http: "loopback" });
  await expect(
    new Promise((resolve, reject) => {
      const server = createServer().once("error", reject);
      server.listen({ host: "127.0.0.1", port: first?.listen.mesh.port }, () => server.close(resolve));
    }),
  ).resolves.toBeUndefined();
  await expect(planAddresses({ hosts, basePort: 65_531, http: "loopback" })).rejects.toThrow(/too few/);
});

test("a cluster never goes where something is", async () => {
  const again = initCluster({ replicas: 3, directory: cluster.directory }, () => undefined);
  await expect(again).rejects.toThrow(/is not empty: choose a new folder/);
});

test.each([
  [{ replicas: 2 }, /2 replicas cannot run destiny/],
  [{ protocol: "pbff" }, /no protocol is called "pbff"/],
  [{ parameters: { checkpointPeriod: 1_000 } }, /change checkpointPeriod/],
  [{ hostTemplate: "*.example.org" }, /is no host/],
  [{ hostTemplate: "replica.example.org", basePort: 65_530 }, /too few/],
  [{ name: "ü" }, /name the cluster/],
  [{ admission: ["00"] }, /admission\.clients\[4\]/],
])("a plan that cannot be leaves nothing behind: %j", async (plan, says) => {
  const directory = join(mkdtempSync(join(tmpdir(), "destiny-plan-")), "cluster");
  await expect(makeCluster({ directory, ...plan })).rejects.toThrow(says);
  await expect(makeCluster({ directory, ...plan })).rejects.toThrow(ConfigurationError);
  expect(existsSync(directory)).toBe(false);
});

test("only listed clients may submit if so wished", async () => {
  const extra = cluster.genesis.replicas[0]?.hostKey ?? "";
  const closed = await makeCluster({ admission: [extra] });
  const { admission } = closed.genesis;
  expect(admission.type === "list" && admission.clients.length).toBe(5);
  expect(admission.type === "list" && admission.clients.at(-1)).toBe(extra);
});

test.each(["replica.key", "tls.key"])("%s that others may read is refused", (name) => {
  const folder = copied();
  chmodSync(join(folder, name), 0o644);
  expect(() => loadReplicaConfiguration(folder)).toThrow(`run chmod 600 ${join(folder, name)}`);
});

test.each([
  [
    "replica.json",
    (c: Record<string, unknown>) => (c["id"] = 3),
    /"id" is 3, but the genesis has 3 replicas/,
  ],
  ["replica.json", (c: Record<string, unknown>) => (c["loglevel"] = "info"), /did you mean "logLevel"/],
  [
    "replica.json",
    (c: Record<string, unknown>) => (c["limits"] = { historyBytesMax: -1 }),
    /"limits\.history/,
  ],
  ["replica.json", (c: Record<string, unknown>) => (c["genesis"] = "gone.json"), /gone\.json is missing/],
  ["replica.json", (c: Record<string, unknown>) => (c["id"] = 0), /"hostSeed" does not belong/],
  [
    "replica.key",
    (c: Record<string, unknown>) => (c["hostSeed"] = "00".repeat(32)),
    /"hostSeed" does not belong/,
  ],
  [
    "replica.key",
    (c: Record<string, unknown>) => (c["gatewaySeed"] = "x"),
    /"gatewaySeed": must be 32 bytes/,
  ],
])("%s with a mistake is refused", (name, change, says) => {
  const folder = copied();
  edit(join(folder, name), change);
  expect(() => loadReplicaConfiguration(folder)).toThrow(ConfigurationError);
  expect(() => loadReplicaConfiguration(folder)).toThrow(says);
});

test("limits that are not given have defaults", () => {
  const folder = copied();
  edit(join(folder, "replica.json"), (content) => (content["limits"] = { httpCommandsMax: 7 }));
  expect(loadReplicaConfiguration(folder).limits).toMatchObject({
    httpCommandsMax: 7,
    clientConnectionsMax: 1024,
  });
});

test("another replica's TLS key or share is refused", () => {
  const folder = copied();
  cpSync(join(cluster.directory, "replica-0", "tls.key"), join(folder, "tls.key"));
  expect(() => loadReplicaConfiguration(folder)).toThrow(
    /tls\.key is not the key of this replica's certificate/,
  );
  writeFileSync(join(folder, "tls.key"), "hello");
  expect(() => loadReplicaConfiguration(folder)).toThrow(/tls\.key is not the key/);
  const [one, two] = [0, 1].map((id) => loadReplicaConfiguration(join(cluster.directory, `replica-${id}`)));
  const mixed = { ...one!, secrets: { ...one!.secrets, replyShareSecret: two!.secrets.replyShareSecret } };
  expect(() => openReplyShares(mixed, backend)).toThrow(/"replyShareSecret" does not belong/);
});

test("a signer's socket has a path that every system accepts", () => {
  const deep = mkdtempSync(join(tmpdir(), `destiny-${"x".repeat(100)}-`));
  cpSync(join(cluster.directory, "replica-1"), deep, { recursive: true });
  const near = loadReplicaConfiguration(join(cluster.directory, "replica-1"));
  expect(near.signerSocketPath).toBe(join(near.signerDirectory, "socket"));
  expect(Buffer.byteLength(loadReplicaConfiguration(deep).signerSocketPath)).toBeLessThanOrEqual(103);
});
