import type { Effect } from "@destiny/core/effects/effects";

/** What the gate needs of the store. */
export interface Durability {
  /** The position of everything written so far. */
  barrier(): number;
  readonly durablePosition: number;
}

/**
 * Holds back what must not leave before an earlier `persist` is durable, in order (the contract of every driver). What
 * never leaves this machine, and what asks for no durability, does not come here.
 */
export class EffectGate {
  readonly #durability: Durability;
  readonly #perform: (effect: Effect) => void;
  /** Position that must be durable before anything leaves that was asked for now. */
  #position = 0;
  #held: { readonly effect: Effect; readonly position: number }[] = [];

  constructor(durability: Durability, perform: (effect: Effect) => void) {
    this.#durability = durability;
    this.#perform = perform;
  }

  /** Effects that wait. */
  get held(): number {
    return this.#held.length;
  }

  /** A record that gates was appended: all that follows waits for it. */
  close(): void {
    this.#position = this.#durability.barrier();
  }

  pass(effect: Effect): void {
    if (this.#held.length === 0 && this.#position <= this.#durability.durablePosition) this.#perform(effect);
    else this.#held.push({ effect, position: this.#position });
  }

  /** The store made more durable. */
  open(): void {
    let released = 0;
    for (const { effect, position } of this.#held) {
      if (position > this.#durability.durablePosition) break;
      released += 1;
      this.#perform(effect);
    }
    if (released > 0) this.#held = this.#held.slice(released);
  }
}
