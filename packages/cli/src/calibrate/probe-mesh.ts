import { createReplicaCertificate, type ReplicaCertificate } from "@destiny/node/identity/certificates";
import { Mesh } from "@destiny/node/mesh/mesh";

const HOST = "127.0.0.1";
const CLUSTER = "c".repeat(32);
/** Where nobody listens: replica 0 does not dial. */
const NOWHERE = 9;

/** Of two replicas that exist to be measured. */
export type ProbeCertificates = readonly [ReplicaCertificate, ReplicaCertificate];

export interface ProbeMeshOptions {
  readonly self: 0 | 1;
  readonly certificates: ProbeCertificates;
  /** Of replica 0, for replica 1, which dials. */
  readonly port?: number;
  readonly onFrame: (frame: Uint8Array) => void;
  /** The other one is there. */
  readonly onUp?: () => void;
}

export async function probeCertificates(): Promise<ProbeCertificates> {
  const create = (replica: number): Promise<ReplicaCertificate> =>
    createReplicaCertificate({ replica, cluster: "calibrate", hosts: [HOST] });
  return [await create(0), await create(1)];
}

/** One of two replicas that send frames to each other through the real transport. */
export function openProbeMesh(options: ProbeMeshOptions): Promise<Mesh> {
  const { self, certificates, port, onFrame, onUp } = options;
  const [own, peer] = self === 0 ? certificates : [certificates[1], certificates[0]];
  const { fingerprint, certPem } = peer;
  return Mesh.open({
    ...{ self, cluster: CLUSTER, certPem: own.certPem, keyPem: own.keyPem },
    peers: [{ id: 1 - self, host: HOST, port: port ?? NOWHERE, fingerprint, certPem }],
    listen: { host: HOST, port: 0 },
    onFrame: (_, frame) => onFrame(frame),
    onLink: (_, isUp) => {
      if (isUp) onUp?.();
    },
    report: () => undefined,
    log: () => undefined,
  });
}
