import type { ReplicaId, SequenceNumber } from "@destiny/core/kernel/ids";
import type { Delivery, OrdererContext, OrderingProtocol } from "@destiny/core/ordering/orderer";
import type { AssignRequest } from "@destiny/core/wire/messages";

/** Descriptions kept: one is enough to fail a run, a few help to see why. */
const FOUND_MAX = 20;
/** Entries after which it is time to look what nobody needs any more. */
const FORGET_EVERY = 8_192;

/**
 * The safety oracle of the evaluation: what replicas execute, batches and moves of clients, are prefixes of one sequence. The
 * window over which it remembers what has been executed starts where the slowest live replica is.
 */
export class OneOrder {
  readonly violations: string[] = [];
  /** Whether every replica coordinates clients of its own. Known once replicas have started. */
  multiPrimary = false;
  /** What was executed, from place `first` on. */
  readonly #entries: string[] = [];
  readonly #cursors: Float64Array;
  readonly #live: Set<ReplicaId>;
  #first = 0;

  constructor(n: number) {
    this.#cursors = new Float64Array(n);
    this.#live = new Set(Array.from({ length: n }, (_, replica) => replica));
  }

  /** Entries that some replica has executed. */
  get length(): number {
    return this.#first + this.#entries.length;
  }

  /** It executes nothing any more. */
  crashed(replica: ReplicaId): void {
    this.#live.delete(replica);
  }

  /** The same ordering, under this oracle. */
  watch(ordering: OrderingProtocol): OrderingProtocol {
    return {
      name: ordering.name,
      create: (context) => {
        const { sequel: _, ...rest } = context;
        const orderer = ordering.create({ sequel: this.#watched(context), ...rest });
        this.multiPrimary = orderer.soleCoordinator === null;
        return orderer;
      },
    };
  }

  #watched({ self, sequel }: OrdererContext): OrdererContext["sequel"] {
    // Everything else, getters too, is the sequel's own.
    const watched: OrdererContext["sequel"] = Object.create(sequel);
    return Object.assign(watched, {
      execute: (delivery: Delivery) => {
        this.#execute(self, delivery.value.digest, delivery.seq);
        sequel.execute(delivery);
      },
      assign: (request: AssignRequest) => {
        this.#execute(self, request.client, request.nonce);
        sequel.assign(request);
      },
    });
  }

  #execute(replica: ReplicaId, what: string, seq: SequenceNumber): void {
    const cursor = this.#cursors[replica] as number;
    this.#cursors[replica] = cursor + 1;
    const known = this.#entries[cursor - this.#first];
    if (known === undefined) {
      this.#entries.push(what);
      if (this.#entries.length % FORGET_EVERY === 0) this.#forget();
    } else if (known !== what && this.violations.length < FOUND_MAX) {
      this.violations.push(`replica ${replica} executed another entry ${cursor} than others, in slot ${seq}`);
    }
  }

  /** What all live replicas have executed. */
  #forget(): void {
    let least = this.length;
    for (const replica of this.#live) least = Math.min(least, this.#cursors[replica] as number);
    this.#entries.splice(0, least - this.#first);
    this.#first = Math.max(this.#first, least);
  }
}
