import type { TLSSocket } from "node:tls";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { type Fingerprint, fingerprintOf } from "../identity/fingerprint.ts";
import { decodeHello, type Hello } from "./hello.ts";
import type { MeshFault } from "./options.ts";
import type { Peer } from "./peer.ts";
import { PROTOCOL } from "./tls.ts";

/** What a finished handshake says about the other end. */
export type AuthenticatedSocket = Pick<
  TLSSocket,
  "authorized" | "alpnProtocol" | "isSessionReused" | "getPeerX509Certificate"
>;

/**
 * Whose certificate the other end of a finished handshake has shown, or why it is nobody's. The fingerprint
 * decides alone; TLS has proved that the other end holds the key.
 */
export function identify(
  socket: AuthenticatedSocket,
  pins: ReadonlyMap<Fingerprint, Peer>,
): Peer | MeshFault {
  if (socket.isSessionReused()) return "resumed";
  if (socket.alpnProtocol !== PROTOCOL) return "handshake";
  const certificate = socket.getPeerX509Certificate();
  if (certificate === undefined || !socket.authorized) return "certificate";
  return pins.get(fingerprintOf(certificate)) ?? "certificate";
}

/** Why a first frame does not open a link to the peer `from`; undefined if it does. */
export function faultOfHello(frame: Uint8Array, own: Hello, from: ReplicaId): MeshFault | undefined {
  const hello = decodeHello(frame);
  if (hello === undefined) return "hello";
  if (hello.version !== own.version) return "version";
  if (hello.cluster !== own.cluster) return "cluster";
  return hello.replica === from ? undefined : "claim";
}
