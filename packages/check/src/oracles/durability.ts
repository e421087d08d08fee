import type { Effect } from "@destiny/core/effects/effects";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { Observer } from "../stage/observer.ts";
import { demand } from "./violation.ts";

/** How far a replica's disk is. */
export interface DiskPosition {
  barrier(): number;
  readonly durablePosition: number;
}

/** S9, the driver's half: nothing that follows a `persist` leaves before that record is durable. */
export class Durability implements Observer {
  readonly #disk: (replica: ReplicaId) => DiskPosition;
  /** By effect that waits: what must be durable first. */
  readonly #required = new WeakMap<Effect, number>();
  readonly #persisted = new Map<ReplicaId, number>();

  constructor(disk: (replica: ReplicaId) => DiskPosition) {
    this.#disk = disk;
  }

  asked(replica: ReplicaId, effect: Effect): void {
    // It is appended right after this, as the next write.
    if (effect.type === "persist") this.#persisted.set(replica, this.#disk(replica).barrier() + 1);
    else this.#required.set(effect, this.#persisted.get(replica) ?? 0);
  }

  left(replica: ReplicaId, effect: Effect): void {
    const required = this.#required.get(effect) ?? 0;
    demand(
      required <= this.#disk(replica).durablePosition,
      "S9 trusted counter",
      () => `replica ${replica}: ${effect.type} leaves before what it follows is durable`,
    );
  }

  /** What a crash lost is lost for good: nothing waits for it. */
  crashed(replica: ReplicaId): void {
    this.#persisted.delete(replica);
  }
}
