import type { ClientConnection } from "./client-connection.ts";

/**
 * Bounds the bytes of requests that are being checked: a connection with too many is not read from until some are done, and
 * with too many in all, whoever sends next waits.
 */
export class ReadingBudget {
  readonly #eachMax: number;
  readonly #totalMax: number;
  readonly #paused = new Set<ClientConnection>();
  #total = 0;

  constructor(eachMax: number, totalMax: number) {
    this.#eachMax = eachMax;
    this.#totalMax = totalMax;
  }

  /** Bytes under way, in all. */
  get total(): number {
    return this.#total;
  }

  take(connection: ClientConnection, bytes: number): void {
    connection.underWayBytes += bytes;
    this.#total += bytes;
    if (connection.underWayBytes <= this.#eachMax && this.#total <= this.#totalMax) return;
    if (this.#paused.has(connection)) return;
    this.#paused.add(connection);
    connection.pause();
  }

  give(connection: ClientConnection, bytes: number): void {
    connection.underWayBytes -= bytes;
    this.#total -= bytes;
    if (this.#paused.size === 0 || this.#total > this.#totalMax) return;
    for (const waiting of [...this.#paused]) {
      if (waiting.underWayBytes > this.#eachMax) continue;
      this.#paused.delete(waiting);
      waiting.resume();
    }
  }

  /** The connection is closed; what it has under way still comes back by {@link give}. */
  forget(connection: ClientConnection): void {
    this.#paused.delete(connection);
  }
}
