import type { Digest, ReplicaId } from "../../kernel/ids.ts";
import type { Request } from "../../wire/request.ts";

/** Clients of one coordinator that are waited for at once. */
const CLIENTS_MAX = 4096;

/** The newest request of each client that its coordinator has yet to propose, as far as this replica has seen (dqbft.md 8, first row). */
export class Expectations {
  /** Made with the first of each coordinator. */
  readonly #byCoordinator: (Map<Digest, number> | null)[];
  readonly #coordinators = new Map<Digest, ReplicaId>();

  constructor(n: number) {
    this.#byCoordinator = new Array<null>(n).fill(null);
  }

  /** The coordinator of whom it was expected before, if that is another one. */
  expect({ client, timestamp }: Request, coordinator: ReplicaId): ReplicaId | null {
    const before = this.#coordinators.get(client);
    if (before !== undefined && before !== coordinator) this.#byCoordinator[before]?.delete(client);
    const clients = this.#byCoordinator[coordinator] ?? new Map<Digest, number>();
    this.#byCoordinator[coordinator] = clients;
    if (!clients.has(client) && clients.size >= CLIENTS_MAX) return null;
    clients.set(client, Math.max(timestamp, clients.get(client) ?? 0));
    this.#coordinators.set(client, coordinator);
    return before !== undefined && before !== coordinator ? before : null;
  }

  /** Its requests up to the timestamp are done with. Of whom nothing is expected any more, if so. */
  served(client: Digest, timestamp: number): ReplicaId | null {
    const coordinator = this.#coordinators.get(client);
    if (coordinator === undefined) return null;
    const clients = this.#byCoordinator[coordinator];
    if ((clients?.get(client) ?? 0) > timestamp) return null;
    clients?.delete(client);
    this.#coordinators.delete(client);
    return coordinator;
  }

  /** Clients that wait for this coordinator. */
  of(coordinator: ReplicaId): Iterable<Digest> {
    return this.#byCoordinator[coordinator]?.keys() ?? [];
  }

  any(coordinator: ReplicaId): boolean {
    return (this.#byCoordinator[coordinator]?.size ?? 0) > 0;
  }

  /** Whether a batch that contains the request meets what is expected of its coordinator. */
  isMet(coordinator: ReplicaId, { client, timestamp }: Request): boolean {
    const expected = this.#byCoordinator[coordinator]?.get(client);
    return expected !== undefined && timestamp >= expected;
  }

  /** The newest request of this client that is expected of the coordinator; 0 if none is. */
  expected(coordinator: ReplicaId, client: Digest): number {
    return this.#byCoordinator[coordinator]?.get(client) ?? 0;
  }
}
