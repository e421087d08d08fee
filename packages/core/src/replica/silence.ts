import type { ReplicaId } from "../kernel/ids.ts";

/**
 * Notices who has sent no status for two whole periods, and says so in a set of silent replicas that others add to and take from.
 * So whoever has stopped is noticed once, by the clock, and not by each part of the protocol that waits for it in vain.
 */
export class Silence {
  readonly #peers: readonly ReplicaId[];
  readonly #silent: Set<ReplicaId>;
  /** Who is in the set by our word: whom others have put there, a status does not take out. */
  readonly #ours = new Set<ReplicaId>();
  /** In this period and in the one before, which at the start counts as heard. */
  #heard = new Set<ReplicaId>();
  #heardBefore: Set<ReplicaId>;

  constructor(peers: readonly ReplicaId[], silent: Set<ReplicaId>) {
    this.#peers = peers;
    this.#silent = silent;
    this.#heardBefore = new Set(peers);
  }

  onStatus(from: ReplicaId): void {
    this.#heard.add(from);
    if (this.#ours.delete(from)) this.#silent.delete(from);
  }

  /** A period is over. */
  renew(): void {
    for (const peer of this.#peers) {
      if (this.#heard.has(peer) || this.#heardBefore.has(peer) || this.#silent.has(peer)) continue;
      this.#silent.add(peer);
      this.#ours.add(peer);
    }
    this.#heardBefore = this.#heard;
    this.#heard = new Set();
  }
}
