import { type ConnectionOptions, connect, type TLSSocket } from "node:tls";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import { createReplicaCertificate, type ReplicaCertificate } from "../identity/certificates.ts";
import { encodeHello, MESH_VERSION } from "./hello.ts";
import { Mesh } from "./mesh.ts";
import type { MeshFault, MeshLimits, MeshOptions } from "./options.ts";
import { PROTOCOL } from "./tls.ts";

/** The cluster that a test bed's replicas belong to. */
export const CLUSTER: string = "c".repeat(32);
const HOST = "127.0.0.1";
const UNUSED_PORT = 9; // Of a peer that has no mesh: nobody listens on the discard port here.

/** What one mesh of a test bed has told its owner. */
export interface Witness {
  readonly frames: { readonly from: ReplicaId; readonly frame: Uint8Array }[];
  /** "+2" for a link with replica 2 that came up, "-2" for one that went down. */
  readonly links: string[];
  readonly faults: { readonly peer: ReplicaId | undefined; readonly fault: MeshFault }[];
}

/** For tests: meshes on loopback ports with certificates of their own, closed together. */
export class TestBed {
  readonly certificates: readonly ReplicaCertificate[];
  /** By replica id, of meshes that were opened; kept over a restart. */
  readonly ports: Map<ReplicaId, number> = new Map();
  readonly #meshes = new Set<Mesh>();
  readonly #sockets = new Set<TLSSocket>();

  constructor(certificates: readonly ReplicaCertificate[]) {
    this.certificates = certificates;
  }

  /** Opens the mesh of a replica; those with lower ids must have been opened before it. */
  async open(
    self: ReplicaId,
    limits: Partial<MeshLimits> = {},
    overrides: Partial<MeshOptions> = {},
  ): Promise<BedMesh> {
    const witness: Witness = { frames: [], links: [], faults: [] };
    const own = this.certificate(self);
    const mesh = await Mesh.open({
      self,
      peers: this.certificates.flatMap((certificate, id) => {
        if (id === self) return [];
        const { certPem, fingerprint } = certificate;
        return [{ id, host: HOST, port: this.ports.get(id) ?? UNUSED_PORT, fingerprint, certPem }];
      }),
      listen: { host: HOST, port: this.ports.get(self) ?? 0 },
      certPem: own.certPem,
      keyPem: own.keyPem,
      cluster: CLUSTER,
      limits: { redialMinMillis: 10, redialMaxMillis: 100, ...limits },
      onFrame: (from, frame) => witness.frames.push({ from, frame }),
      onLink: (peer, up) => witness.links.push(`${up ? "+" : "-"}${peer}`),
      report: (peer, fault) => witness.faults.push({ peer, fault }),
      log: () => undefined,
      ...overrides,
    });
    this.#meshes.add(mesh);
    this.ports.set(self, mesh.port);
    return { mesh, ...witness };
  }

  certificate(id: ReplicaId): ReplicaCertificate {
    return present(this.certificates[id], "a test uses replicas of its bed");
  }

  /**
   * A TLS connection to a replica with any certificate and options: what an attacker may do. Errors are
   * swallowed.
   */
  dial(to: ReplicaId, as: ReplicaCertificate | undefined, options: ConnectionOptions = {}): TLSSocket {
    const socket = connect({
      host: HOST,
      port: present(this.ports.get(to), "the replica was opened"),
      rejectUnauthorized: false,
      ALPNProtocols: [PROTOCOL],
      ...(as === undefined ? {} : { cert: as.certPem, key: as.keyPem }),
      ...options,
    });
    socket.on("error", () => undefined);
    this.#sockets.add(socket);
    return socket;
  }

  /** The same, past a good hello. */
  async greet(to: ReplicaId, from: ReplicaId): Promise<TLSSocket> {
    const socket = this.dial(to, this.certificate(from));
    await new Promise((resolve) => socket.once("secureConnect", resolve));
    socket.write(helloFrame(from));
    return socket;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await Promise.all([...this.#meshes].map((mesh) => mesh.close()));
  }
}

/** A mesh and what it has told. */
export interface BedMesh extends Witness {
  readonly mesh: Mesh;
}

/** Certificates for replicas 0 to `count` − 1. */
export function certify(count: number): Promise<ReplicaCertificate[]> {
  const subjects = Array.from({ length: count }, (_, replica) => ({
    replica,
    cluster: "test",
    hosts: [HOST],
  }));
  return Promise.all(subjects.map(createReplicaCertificate));
}

/** A body with its header. */
export function framed(body: Uint8Array): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt32LE(body.length);
  return Buffer.concat([header, body]);
}

export function helloFrame(
  replica: ReplicaId,
  cluster: string = CLUSTER,
  version: number = MESH_VERSION,
): Buffer {
  return framed(encodeHello({ version, cluster, replica }));
}

/** Waits until a condition holds; rejects after two seconds. */
export async function until(condition: () => boolean): Promise<void> {
  const giveUp = performance.now() + 2000;
  while (!condition()) {
    if (performance.now() > giveUp) throw new Error(`in vain: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}
