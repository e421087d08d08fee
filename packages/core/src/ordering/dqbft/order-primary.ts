import { Pacer } from "../../effects/pacer.ts";
import type { Port } from "../../effects/port.ts";
import type { TimerId } from "../../kernel/ids.ts";
import type { OrdererContext } from "../orderer.ts";
import type { Assignments } from "./assignments.ts";
import type { Headers } from "./headers.ts";
import type { InstanceTable } from "./instances.ts";
import type { OrderLog } from "./order-log.ts";
import { OrderQueue } from "./order-queue.ts";
import { encodeOrderValue, type OrderList, orderListOf } from "./order-value.ts";
import type { Punctuality } from "./punctuality.ts";

export interface OrderPrimaryOptions {
  readonly context: OrdererContext;
  readonly port: Port;
  readonly timer: TimerId;
  readonly instances: InstanceTable;
  readonly headers: Headers;
  readonly punctuality: Punctuality;
  readonly assignments: Assignments;
  readonly log: OrderLog;
}

/** The O-primary's part (dqbft.md 4.2), at whichever replica it is. */
export class OrderPrimary {
  readonly #options: OrderPrimaryOptions;
  readonly #queue: OrderQueue;
  readonly #pacer: Pacer;

  constructor(options: OrderPrimaryOptions) {
    this.#options = options;
    const { context, port, timer, instances, headers, punctuality, assignments, log } = options;
    const { parameters, faults } = context;
    this.#pacer = new Pacer(port, timer, parameters.orderBatchDelay);
    this.#queue = new OrderQueue(
      { n: faults.n, entriesMax: parameters.orderEntriesMax, ...parameters },
      {
        next: (instance) => log.next(instance),
        header: (instance, seq) => headers.get(instance, seq),
        certificate: (instance, seq) => instances.of(instance).certificate(seq),
        decided: (instance) => instances.of(instance).decided,
        isSlow: (instance) => punctuality.isSlow(instance),
      },
      assignments,
    );
  }

  /** The time for collecting is over. */
  expire(): void {
    this.#pacer.expire();
  }

  /** Proposes one O-value, if it is time. What it proposed is accepted at once. */
  propose(): OrderList | null {
    const { context, instances, log } = this.#options;
    const { order } = instances;
    // What a new view proposes again comes first: the forecast rests on it (dqbft.md 6).
    if (!order.mayPropose || log.accepted < order.nextSlot - 1) return null;
    const available = this.#queue.available();
    const idle = order.decided >= order.nextSlot - 1;
    const full = available >= context.parameters.orderEntriesMax;
    if (!this.#pacer.ready({ count: available, full, idle })) return null;
    this.#pacer.proposed(available);
    const { entries, evidence } = this.#queue.take();
    const value = encodeOrderValue(entries, context.hash);
    const seq = order.propose(value, evidence);
    const list = orderListOf(value);
    log.accept(seq, list);
    return list;
  }
}
