import { readFileSync } from "node:fs";
import { join } from "node:path";
import { connect, type TLSSocket } from "node:tls";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { encodeFrame } from "@destiny/core/wire/frame-parser";
import { FILES } from "@destiny/node/configuration/replica-configuration";
import { preambleOf } from "@destiny/node/genesis/genesis";
import { encodeHello, MESH_VERSION } from "@destiny/node/mesh/hello";
import { Mesh } from "@destiny/node/mesh/mesh";
import { PROTOCOL } from "@destiny/node/mesh/tls";
import type { TestCluster } from "./test-cluster.ts";

/** What one has to show in a handshake. */
export interface Credentials {
  readonly certPem: string;
  readonly keyPem: string;
}

/** The certificate and key of a replica of the cluster. */
export function credentialsOf(cluster: TestCluster, id: ReplicaId): Credentials {
  const certPem = cluster.local.genesis.replicas[id]?.certificate.pem ?? "";
  return { certPem, keyPem: readFileSync(join(cluster.local.replicaDirectory(id), FILES.tlsKey), "utf8") };
}

/** A TLS connection to a replica's mesh port by whoever has these credentials. Errors are swallowed: `destroyed` tells. */
export async function dial(cluster: TestCluster, to: ReplicaId, as: Credentials): Promise<TLSSocket> {
  const mesh = cluster.local.genesis.replicas[to]?.mesh;
  const socket = connect({
    ...mesh,
    cert: as.certPem,
    key: as.keyPem,
    rejectUnauthorized: false,
    ALPNProtocols: [PROTOCOL],
  });
  socket.on("error", () => undefined);
  await new Promise((resolve) => socket.once("secureConnect", resolve).once("close", resolve));
  return socket;
}

/** A frame with its header, whose body is a hello that claims to be this replica. */
export function helloFrame(cluster: TestCluster, claimed: ReplicaId): Uint8Array {
  const { cluster: digest } = preambleOf(cluster.local.genesis);
  return encodeFrame(encodeHello({ version: MESH_VERSION, cluster: digest, replica: claimed }));
}

/** A link to a replica, past a good hello, in the name of one that does not run. */
export async function greet(cluster: TestCluster, to: ReplicaId, as: ReplicaId): Promise<TLSSocket> {
  const socket = await dial(cluster, to, credentialsOf(cluster, as));
  socket.write(helloFrame(cluster, as));
  return socket;
}

/** Links with all replicas in the name of one that does not run, by the product's own mesh. */
export function openMesh(
  cluster: TestCluster,
  as: ReplicaId,
  onFrame: (from: ReplicaId, frame: Uint8Array) => void = () => undefined,
): Promise<Mesh> {
  const { replicas } = cluster.local.genesis;
  return Mesh.open({
    self: as,
    peers: replicas
      .filter(({ id }) => id !== as)
      .map(({ id, mesh, certificate: { fingerprint, pem } }) => ({ id, ...mesh, fingerprint, certPem: pem })),
    listen: { host: "127.0.0.1", port: 0 },
    ...credentialsOf(cluster, as),
    cluster: preambleOf(cluster.local.genesis).cluster,
    limits: { redialMinMillis: 20, redialMaxMillis: 200 },
    onFrame,
    onLink: () => undefined,
    report: () => undefined,
    log: () => undefined,
  });
}
