import type { Port } from "../../effects/port.ts";
import type { Micros, ReplicaId, SequenceNumber, TimerId } from "../../kernel/ids.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import { HeaderRelay } from "../../wire/composition.ts";
import { type Proposal, Pull } from "../../wire/messages.ts";
import { chosenFor, seedOf } from "../passing-on.ts";
import type { Headers } from "./headers.ts";
import type { InstanceTable } from "./instances.ts";
import type { OrderLog } from "./order-log.ts";

export interface RelaysOptions {
  readonly self: ReplicaId;
  readonly n: number;
  readonly port: Port;
  readonly timer: TimerId;
  /** How long a slot has to be decided and ordered before its header is passed on; and then between two times. */
  readonly delay: Micros;
  /** Replicas that each replica passes a header on to: `r`. */
  readonly fanout: number;
  readonly headers: Headers;
  readonly instances: InstanceTable;
  readonly log: OrderLog;
  /** Whether this D-instance's protocol answers a Pull. */
  readonly answersPulls: boolean;
  /** A slot of this D-instance is decided and was not ordered for the time of a delay. */
  readonly unordered: (instance: ReplicaId) => void;
}

/** Headers that one tick passes on, the lowest slots of each D-instance first. */
const RELAYS_PER_TICK = 64;
/** Relays of one peer that are looked into between two ticks: each header may come twice, and its ticks are not ours. */
const ADMITTED_PER_TICK: number = 4 * RELAYS_PER_TICK;

/**
 * Passes headers of D-proposals on (DQBFT 3.2.4, 3.2.5 case 2; dqbft.md 7): to a few replicas, so that all come to know what only
 * some were shown; and to the O-primary, again and again until it orders them. A header shows what there is; its batch is pulled
 * from who passed it on.
 *
 * Deviation: only for slots that are late, so that nothing is passed on where nobody is at fault. It never matters for
 * correctness: evidence is embedded in O-proposals, and what is missing is pulled (dqbft.md 7).
 */
export class Relays {
  readonly #options: RelaysOptions;
  #timing = false;
  /** By D-instance: the highest slot known when the present tick began, so that what came later is not late yet. */
  readonly #horizon: SequenceNumber[];
  /** By D-instance: headers up to this slot were passed on to a few. */
  readonly #flooded: SequenceNumber[];
  /** By D-instance: batches up to this slot were asked for since the last tick. */
  readonly #asked = new Map<ReplicaId, SequenceNumber>();
  /** By peer: relays since the last tick that were worth a look. */
  readonly #admitted = new Map<ReplicaId, number>();
  /** By D-instance: its next slot to be ordered, if that was decided at the last tick; else 0. */
  readonly #waiting: SequenceNumber[];

  constructor(options: RelaysOptions) {
    this.#options = options;
    this.#horizon = new Array<SequenceNumber>(options.n).fill(0);
    this.#flooded = [...this.#horizon];
    this.#waiting = [...this.#horizon];
  }

  /** A header is here, or a decision: it should come to be decided and ordered. */
  onSlot(): void {
    this.#time();
  }

  /** A D-instance has left its view: its headers are void. */
  onLeft(instance: ReplicaId): void {
    this.#flooded[instance] = 0;
    this.#horizon[instance] = 0;
  }

  /** Whether a relay is worth the check of its signatures: it may tell something new, and its peer sends no more than one should. */
  admits(from: ReplicaId, relay: HeaderRelay): boolean {
    const { n, port } = this.#options;
    if (relay.instance < n && !this.#isNews(relay)) return false;
    const count = (this.#admitted.get(from) ?? 0) + 1;
    this.#admitted.set(from, count);
    this.#time();
    if (count === ADMITTED_PER_TICK + 1) port.report(from, Misbehaviour.TooManyRelays);
    return count <= ADMITTED_PER_TICK;
  }

  #isNews({ instance, header }: HeaderRelay): boolean {
    const { known } = this.#options.instances.of(instance);
    return header.seq > Math.max(known, this.#asked.get(instance) ?? 0);
  }

  /** A peer passes on a header: what it belongs to may be had from there. */
  onRelay(from: ReplicaId, relay: HeaderRelay): void {
    if (!this.#isNews(relay)) return;
    const { instances, answersPulls } = this.#options;
    const { instance, header } = relay;
    const { seq } = header;
    const agreement = instances.of(instance);
    this.#asked.set(instance, seq);
    agreement.pursue(seq);
    if (answersPulls) instances.port(instance).send(from, new Pull(seq, seq, true));
    this.#time();
  }

  expire(): void {
    this.#timing = false;
    this.#asked.clear();
    this.#admitted.clear();
    let budget = RELAYS_PER_TICK;
    let any = false;
    for (let instance = 0; instance < this.#options.n; instance += 1) {
      any = this.#lookForUnordered(instance) || any;
      const late = this.#late(instance);
      for (const header of late) {
        any = true;
        if (header.seq > (this.#horizon[instance] ?? 0) || budget <= 0) continue;
        budget -= 1;
        this.#pass(instance, header);
      }
      this.#horizon[instance] = this.#options.instances.of(instance).known;
    }
    if (any) this.#time();
  }

  #lookForUnordered(instance: ReplicaId): boolean {
    const { instances, log, unordered } = this.#options;
    const next = log.next(instance);
    const before = this.#waiting[instance];
    this.#waiting[instance] = instances.of(instance).hasDecided(next) ? next : 0;
    if (this.#waiting[instance] === 0) return false;
    if (before === next) unordered(instance);
    return true;
  }

  /** Headers of slots that are not both decided and ordered. */
  #late(instance: ReplicaId): readonly Proposal[] {
    const { headers, instances, log } = this.#options;
    const { decided } = instances.of(instance);
    return headers.above(instance, Math.min(decided, log.next(instance) - 1));
  }

  #pass(instance: ReplicaId, header: Proposal): void {
    const { self, n, port, fanout, instances, log } = this.#options;
    const { seq, digest } = header;
    const { primary } = instances.order;
    const chosen = chosenFor(seedOf(digest), self, n, fanout);
    if (seq >= log.next(instance) && primary !== self) {
      const ours = instances.of(instance).primary === self;
      if (ours || chosen.includes(primary)) port.send(primary, new HeaderRelay(instance, header));
    }
    if (seq <= (this.#flooded[instance] ?? 0)) return;
    this.#flooded[instance] = seq;
    for (const to of chosen) port.send(to, new HeaderRelay(instance, header));
  }

  #time(): void {
    if (this.#timing) return;
    this.#timing = true;
    this.#options.port.setTimer(this.#options.timer, this.#options.delay);
  }
}
