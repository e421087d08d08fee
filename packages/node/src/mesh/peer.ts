import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { MeshFault, MeshPeer, PeerStatistics } from "./options.ts";

/** What the mesh does with a live link. */
export interface LiveLink {
  readonly backlogBytes: number;
  send(frame: Uint8Array): void;
  pause(): void;
  resume(): void;
  close(fault?: MeshFault): void;
}

/** What the mesh keeps about a peer over all its links. */
export interface Peer {
  readonly id: ReplicaId;
  readonly address: MeshPeer;
  readonly statistics: PeerStatistics;
  /** The one live link: past its hello, and not closed. */
  link: LiveLink | undefined;
  /** Whether its frames are left in the network; outlives the link. */
  paused: boolean;
}

export function newPeer(address: MeshPeer): Peer {
  const statistics: PeerStatistics = {
    peer: address.id,
    linked: false,
    links: 0,
    bytesIn: 0,
    bytesOut: 0,
    framesIn: 0,
    framesOut: 0,
    framesDropped: 0,
  };
  return { id: address.id, address, statistics, link: undefined, paused: false };
}
