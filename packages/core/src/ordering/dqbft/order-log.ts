import type { InstanceId, SequenceNumber } from "../../kernel/ids.ts";
import { Horizon } from "./horizon.ts";
import type { OrderLimits, OrderList } from "./order-value.ts";
import type { OrdererPart } from "./orderer-part.ts";

const NONE: readonly InstanceId[] = [];

interface Slot {
  readonly list: OrderList;
  readonly decided: boolean;
}

/**
 * The O-log ahead of execution, folded by the execution rule twice: as it is accepted here, `simNext` of dqbft.md 3, which the
 * O-primary proposes by; and as it is decided here, `simDec`, which says what the primaries of D-instances owe.
 */
export class OrderLog {
  readonly #limits: OrderLimits;
  /** Slots above the decided prefix that are accepted or decided; as many as the O-window holds. */
  readonly #slots = new Map<SequenceNumber, Slot>();
  #accepted: Horizon;
  #acceptedSeq: SequenceNumber = 0;
  #decided: Horizon;
  #decidedSeq: SequenceNumber = 0;
  /** D-instances of whose slots the forecasts say something else than when it was last asked. */
  readonly #moved = new Set<InstanceId>();

  constructor(limits: OrderLimits) {
    this.#limits = limits;
    const cut = new Array<SequenceNumber>(limits.n).fill(0);
    this.#accepted = new Horizon(limits, cut);
    this.#decided = new Horizon(limits, cut);
  }

  /** Every O-slot up to this one is accepted or decided here. */
  get accepted(): SequenceNumber {
    return this.#acceptedSeq;
  }

  /** Every O-slot up to this one is decided here. */
  get decided(): SequenceNumber {
    return this.#decidedSeq;
  }

  /** `simNext`: next slot of a D-instance that the accepted O-log has no effective reference to. */
  next(instance: InstanceId): SequenceNumber {
    return this.#accepted.next(instance);
  }

  /** `simDec` less one: every slot of a D-instance up to this one is ordered for good, so it must come to be decided. */
  owed(instance: InstanceId): SequenceNumber {
    return this.#decided.next(instance) - 1;
  }

  /** D-instances of which {@link next} or {@link owed} may have changed since it was last asked. */
  takeMoved(): readonly InstanceId[] {
    if (this.#moved.size === 0) return NONE;
    const moved = [...this.#moved];
    this.#moved.clear();
    return moved;
  }

  /** An O-proposal of the present view was accepted. */
  accept(seq: SequenceNumber, list: OrderList): void {
    if (seq <= this.#decidedSeq || this.#slots.get(seq)?.decided === true) return;
    this.#slots.set(seq, { list, decided: false });
    this.#foldAccepted();
  }

  /** An O-slot is decided: whatever was accepted there before, this it is. */
  decide(seq: SequenceNumber, list: OrderList): void {
    if (seq <= this.#decidedSeq) return;
    const overwritten = seq <= this.#acceptedSeq && this.#slots.get(seq)?.list !== list;
    this.#slots.set(seq, { list, decided: true });
    if (overwritten) this.#refold();
    this.#foldAccepted();
    this.#foldDecided();
  }

  /** The O-instance enters a view: proposals that are not decided are gone, unless that view proposes them again (dqbft.md 6). */
  reopen(): void {
    for (const [seq, { decided }] of this.#slots) if (!decided) this.#slots.delete(seq);
    this.#refold();
  }

  /** What is accepted or decided above the decided prefix. */
  get pending(): Iterable<OrderList> {
    return [...this.#slots.values()].map(({ list }) => list);
  }

  /** Goes on from a state that was transferred or loaded, if that is further. */
  restore({ executed, cut }: OrdererPart): void {
    if (executed <= this.#decidedSeq) return;
    this.#decidedSeq = executed;
    this.#decided = new Horizon(this.#limits, cut);
    for (const seq of this.#slots.keys()) if (seq <= executed) this.#slots.delete(seq);
    this.#refold();
    this.#foldDecided();
  }

  #refold(): void {
    for (let instance = 0; instance < this.#limits.n; instance += 1) this.#moved.add(instance);
    this.#accepted = this.#decided.copy();
    this.#acceptedSeq = this.#decidedSeq;
    this.#foldAccepted();
  }

  #foldAccepted(): void {
    for (;;) {
      const slot = this.#slots.get(this.#acceptedSeq + 1);
      if (slot === undefined) return;
      this.#acceptedSeq += 1;
      this.#fold(this.#accepted, slot.list);
    }
  }

  #foldDecided(): void {
    for (;;) {
      const slot = this.#slots.get(this.#decidedSeq + 1);
      if (slot?.decided !== true) return;
      this.#decidedSeq += 1;
      this.#fold(this.#decided, slot.list);
      this.#slots.delete(this.#decidedSeq);
    }
  }

  #fold(horizon: Horizon, list: OrderList): void {
    horizon.fold(list);
    for (const entry of list.entries) {
      if (entry.type === "reference" && entry.instance < this.#limits.n) this.#moved.add(entry.instance);
    }
  }
}
