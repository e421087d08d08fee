import type { Effect } from "@destiny/core/effects/effects";

/** How far the disk is. */
export interface Durability {
  /** The position of everything written so far. */
  barrier(): number;
  readonly durablePosition: number;
}

/** Holds back, in order, what must not leave before an earlier `persist` is durable (the contract of every driver). */
export class EffectGate {
  readonly #durability: Durability;
  readonly #leave: (effect: Effect) => void;
  #position = 0;
  #held: { readonly effect: Effect; readonly position: number }[] = [];

  constructor(durability: Durability, leave: (effect: Effect) => void) {
    this.#durability = durability;
    this.#leave = leave;
  }

  /** A record was written that all which follows waits for. */
  close(): void {
    this.#position = this.#durability.barrier();
  }

  pass(effect: Effect): void {
    if (this.#held.length === 0 && this.#position <= this.#durability.durablePosition) this.#leave(effect);
    else this.#held.push({ effect, position: this.#position });
  }

  /** More is durable. */
  open(): void {
    const { durablePosition } = this.#durability;
    const first = this.#held.findIndex(({ position }) => position > durablePosition);
    const leaving = this.#held.splice(0, first < 0 ? this.#held.length : first);
    for (const { effect } of leaving) this.#leave(effect);
  }

  /** Forgets what waits: the process is gone. */
  clear(): void {
    this.#held = [];
  }
}
