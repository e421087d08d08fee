import { createSecureContext, type SecureContext } from "node:tls";
import type { Digest, ReplicaId } from "@destiny/core/kernel/ids";
import type { ClusterDescription } from "./cluster-description.ts";
import { type LinkUser, ReplicaLink } from "./replica-link.ts";

/** One client's use of a connection. */
export interface Link {
  /** Whether the replica has welcomed the client. */
  readonly up: boolean;
  send(message: Uint8Array): void;
  close(): void;
}

/**
 * The connections of one process to a cluster, one per replica, however many clients use them: for a program that acts for
 * many, a connection for each would cost both ends a handshake, and every command a write and a read of its own.
 */
export class LinkPool {
  readonly #cluster: ClusterDescription;
  readonly #context: SecureContext = createSecureContext({ minVersion: "TLSv1.3", maxVersion: "TLSv1.3" });
  readonly #links = new Map<ReplicaId, ReplicaLink>();

  constructor(cluster: ClusterDescription) {
    this.#cluster = cluster;
  }

  /** Null if there is no such replica. */
  open(replica: ReplicaId, user: LinkUser): Link | null {
    const address = this.#cluster.replicas[replica];
    if (address === undefined) return null;
    const link = this.#links.get(replica) ?? new ReplicaLink({ address, context: this.#context });
    this.#links.set(replica, link);
    link.attach(user);
    return {
      get up() {
        return link.isUp(user.client);
      },
      send: (message) => link.send(user.client, message),
      close: () => this.#close(replica, link, user.client),
    };
  }

  #close(replica: ReplicaId, link: ReplicaLink, client: Digest): void {
    link.detach(client);
    if (link.idle && this.#links.get(replica) === link) this.#links.delete(replica);
  }
}
