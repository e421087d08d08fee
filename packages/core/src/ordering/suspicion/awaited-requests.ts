import type { Digest } from "../../kernel/ids.ts";
import type { Request } from "../../wire/request.ts";
import { ITEMS_MAX, Row } from "./stopwatches.ts";
import type { Watch } from "./watch.ts";

/**
 * Requests that a coordinator has to propose: the first row of the blame table (dqbft.md 8), with one stopwatch per client. A
 * later request of the client does as well, for then the earlier one can execute no more.
 */
export class AwaitedRequests {
  readonly #watch: Watch;
  readonly #twin: number;
  /** The latest timestamp expected of each client. */
  readonly #expected = new Map<Digest, number>();
  /** The latest timestamp of each client in the proposals of this view that have not executed: within the window. */
  readonly #proposed = new Map<Digest, number>();

  /** `twin` is the count twin: further slots without the request (H23). */
  constructor(watch: Watch, twin: number) {
    this.#watch = watch;
    this.#twin = twin;
  }

  /** What finds no room is expected when its client sends it again. */
  expect(client: Digest, timestamp: number): void {
    const before = this.#expected.get(client);
    if (before === undefined && this.#expected.size >= ITEMS_MAX) return;
    this.#expected.set(client, Math.max(before ?? 0, timestamp));
    this.#look(client);
  }

  /** Nothing of the client up to the timestamp is waited for any more. */
  served(client: Digest, timestamp: number): void {
    const expected = this.#expected.get(client);
    if (expected === undefined) return;
    if (expected > timestamp) return this.#look(client);
    this.#expected.delete(client);
    this.#watch.stop(Row.Proposal, client);
  }

  /** A proposal of the present view contains these. */
  onProposed(requests: readonly Request[]): void {
    this.#watch.count(Row.Proposal);
    for (const { client, timestamp } of requests) {
      if (timestamp <= (this.#proposed.get(client) ?? 0)) continue;
      this.#proposed.set(client, timestamp);
      if (!this.#expected.has(client)) continue;
      this.#watch.stop(Row.Proposal, client); // Progress: what is still missing begins anew.
      this.#look(client);
    }
  }

  /** A batch with these has had its turn. What it did not serve is to be proposed once more. */
  onExecuted(requests: readonly Request[]): void {
    for (const { client, timestamp } of requests) {
      if ((this.#proposed.get(client) ?? 0) > timestamp) continue;
      this.#proposed.delete(client);
      this.#look(client);
    }
  }

  /** A view was entered: what earlier ones proposed may be gone. */
  restart(): void {
    this.#proposed.clear();
    for (const client of this.#expected.keys()) this.#look(client);
  }

  #look(client: Digest): void {
    const expected = this.#expected.get(client);
    if (expected === undefined) return;
    if ((this.#proposed.get(client) ?? 0) >= expected) this.#watch.stop(Row.Proposal, client);
    else this.#watch.start(Row.Proposal, client, this.#twin);
  }
}
