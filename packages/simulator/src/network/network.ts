import type { InstanceId, Micros, ReplicaId } from "@destiny/core/kernel/ids";
import type { Message } from "@destiny/core/wire/messages";
import { type Engine, Occurrence } from "../engine/engine.ts";
import type { Instant } from "../machine/machine.ts";
import type { Ballot, Ballots } from "./ballots.ts";
import { Flights } from "./flights.ts";
import type { Address, LatencyModel } from "./latency.ts";
import { type Links, NEVER } from "./links.ts";
import type { Deliver, Sending, Shipment, Way } from "./shipment.ts";

/** Something on its way. */
export interface Parcel {
  readonly from: Address;
  readonly to: Address;
  /** The instance that it is for; clients' parcels are for the replica itself. */
  readonly instance: InstanceId;
  readonly content: object;
}

/** Says of a parcel, when it is sent, whether a rule applies to it. */
export type ParcelRule = (parcel: Parcel) => boolean;

/** What a rule does to the parcels it applies to. */
export interface RuleHandle {
  /** Applies no more. What a hold kept arrives after all. */
  lift(): void;
}

/** What becomes of one parcel on its way: how much later than the latency says each copy arrives. No copy: it is lost. */
export interface Fate {
  readonly delays: readonly Micros[];
  /** Whether it may overtake parcels sent before it on its link. */
  readonly overtakes: boolean;
}

/** Says what becomes of a parcel; null for nothing out of the ordinary. */
export type Meddler = (parcel: Parcel) => Fate | null;

class Arrival extends Occurrence {
  readonly #shipment: Shipment;
  readonly #from: Address;
  readonly #to: Address;
  readonly #arrive: Deliver;

  constructor(shipment: Shipment, { from, to }: Way, arrive: Deliver) {
    super();
    this.#shipment = shipment;
    this.#from = from;
    this.#to = to;
    this.#arrive = arrive;
  }

  happen(): void {
    this.#arrive(this.#shipment, this.#from, this.#to);
  }
}

export interface NetworkOptions {
  readonly engine: Engine;
  readonly deliver: Deliver;
  /** Replicas; they have the first addresses. */
  readonly n: number;
  /** How long everything takes that is not carried by {@link links}. */
  readonly latency: LatencyModel;
  /** What carries in place of the latency model, if anything does. */
  readonly links?: Links;
  /** Counts votes among all in place of their receivers, as long as nobody wants to see single parcels; nobody does if absent. */
  readonly ballots?: Ballots;
  /** Makes the print of what one replica tells another; shipments have none if absent. */
  readonly printOf?: (instance: InstanceId, content: object) => number;
}

const UNCHANGED = (parcel: Parcel): Parcel => parcel;

/**
 * Links between all parties, each first in, first out unless a meddler says otherwise. Carries objects by reference. As long as
 * nobody wants to see or to change single parcels, links carry broadcasts whole.
 */
export class Network {
  readonly #options: NetworkOptions;
  readonly #flights: Flights | null;
  /** When the last parcel of a link arrives. */
  readonly #lastArrival = new Map<number, Micros>();
  readonly #drops = new Set<ParcelRule>();
  readonly #holds = new Map<ParcelRule, Sent[]>();
  #meddler: Meddler | null = null;
  #transcribe: (parcel: Parcel) => Parcel | null = UNCHANGED;
  readonly #watchers: ((parcel: Parcel) => void)[] = [];

  constructor(options: NetworkOptions) {
    this.#options = options;
    const { engine, links, deliver } = options;
    this.#flights = links === undefined ? null : new Flights(engine, links, deliver);
  }

  /** Is shown every parcel that is sent, the held and the dropped too. */
  watch(watcher: (parcel: Parcel) => void): void {
    this.#watchers.push(watcher);
  }

