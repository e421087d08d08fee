import type { Digest } from "../../kernel/ids.ts";
import type { AssignRequest } from "../../wire/messages.ts";
import type { Entry, OrderList } from "./order-value.ts";

/** Assignments that may wait, for all clients together. */
const ASSIGNMENTS_MAX = 1024;

interface Wish {
  readonly request: AssignRequest;
  /** In an O-value that is accepted here. */
  proposed: boolean;
}

/** Clients' wishes for other coordinators that have not executed: the newest of each client (dqbft.md 4.2). */
export class Assignments {
  readonly #wishes = new Map<Digest, Wish>();
  #waiting = 0;

  /** How many are not proposed. */
  get waiting(): number {
    return this.#waiting;
  }

  /** The clients whose wishes are not proposed, the oldest first. */
  get unproposed(): readonly AssignRequest[] {
    return [...this.#wishes.values()].filter(({ proposed }) => !proposed).map(({ request }) => request);
  }

  /** One assignment per client waits: the newest. Whether it is news. */
  offer(request: AssignRequest): boolean {
    const wish = this.#wishes.get(request.client);
    if (wish !== undefined && wish.request.nonce >= request.nonce) return false;
    if (wish === undefined && this.#wishes.size >= ASSIGNMENTS_MAX) return false;
    if (wish === undefined || wish.proposed) this.#waiting += 1;
    this.#wishes.set(request.client, { request, proposed: false });
    return true;
  }

  /** An assignment has executed: it, and older ones of its client, need not be ordered any more. Whether none is left. */
  settle({ client, nonce }: AssignRequest): boolean {
    const wish = this.#wishes.get(client);
    if (wish === undefined) return true;
    if (wish.request.nonce > nonce) return false;
    if (!wish.proposed) this.#waiting -= 1;
    return this.#wishes.delete(client);
  }

  /** An O-value is accepted: what it assigns is proposed. The clients that waited for it. */
  onAccepted(list: OrderList): readonly Digest[] {
    const served: Digest[] = [];
    for (const entry of list.entries) {
      if (entry.type !== "assign") continue;
      const { client, nonce } = entry.request;
      const wish = this.#wishes.get(client);
      if (wish === undefined || wish.proposed || wish.request.nonce > nonce) continue;
      wish.proposed = true;
      this.#waiting -= 1;
      served.push(client);
    }
    return served;
  }

  /** The O-instance has entered a view: of what was accepted, only this is left. */
  reopen(accepted: Iterable<OrderList>): void {
    for (const wish of this.#wishes.values()) wish.proposed = false;
    this.#waiting = this.#wishes.size;
    for (const list of accepted) this.onAccepted(list);
  }

  /** Up to `max` for the next O-value. They count as proposed. */
  take(max: number): Entry[] {
    const entries: Entry[] = [];
    if (this.#waiting === 0) return entries;
    for (const wish of this.#wishes.values()) {
      if (entries.length >= max) break;
      if (wish.proposed) continue;
      wish.proposed = true;
      this.#waiting -= 1;
      entries.push({ type: "assign", request: wish.request });
    }
    return entries;
  }
}
