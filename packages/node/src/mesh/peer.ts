import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { Link } from "./link.ts";
import type { MeshPeer, PeerStatistics } from "./options.ts";

/** What the mesh keeps about a peer over all its links. */
export interface Peer {
  readonly id: ReplicaId;
  readonly address: MeshPeer;
  readonly statistics: PeerStatistics;
  /** The one live link: past its hello, and not closed. */
  link: Link | undefined;
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
