import type { InstanceId, SequenceNumber } from "../../kernel/ids.ts";
import { present } from "../../kernel/invariant.ts";
import type { OrderLimits, OrderList, Reference } from "./order-value.ts";

/**
 * How many references of each D-instance the execution rule would take from a run of O-slots: `s == cut[j] + 1`, at most
 * `b` in one slot, the rest skipped (dqbft.md 4.4, H7, H21). Execution itself, and the prediction that the O-primary
 * proposes by (`simNext` of dqbft.md 3), are both this rule.
 */
export class Horizon {
  readonly #limits: OrderLimits;
  /** Last reference taken, for each D-instance. */
  readonly #cut: SequenceNumber[];
  readonly #taken: number[];

  constructor(limits: OrderLimits, cut: readonly SequenceNumber[]) {
    this.#limits = limits;
    this.#cut = [...cut];
    this.#taken = cut.map(() => 0);
  }

  get cut(): readonly SequenceNumber[] {
    return this.#cut;
  }

  next(instance: InstanceId): SequenceNumber {
    return present(this.#cut[instance], "a D-instance of this cluster") + 1;
  }

  copy(): Horizon {
    return new Horizon(this.#limits, this.#cut);
  }

  /** Starts the next O-slot. */
  begin(): void {
    this.#taken.fill(0);
  }

  /** Whether the present O-slot may still take a reference of this D-instance. */
  hasRoom(instance: InstanceId): boolean {
    return (this.#taken[instance] ?? 0) < this.#limits.referencesPerInstanceMax;
  }

  /** Whether the rule takes this reference of the present O-slot; counts it against `b` either way. */
  admits(reference: Reference): boolean {
    const taken = this.#taken[reference.instance];
    if (taken === undefined) return false; // A D-instance that does not exist (dqbft.md H12).
    const room = this.hasRoom(reference.instance);
    this.#taken[reference.instance] = taken + 1;
    return room && reference.seq === this.next(reference.instance);
  }

  /** Takes it. */
  take(reference: Reference): void {
    this.#cut[reference.instance] = reference.seq;
  }

  /** Folds a whole O-slot. */
  fold(list: OrderList): void {
    this.begin();
    for (const entry of list.entries.slice(0, this.#limits.entriesMax)) {
      if (entry.type === "reference" && this.admits(entry)) this.take(entry);
    }
  }
}
