import type { Digest, ReplicaId, SequenceNumber } from "@destiny/core/kernel/ids";
import { checkpointOf } from "@destiny/core/wire/checkpoint-claim";
import type { Signed } from "@destiny/simulator/trust/trust";
import type { Observer } from "../stage/observer.ts";
import { hex } from "./text.ts";
import { demand } from "./violation.ts";

/** S10: correct replicas sign one digest of the state after a slot. */
export class CheckpointRoots implements Observer {
  readonly #faulty: ReadonlySet<ReplicaId>;
  readonly #roots = new Map<SequenceNumber, Digest>();

  constructor(faulty: ReadonlySet<ReplicaId>) {
    this.#faulty = faulty;
  }

  signed({ replica, claim }: Signed): void {
    const checkpoint = checkpointOf(claim);
    if (checkpoint === null || this.#faulty.has(replica)) return;
    const { seq, root } = checkpoint;
    const known = this.#roots.get(seq) ?? root;
    this.#roots.set(seq, known);
    demand(
      known === root,
      "S10 checkpoint",
      () => `replica ${replica} signs state ${hex(root)} after slot ${seq}, others ${hex(known)}`,
    );
  }
}
