import type { Port } from "../../effects/port.ts";
import type { FaultModel } from "../../kernel/fault-model.ts";
import type { ReplicaId, SequenceNumber } from "../../kernel/ids.ts";
import type { Anchor } from "../../wire/anchor.ts";
import { noop } from "../../wire/batch.ts";
import { Need } from "../../wire/composition.ts";
import type { Hash } from "../../wire/value.ts";
import type { InstanceTable } from "./instances.ts";
import type { OrderLog } from "./order-log.ts";

export interface FillOptions {
  readonly self: ReplicaId;
  readonly faults: FaultModel;
  readonly hash: Hash;
  readonly port: Port;
  /** Of the replica layer, which takes anchors. */
  readonly rootPort: Port;
  readonly instances: InstanceTable;
  readonly log: OrderLog;
  /** Slots of a D-instance between its watermarks. */
  readonly window: number;
}

/**
 * Slots that are ordered and that nobody proposed must come to be decided all the same (dqbft.md 4.5, H2): the primary of the
 * D-instance, home or substitute, proposes the no-op there. It acts on its own decided O-log; a Need only brings that up to date.
 */
export class Fill {
  readonly #options: FillOptions;
  /** D-instances whose primary this replica is, in its view. */
  readonly #led = new Set<ReplicaId>();
  /** By D-instance: up to which slot each replica says that it is ordered. */
  readonly #claims = new Map<ReplicaId, Map<ReplicaId, SequenceNumber>>();
  #anchor: Anchor | null = null;

  constructor(options: FillOptions) {
    this.#options = options;
    this.#led.add(options.self);
  }

  /** The newest stable checkpoint that is known: what is below it cannot be had otherwise any more. */
  onAnchor(anchor: Anchor): void {
    if (anchor.seq > (this.#anchor?.seq ?? 0)) this.#anchor = anchor;
  }

  /** A D-instance has entered a view, or left one. */
  onView(instance: ReplicaId): void {
    const { active, primary } = this.#options.instances.of(instance);
    if (active && primary === this.#options.self) this.#led.add(instance);
    else this.#led.delete(instance);
    this.#claims.delete(instance);
  }

  /** Proposes what is owed. */
  run(): void {
    for (const instance of this.#led) {
      const agreement = this.#options.instances.of(instance);
      const last = Math.max(this.#options.log.owed(instance), this.#claimed(instance));
      while (agreement.mayPropose && agreement.nextSlot <= last) {
        agreement.propose(noop(this.#options.hash), []);
      }
    }
  }

  /** Tells the primary that a slot of its D-instance is waited for. */
  ask(instance: ReplicaId): void {
    const { port, instances, log, self } = this.#options;
    const { primary, decided } = instances.of(instance);
    const seq = log.owed(instance);
    if (primary === self || seq <= decided) return;
    port.send(primary, new Need({ instance, seq, ordered: log.decided }));
  }

  onNeed(from: ReplicaId, { instance, seq, ordered }: Need): void {
    const { instances, faults, self, log, rootPort } = this.#options;
    if (instance >= faults.n) return;
    const { low, primary, active } = instances.of(instance);
    if (seq <= low) {
      if (this.#anchor !== null) rootPort.send(from, this.#anchor);
      return;
    }
    if (primary !== self || !active) return;
    if (ordered > log.decided) instances.order.pursue(ordered);
    const claims = this.#claims.get(instance) ?? new Map<ReplicaId, SequenceNumber>();
    this.#claims.set(instance, claims.set(from, Math.max(seq, claims.get(from) ?? 0)));
  }

  /** What at least one correct replica says: it counts as ordered (dqbft.md 4.5), up to the end of the window. */
  #claimed(instance: ReplicaId): SequenceNumber {
    const claims = this.#claims.get(instance);
    if (claims === undefined) return 0;
    const sorted = [...claims.values()].sort((a, b) => b - a);
    const { faults, instances, window } = this.#options;
    return Math.min(sorted[faults.f] ?? 0, instances.of(instance).low + window);
  }
}
