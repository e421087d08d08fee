import type { Digest, ReplicaId, SequenceNumber } from "@destiny/core/kernel/ids";
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
    if (claim.type !== "checkpoint" || this.#faulty.has(replica)) return;
    const known = this.#roots.get(claim.seq) ?? claim.root;
    this.#roots.set(claim.seq, known);
    demand(
      known === claim.root,
      "S10 checkpoint",
      () => `replica ${replica} signs state ${hex(claim.root)} after slot ${claim.seq}, others ${hex(known)}`,
    );
  }
}