  /** Loses every parcel that the rule applies to, until lifted. */
  drop(rule: ParcelRule): RuleHandle {
    this.#drops.add(rule);
    return { lift: () => void this.#drops.delete(rule) };
  }

  /** Keeps every parcel that the rule applies to, until lifted. A held parcel lets later ones of its link pass. */
  hold(rule: ParcelRule): RuleHandle {
    this.#holds.set(rule, []);
    const lift = (): void => {
      const held = this.#holds.get(rule) ?? [];
      this.#holds.delete(rule);
      for (const sent of held) this.#pass(sent);
    };
    return { lift };
  }

  /** Asks about every parcel that passes from now on; null leaves them alone again. */
  meddle(meddler: Meddler | null): void {
    this.#meddler = meddler;
  }

  /** Lets every receiver have a parcel of its own, made by this, instead of the sender's object; null: it gets nothing. */
  transcribe(transcribe: (parcel: Parcel) => Parcel | null): void {
    this.#transcribe = transcribe;
  }

  /** Lets a parcel arrive that was sent before: nobody is shown it again, and no rule applies. */
  replay(parcel: Parcel, delay: Micros): void {
    const { engine } = this.#options;
    const own = this.#transcribe(parcel);
    if (own !== null) this.#land(own, 0, engine.now + delay);
  }

  /** Sends something of so many bytes that is ready to leave at an instant, not in the past: now, if none is given. */
  send(parcel: Parcel, bytes = 0, at: Instant = this.#options.engine.now): void {
    if (this.#flights !== null && this.#isPlain) {
      return this.#flights.send(this.#shipment(parcel, bytes, parcel), parcel, at);
    }
    for (const watcher of this.#watchers) watcher(parcel);
    this.#pass({ parcel, bytes, at });
  }

  /** The same to all replicas but the sender, itself a replica. */
  broadcast(from: ReplicaId, sending: Sending, at: Instant = this.#options.engine.now): void {
    if (this.#flights !== null && this.#isPlain) {
      const ballot = this.#options.ballots?.cast(from, sending.instance, sending.content) ?? null;
      return this.#flights.broadcast(this.#shipmentToAll(from, sending, ballot), from, at);
    }
    const { instance, content, bytes } = sending;
    const { n, links } = this.#options;
    // In the order in which links send copies.
    const first = links === undefined ? 0 : from + 1;
    for (let step = 0; step < n; step += 1) {
      const to = (first + step) % n;
      if (to !== from) this.send({ from, to, instance, content }, bytes, at);
    }
  }

  /** Whether nobody wants to see or change single parcels. */
  get #isPlain(): boolean {
    if (this.#meddler !== null || this.#transcribe !== UNCHANGED || this.#watchers.length > 0) return false;
    return this.#drops.size === 0 && this.#holds.size === 0;
  }

  #pass(sent: Sent): void {
    const { parcel } = sent;
    for (const rule of this.#drops) if (rule(parcel)) return;
    for (const [rule, held] of this.#holds) if (rule(parcel)) return void held.push(sent);
    const fate = this.#meddler?.(parcel) ?? null;
    if (fate === null) return this.#carry(sent, 0, false);
    for (const delay of fate.delays) this.#carry(sent, delay, fate.overtakes);
  }

  #carry({ parcel: sent, bytes, at }: Sent, delay: Micros, overtakes: boolean): void {
    const parcel = this.#transcribe(sent);
    if (parcel === null) return;
    const { engine, latency, links } = this.#options;
    const { from, to } = parcel;
    // A hold may be lifted long after a parcel was ready.
    const ready = Math.max(at, engine.now);
    const arrival =
      links === undefined
        ? Math.floor(ready) + latency.micros(from, to)
        : links.unicast(from, to, bytes, ready);
    if (arrival === NEVER) return;
    const soonest = arrival + delay;
    const link = from * 0x1_0000 + to;
    const last = this.#lastArrival.get(link) ?? 0;
    const landing = overtakes ? soonest : Math.max(soonest, last);
    this.#lastArrival.set(link, Math.max(landing, last));
    this.#land(parcel, bytes, landing);
  }

  #land(parcel: Parcel, bytes: number, at: Micros): void {
    const arrive: Deliver =
      this.#flights === null
        ? this.#options.deliver
        : (shipment, from, to) => this.#flights?.arrive(shipment, from, to);
    const shipment = this.#shipment(parcel, bytes, parcel);
    this.#options.engine.schedule(at, new Arrival(shipment, parcel, arrive));
  }

  #shipmentToAll(from: ReplicaId, sending: Sending, ballot: Ballot | null): Shipment {
    const shipment = ballot?.shipment ?? this.#shipment(sending, sending.bytes, { from, to: from }, ballot);
    if (ballot !== null) ballot.shipment = shipment;
    return shipment;
  }

  /** Only what replicas tell each other has a print. */
  #shipment(
    { instance, content }: Omit<Sending, "bytes">,
    bytes: number,
    { from, to }: Way,
    ballot: Ballot | null = null,
  ): Shipment {
    const { n, printOf } = this.#options;
    const print = printOf === undefined || from >= n || to >= n ? null : printOf(instance, content);
    const { kind } = content as Message;
    return { instance, content, bytes, kind, print, ballot };
  }
}

/** A parcel, and how and when it left. */
interface Sent {
  readonly parcel: Parcel;
  readonly bytes: number;
  readonly at: Instant;
}
