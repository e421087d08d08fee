import type { Port } from "../effects/port.ts";
import type { ReplicaId, SequenceNumber } from "../kernel/ids.ts";
import type { Orderer } from "../ordering/orderer.ts";
import { type Message, MessageKind, Status } from "../wire/messages.ts";
import type { Checkpoints } from "./checkpoints.ts";

/** Pulls that one peer may send in one status period: each costs at most about a MiB of answers. */
const PULLS_MAX = 256;

/** Tells peers now and then how far we are, and learns from them what we miss (dqbft.md 8, Status). */
export class StatusExchange {
  readonly #port: Port;
  readonly #orderer: Orderer;
  readonly #checkpoints: Checkpoints;
  readonly #pulls = new Map<ReplicaId, number>();
  #furthest: SequenceNumber = 0;

  constructor(port: Port, orderer: Orderer, checkpoints: Checkpoints) {
    this.#port = port;
    this.#orderer = orderer;
    this.#checkpoints = checkpoints;
  }

  /** Slots by which some peer says it is ahead. */
  get lag(): number {
    return Math.max(0, this.#furthest - this.#orderer.executed);
  }

  /** Another status period begins: what peers said and asked for is counted anew. */
  renew(): void {
    this.#pulls.clear();
    this.#furthest = 0;
  }

  announce(): void {
    const { executed } = this.#orderer;
    const stable = this.#checkpoints.proof?.seq ?? 0;
    this.#port.broadcast(new Status({ executed, stable, decided: this.#orderer.decided() }));
  }

  onStatus(from: ReplicaId, status: Status): void {
    this.#furthest = Math.max(this.#furthest, status.executed);
    const { proof } = this.#checkpoints;
    if (proof !== null && status.stable < proof.seq) this.#port.send(from, proof);
    this.#orderer.pursue(status);
  }

  /** Whether a peer may have this message handled: pulls are answered with far more than they cost. */
  allows(from: ReplicaId, message: Message): boolean {
    if (message.kind !== MessageKind.Pull) return true;
    const pulls = (this.#pulls.get(from) ?? 0) + 1;
    this.#pulls.set(from, pulls);
    return pulls <= PULLS_MAX;
  }
}
