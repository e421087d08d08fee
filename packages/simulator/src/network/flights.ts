import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import { type Engine, Occurrence } from "../engine/engine.ts";
import type { Instant } from "../machine/machine.ts";
import type { Address } from "./latency.ts";
import { type Links, NEVER } from "./links.ts";
import type { Deliver, Shipment } from "./shipment.ts";

/** From here on copies of one message leave, and so arrive, in an order of their own. */
const LARGE_BYTES = 4_096;

/** One broadcast on its way: it happens at every receiver, in the order of arrival, and is one event at a time. */
class Flight extends Occurrence {
  /** By place: when after {@link base}, and at whom. */
  readonly offsets: Int32Array;
  readonly receivers: Uint16Array;
  readonly #flights: Flights;
  shipment: Shipment | null = null;
  base: Micros = 0;
  count = 0;
  place = 0;

  constructor(flights: Flights, size: number) {
    super();
    this.#flights = flights;
    this.offsets = new Int32Array(size);
    this.receivers = new Uint16Array(size);
  }

  happen(): void {
    this.#flights.land(this);
  }
}

/** What queues in front of one replica's network interface. */
class Queue extends Occurrence {
  readonly #deliver: Deliver;
  readonly #engine: Engine;
  readonly #to: ReplicaId;
  readonly #waiting: { readonly at: Micros; readonly shipment: Shipment }[] = [];
  #taken = 0;

  constructor(engine: Engine, to: ReplicaId, deliver: Deliver) {
    super();
    this.#engine = engine;
    this.#to = to;
    this.#deliver = deliver;
  }

  get isEmpty(): boolean {
    return this.#taken === this.#waiting.length;
  }

  push(at: Micros, shipment: Shipment): void {
    if (this.isEmpty) this.#engine.schedule(at, this);
    this.#waiting.push({ at, shipment });
  }

  happen(): void {
    const { shipment } = present(this.#waiting[this.#taken], "something that queues");
    this.#taken += 1;
    if (this.isEmpty) {
      this.#waiting.length = 0;
      this.#taken = 0;
    } else {
      this.#engine.schedule(present(this.#waiting[this.#taken], "the next one").at, this);
      if (this.#taken > 1_024) this.#compact();
    }
    this.#deliver(shipment, this.#to);
  }

  #compact(): void {
    this.#waiting.splice(0, this.#taken);
    this.#taken = 0;
  }
}

/** One message on its way to one receiver; used again once it has arrived. */
class Single extends Occurrence {
  readonly #flights: Flights;
  shipment: Shipment | null = null;
  to: Address = 0;

  constructor(flights: Flights) {
    super();
    this.#flights = flights;
  }

  happen(): void {
    this.#flights.landSingle(this);
  }
}

/**
 * Carries over {@link Links}: one event in the engine for each broadcast that is under way, whatever the number of receivers, and
 * one for each replica at whose interface something queues.
 */
export class Flights {
  readonly #engine: Engine;
  readonly #links: Links;
  readonly #deliver: Deliver;
  readonly #queues: readonly Queue[];
  /** Those that have landed, to be used again. */
  readonly #hangar: Flight[] = [];
  readonly #singles: Single[] = [];
  readonly #arrivals: Float64Array;
  /** By sender, for small and for large messages: receivers in the order in which the last broadcast reached them. */
  readonly #orders: (Uint16Array | undefined)[] = [];

  constructor(engine: Engine, links: Links, deliver: Deliver) {
    this.#engine = engine;
    this.#links = links;
    this.#deliver = deliver;
    this.#queues = Array.from({ length: links.n }, (_, to) => new Queue(engine, to, deliver));
    this.#arrivals = new Float64Array(links.n);
  }

  /** To one, when it is ready to leave at an instant that is not in the past. */
  send(shipment: Shipment, to: Address, at: Instant): void {
    const arrival = this.#links.unicast(shipment.from, to, shipment.bytes, at);
    if (arrival === NEVER) return;
    const single = this.#singles.pop() ?? new Single(this);
    single.shipment = shipment;
    single.to = to;
    this.#engine.schedule(arrival, single);
  }

  /** To all other replicas. */
  broadcast(shipment: Shipment, at: Instant): void {
    const { from, bytes } = shipment;
    this.#links.broadcast(from, bytes, at, this.#arrivals);
    const flight = this.#hangar.pop() ?? new Flight(this, this.#links.n - 1);
    flight.shipment = shipment;
    flight.base = this.#engine.now;
    flight.place = 0;
    this.#sort(flight, this.#order(from, bytes));
    if (flight.count > 0) this.#engine.schedule(flight.base + (flight.offsets[0] as number), flight);
    else this.#hangar.push(flight);
  }

  /** At the next receiver of a broadcast. */
  land(flight: Flight): void {
    const shipment = flight.shipment as Shipment;
    const to = flight.receivers[flight.place] as number;
    flight.place += 1;
    if (flight.place < flight.count) {
      this.#engine.schedule(flight.base + (flight.offsets[flight.place] as number), flight);
    } else {
      flight.shipment = null;
      this.#hangar.push(flight);
    }
    this.arrive(shipment, to);
  }

  landSingle(single: Single): void {
    const shipment = single.shipment as Shipment;
    single.shipment = null;
    this.#singles.push(single);
    this.arrive(shipment, single.to);
  }

  /** The last bit has come: handed over once it is through the interface. */
  arrive(shipment: Shipment, to: Address): void {
    if (to >= this.#links.n) return this.#deliver(shipment, to);
    const { now } = this.#engine;
    const through = Math.floor(this.#links.ingress(to, shipment.bytes, now));
    const queue = this.#queues[to] as Queue;
    if (through > now || !queue.isEmpty) queue.push(through, shipment);
    else this.#deliver(shipment, to);
  }

  /** Sorts by insertion, in the order of the last time: it is almost the order of this time too. */
  #sort(flight: Flight, order: Uint16Array): void {
    const { offsets, receivers, base } = flight;
    let count = 0;
    for (const to of order) {
      const arrival = this.#arrivals[to] as number;
      if (arrival === NEVER) continue;
      const offset = arrival - base;
      let place = count;
      while (place > 0 && (offsets[place - 1] as number) > offset) {
        offsets[place] = offsets[place - 1] as number;
        receivers[place] = receivers[place - 1] as number;
        place -= 1;
      }
      offsets[place] = offset;
      receivers[place] = to;
      count += 1;
    }
    flight.count = count;
    if (count === order.length) order.set(receivers);
  }

  #order(from: ReplicaId, bytes: number): Uint16Array {
    const place = from * 2 + (bytes < LARGE_BYTES ? 0 : 1);
    let order = this.#orders[place];
    if (order === undefined) {
      const others = Array.from({ length: this.#links.n }, (_, to) => to).filter((to) => to !== from);
      order = Uint16Array.from(
        others.sort((a, b) => this.#links.distance(from, a) - this.#links.distance(from, b)),
      );
      this.#orders[place] = order;
    }
    return order;
  }
}
