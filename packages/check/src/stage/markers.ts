import type { Effect } from "@destiny/core/effects/effects";
import type { Outbox } from "@destiny/core/effects/port";
import type { Reply } from "@destiny/core/wire/reply";

/** No client has this key. */
const NOBODY = "";

/**
 * Calls that take the place of effects, so that they are made only when everything before them is durable. A replica may
 * compute on what it has not stored yet: a crash takes that back, and no oracle may hold it to it.
 */
export class Markers {
  readonly #calls = new WeakMap<Reply, () => void>();

  /** Calls once everything that was pushed before is durable; never, if the replica crashes before. */
  push(outbox: Outbox, call: () => void): void {
    const reply: Reply = { type: "plain", client: NOBODY, timestamp: 0, seq: 0, entry: 0, results: [] };
    this.#calls.set(reply, call);
    outbox.push({ type: "reply", reply });
  }

  /** Whether the effect is a marker, whose call is then made. */
  redeem(effect: Effect): boolean {
    const call = effect.type === "reply" ? this.#calls.get(effect.reply) : undefined;
    call?.();
    return call !== undefined;
  }

  isMarker(effect: Effect): boolean {
    return effect.type === "reply" && this.#calls.has(effect.reply);
  }
}
