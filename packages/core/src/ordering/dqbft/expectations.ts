import type { Digest, ReplicaId } from "../../kernel/ids.ts";
import { present } from "../../kernel/invariant.ts";
import type { Request } from "../../wire/request.ts";

/** Clients of one coordinator that are waited for at once. */
const CLIENTS_MAX = 4096;

/** The newest request of each client that its coordinator has yet to propose, as far as this replica has seen (dqbft.md 8, first row). */
export class Expectations {
  readonly #byCoordinator: readonly Map<Digest, number>[];
  readonly #coordinators = new Map<Digest, ReplicaId>();

  constructor(n: number) {
    this.#byCoordinator = Array.from({ length: n }, () => new Map<Digest, number>());
  }

  /** The coordinator of whom it was expected before, if that is another one. */
  expect({ client, timestamp }: Request, coordinator: ReplicaId): ReplicaId | null {
    const before = this.#coordinators.get(client);
    if (before !== undefined && before !== coordinator) this.#of(before).delete(client);
    const clients = this.#of(coordinator);
    if (!clients.has(client) && clients.size >= CLIENTS_MAX) return null;
    clients.set(client, Math.max(timestamp, clients.get(client) ?? 0));
    this.#coordinators.set(client, coordinator);
    return before !== undefined && before !== coordinator ? before : null;
  }

  /** Its requests up to the timestamp are done with. Of whom nothing is expected any more, if so. */
  served(client: Digest, timestamp: number): ReplicaId | null {
    const coordinator = this.#coordinators.get(client);
    if (coordinator === undefined) return null;
    const clients = this.#of(coordinator);
    if ((clients.get(client) ?? 0) > timestamp) return null;
    clients.delete(client);
    this.#coordinators.delete(client);
    return coordinator;
  }

  /** Clients that wait for this coordinator. */
  of(coordinator: ReplicaId): Iterable<Digest> {
    return this.#of(coordinator).keys();
  }

  any(coordinator: ReplicaId): boolean {
    return this.#of(coordinator).size > 0;
  }

  /** Whether a batch that contains the request meets what is expected of its coordinator. */
  isMet(coordinator: ReplicaId, { client, timestamp }: Request): boolean {
    const expected = this.#of(coordinator).get(client);
    return expected !== undefined && timestamp >= expected;
  }

  /** The newest request of this client that is expected of the coordinator; 0 if none is. */
  expected(coordinator: ReplicaId, client: Digest): number {
    return this.#of(coordinator).get(client) ?? 0;
  }

  #of(coordinator: ReplicaId): Map<Digest, number> {
    return present(this.#byCoordinator[coordinator], "a replica of this cluster");
  }
}
