import type { ReplicaId, SequenceNumber } from "../../kernel/ids.ts";
import { invariant, present } from "../../kernel/invariant.ts";
import type { Value } from "../../wire/value.ts";
import type { Sequel } from "../orderer.ts";
import { Horizon } from "./horizon.ts";
import type { Entry, OrderLimits, OrderList, Reference } from "./order-value.ts";
import { encodePart, type OrdererPart } from "./orderer-part.ts";

export interface SequencerOptions {
  readonly limits: OrderLimits;
  /** `K`, in O-slots. */
  readonly checkpointPeriod: number;
  /** `W_D`: half of it in D-slots of one instance makes a checkpoint due too (dqbft.md H5). */
  readonly disseminationWindow: number;
  readonly sequel: Pick<Sequel, "execute" | "assign" | "checkpoint">;
}

/**
 * Runs ordered entries in order (dqbft.md 4.4; DQBFT 3.2.2): a slot is ready only after every earlier O-slot has executed,
 * and a reference waits until its D-slot is decided.
 */
export class Sequencer {
  readonly #options: SequencerOptions;
  readonly #ordered = new Map<SequenceNumber, OrderList>();
  /** By D-instance; made with the first slot of each. */
  readonly #disseminated: (Map<SequenceNumber, Value> | null)[];
  #horizon: Horizon;
  /** Last O-slot executed to its end. */
  #executed: SequenceNumber = 0;
  /** The reference that everything waits for, until its slot is decided. */
  #blocked: Reference | null = null;
  /** Entries of the next O-slot that are done. */
  #done = 0;
  /** The last checkpoint taken, stable or not: part of the replicated state. */
  #checkpoint: { readonly seq: SequenceNumber; readonly cut: readonly SequenceNumber[] };

  constructor(options: SequencerOptions) {
    this.#options = options;
    const cut = new Array<SequenceNumber>(options.limits.n).fill(0);
    this.#disseminated = cut.map(() => null);
    this.#horizon = new Horizon(options.limits, cut);
    this.#checkpoint = { seq: 0, cut };
  }

  get executed(): SequenceNumber {
    return this.#executed;
  }

  /** Last executed slot of every D-instance. */
  get cut(): readonly SequenceNumber[] {
    return this.#horizon.cut;
  }

  onOrdered(seq: SequenceNumber, list: OrderList): void {
    if (seq > this.#executed) this.#ordered.set(seq, list);
  }

  onDisseminated(instance: ReplicaId, seq: SequenceNumber, value: Value): void {
    if (seq > present(this.cut[instance], "a D-instance of this cluster")) this.#of(instance).set(seq, value);
    if (this.#blocked?.instance === instance && this.#blocked.seq === seq) this.#blocked = null;
  }

  /** Executes all that is ready. Returns the reference that it waits for, if any. */
  run(): Reference | null {
    if (this.#blocked !== null) return this.#blocked;
    for (;;) {
      const list = this.#ordered.get(this.#executed + 1);
      if (list === undefined) return null;
      if (this.#done === 0) this.#horizon.begin();
      this.#blocked = this.#runSlot(list);
      if (this.#blocked !== null) return this.#blocked;
      this.#ordered.delete(this.#executed + 1);
      this.#executed += 1;
      this.#done = 0;
      this.#considerCheckpoint();
    }
  }

  /** The sequencer's part of the replicated state. Only right after a slot's end. */
  snapshot(): Uint8Array {
    invariant(this.#done === 0, "a checkpoint is taken between slots");
    return encodePart({ executed: this.#executed, cut: this.cut });
  }

  /** Takes over a state that a checkpoint vouches for, from the start or while running. */
  restore({ executed, cut }: OrdererPart): void {
    this.#executed = executed;
    this.#horizon = new Horizon(this.#options.limits, cut);
    this.#checkpoint = { seq: executed, cut };
    this.#blocked = null;
    this.#done = 0;
    for (const seq of this.#ordered.keys()) if (seq <= executed) this.#ordered.delete(seq);
    for (const [instance, slots] of this.#disseminated.entries()) {
      for (const seq of slots?.keys() ?? []) if (seq <= (cut[instance] ?? 0)) slots?.delete(seq);
    }
  }

  /** Stops at the first reference whose D-slot is not decided here; goes on from there when called again. */
  #runSlot(list: OrderList): Reference | null {
    const end = Math.min(list.entries.length, this.#options.limits.entriesMax);
    while (this.#done < end) {
      const entry = list.entries[this.#done] as Entry;
      if (entry.type === "assign") this.#options.sequel.assign(entry.request);
      else if (!this.#runReference(entry)) return entry;
      this.#done += 1;
    }
    return null;
  }

  #runReference(reference: Reference): boolean {
    if (reference.instance >= this.#options.limits.n) return true;
    const expected = reference.seq === this.#horizon.next(reference.instance);
    const value = expected ? this.#of(reference.instance).get(reference.seq) : undefined;
    // Look before `admits` counts the reference: a blocked one is asked about again.
    if (expected && value === undefined && this.#horizon.hasRoom(reference.instance)) return false;
    if (!this.#horizon.admits(reference)) return true; // Skipped, the same everywhere: H7, H12, H21.
    invariant(value !== undefined, "an admitted reference is decided here");
    const [seq, entry] = [this.#executed + 1, this.#done];
    this.#options.sequel.execute({ seq, entry, coordinator: reference.instance, value });
    this.#horizon.take(reference);
    this.#of(reference.instance).delete(reference.seq);
    return true;
  }

  #considerCheckpoint(): void {
    const { checkpointPeriod, disseminationWindow, sequel } = this.#options;
    const advanced = this.cut.map((seq, instance) => seq - (this.#checkpoint.cut[instance] ?? 0));
    const due =
      this.#executed - this.#checkpoint.seq >= checkpointPeriod ||
      Math.max(...advanced) >= Math.max(1, disseminationWindow / 2);
    if (!due) return;
    this.#checkpoint = { seq: this.#executed, cut: [...this.cut] };
    sequel.checkpoint(this.#executed);
  }

  #of(instance: ReplicaId): Map<SequenceNumber, Value> {
    const made = this.#disseminated[instance] ?? new Map<SequenceNumber, Value>();
    this.#disseminated[instance] = made;
    return made;
  }
}
