import type { Port } from "../effects/port.ts";
import type { ReplicaId, SequenceNumber } from "../kernel/ids.ts";
import type { Orderer } from "../ordering/orderer.ts";
import { type Message, MessageKind, Status } from "../wire/messages.ts";
import type { Anchors } from "./anchors.ts";
import type { Silence } from "./silence.ts";

/** Pulls that one peer may send in one status period, at least: each costs at most about a MiB of answers. */
const PULLS_MIN = 256;
/** And for each instance, where there are many: a peer that comes back is behind in all of them at once. */
const PULLS_PER_INSTANCE = 32;

/** What is answered with far more than it costs to ask. */
const ASKING_KINDS: readonly MessageKind[] = [
  MessageKind.Pull,
  MessageKind.PbftStatus,
  MessageKind.FetchBodies,
  MessageKind.FetchNewView,
];

/** Tells peers now and then how far we are, and learns from them what we miss (dqbft.md 8, Status). */
export class StatusExchange {
  readonly #port: Port;
  readonly #orderer: Orderer;
  readonly #anchors: Anchors;
  readonly #silence: Silence;
  readonly #pulls = new Map<ReplicaId, number>();
  #furthest: SequenceNumber = 0;
  /** Null until first needed: the orderer is being made while this is. */
  #pullsMax: number | null = null;

  constructor(port: Port, orderer: Orderer, anchors: Anchors, silence: Silence) {
    this.#port = port;
    this.#orderer = orderer;
    this.#anchors = anchors;
    this.#silence = silence;
  }

  /** Slots by which some peer says it is ahead. */
  get lag(): number {
    return Math.max(0, this.#furthest - this.#orderer.executed);
  }

  /** Another status period begins: what peers said and asked for is counted anew. */
  renew(): void {
    this.#silence.renew();
    this.#pulls.clear();
    this.#furthest = 0;
  }

  announce(): void {
    const { executed } = this.#orderer;
    const { stable } = this.#anchors;
    const [decided, views] = [this.#orderer.decided(), this.#orderer.views()];
    this.#port.broadcast(new Status({ executed, stable, decided, views }));
  }

  onStatus(from: ReplicaId, status: Status): void {
    this.#silence.onStatus(from);
    this.#furthest = Math.max(this.#furthest, status.executed);
    const { newest } = this.#anchors;
    if (newest !== null && status.stable < newest.seq) this.#port.send(from, newest);
    this.#orderer.pursue(from, status);
  }

  /** Whether a peer may have this message handled now. */
  allows(from: ReplicaId, message: Message): boolean {
    if (!ASKING_KINDS.includes(message.kind)) return true;
    const pulls = (this.#pulls.get(from) ?? 0) + 1;
    this.#pulls.set(from, pulls);
    this.#pullsMax ??= Math.max(PULLS_MIN, PULLS_PER_INSTANCE * this.#orderer.decided().length);
    return pulls <= this.#pullsMax;
  }
}
