import type { SequenceNumber } from "../../kernel/ids.ts";
import type { Anchor } from "../../wire/anchor.ts";

/** Status periods without a slot executed, after which peers' logs are given up. */
const STALLED_PERIODS = 3;
/** Status periods after a transfer in which one such is enough: what follows it may be gone from the logs too. */
const RECENT_PERIODS = 30;

/** When to fetch the state: when peers' logs do not help, or would take longer. A small lag is made good from their logs. */
export class Need {
  readonly #window: number;
  /** An instance has moved on to here: below, nothing can be decided in it any more. */
  #floor: SequenceNumber = 0;
  #executed: SequenceNumber = 0;
  #stalled = 0;
  #sinceTransfer: number = RECENT_PERIODS;

  /** `window` is how far ahead a stable checkpoint may be, in slots of the global order, before logs are not asked at all. */
  constructor(window: number) {
    this.#window = window;
  }

  /** An instance has moved to a stable checkpoint above what is executed. */
  onOutrun(anchor: Anchor): void {
    this.#floor = Math.max(this.#floor, anchor.seq);
  }

  onInstalled(): void {
    this.#sinceTransfer = 0;
    this.#stalled = 0;
  }

  /** A status period has passed. */
  tick(executed: SequenceNumber, newest: Anchor | null): void {
    this.#sinceTransfer += 1;
    const isBehind = newest !== null && newest.seq > executed;
    this.#stalled = isBehind && executed === this.#executed ? this.#stalled + 1 : 0;
    this.#executed = executed;
  }

  /** Whether the state has to be fetched, as far as is known. */
  isUrgent(executed: SequenceNumber, newest: Anchor | null): boolean {
    if (newest === null || newest.seq <= executed) return false;
    const patience = this.#sinceTransfer < RECENT_PERIODS ? 1 : STALLED_PERIODS;
    return this.#floor > executed || newest.seq - executed > this.#window || this.#stalled >= patience;
  }
}
