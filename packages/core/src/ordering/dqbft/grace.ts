import type { Port } from "../../effects/port.ts";
import type { Micros, ReplicaId, TimerId } from "../../kernel/ids.ts";
import { type Evidence, Proposal } from "../../wire/messages.ts";
import type { InstanceTable } from "./instances.ts";

export interface GraceOptions {
  readonly port: Port;
  readonly timer: TimerId;
  readonly delay: Micros;
  readonly instances: InstanceTable;
  /** Shows the O-primary that a D-instance has entered a view. */
  readonly show: (instance: ReplicaId) => void;
  /** Accuses the primary of this view of an instance of what no correct one does. */
  readonly accuse: (instance: number, view: number) => void;
}

/**
 * Looks at the headers that the O-primary gives as evidence (dqbft.md 4.3). One that belies its own view's NewView accuses the
 * D-primary that certified it, never the O-primary. One of a view that has ended is voted for at once (H3); but who goes on
 * using such headers after a period of grace is accused.
 */
export class Grace {
  readonly #options: GraceOptions;
  /** D-instances of which stale headers were seen: whether the period of grace is over. */
  readonly #stale = new Map<ReplicaId, "shown" | "waiting" | "over">();
  #timing = false;

  constructor(options: GraceOptions) {
    this.#options = options;
  }

  onJudged(evidence: readonly Evidence[]): void {
    for (const { instance, message } of evidence) {
      if (message instanceof Proposal) this.#look(instance, message);
    }
  }

  /** An instance has entered a view: what was stale is a matter of the past. */
  onEntered(instance: number): void {
    if (instance === this.#options.instances.orderInstance) this.#stale.clear();
    else this.#stale.delete(instance);
  }

  expire(): void {
    this.#timing = false;
    // Whoever came while the timer ran has not had all of its time: that takes one more round.
    for (const [instance, state] of this.#stale) {
      this.#stale.set(instance, state === "shown" ? "waiting" : "over");
    }
    if ([...this.#stale.values()].includes("waiting")) this.#time();
  }

  #look(instance: ReplicaId, header: Proposal): void {
    const { instances, accuse, show } = this.#options;
    const { standing } = instances.of(instance);
    if (header.view === standing.view && header.extension !== standing.extension) {
      return accuse(instance, header.view);
    }
    if (header.view >= standing.view) return;
    const state = this.#stale.get(instance);
    if (state === "over") return accuse(instances.orderInstance, instances.order.view);
    if (state !== undefined) return;
    show(instance);
    this.#stale.set(instance, this.#timing ? "shown" : "waiting");
    this.#time();
  }

  #time(): void {
    if (this.#timing) return;
    this.#timing = true;
    this.#options.port.setTimer(this.#options.timer, this.#options.delay);
  }
}
