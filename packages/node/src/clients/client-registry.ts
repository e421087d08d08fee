import type { Digest } from "@destiny/core/kernel/ids";
import type { ClientConnection } from "./client-connection.ts";

/** Which connections are whose, and who must leave when places are scarce. */
export class ClientRegistry {
  readonly #connectionsMax: number;
  readonly #perClientMax: number;
  readonly #byClient = new Map<Digest, Set<ClientConnection>>();
  /** Past their hello and without proof, oldest first. */
  readonly #unproven = new Set<ClientConnection>();
  #size = 0;

  constructor(connectionsMax: number, perClientMax: number) {
    this.#connectionsMax = connectionsMax;
    this.#perClientMax = perClientMax;
  }

  get size(): number {
    return this.#size;
  }

  get clients(): number {
    return this.#byClient.size;
  }

  /** The connections of a client, oldest first. */
  of(client: Digest): Iterable<ClientConnection> {
    return this.#byClient.get(client) ?? [];
  }

  /**
   * Who must make room for one more connection of this client: undefined if nobody, null if nobody can. Whoever proved its
   * name goes only for a newer connection under the same name.
   */
  displaced(client: Digest): ClientConnection | null | undefined {
    const own = [...this.of(client)];
    if (own.length >= this.#perClientMax) return own.find(({ proven }) => !proven) ?? own[0] ?? null;
    if (this.#size < this.#connectionsMax) return undefined;
    const [oldest] = this.#unproven;
    return oldest ?? null;
  }

  add(client: Digest, connection: ClientConnection): void {
    const own = this.#byClient.get(client) ?? new Set();
    own.add(connection);
    this.#byClient.set(client, own);
    if (!connection.proven) this.#unproven.add(connection);
    this.#size += 1;
  }

  prove(connection: ClientConnection): void {
    connection.proven = true;
    this.#unproven.delete(connection);
  }

  remove(client: Digest, connection: ClientConnection): void {
    const own = this.#byClient.get(client);
    if (own?.delete(connection) !== true) return;
    if (own.size === 0) this.#byClient.delete(client);
    this.#unproven.delete(connection);
    this.#size -= 1;
  }
}
