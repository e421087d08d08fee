import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import { type Engine, type Fleet, Occurrence } from "../engine/engine.ts";
import type { Instant } from "../machine/machine.ts";
import type { Address } from "./latency.ts";
import { type Links, NEVER } from "./links.ts";
import type { Deliver, Shipment, Way } from "./shipment.ts";

/** From here on copies of one message leave, and so arrive, in an order of their own. */
const LARGE_BYTES = 4_096;

/** Through the interface at a time. */
interface Waiting {
  readonly at: Micros;
  readonly shipment: Shipment;
  readonly from: Address;
}

/** What queues in front of one replica's network interface. */
class Queue extends Occurrence {
  readonly #deliver: Deliver;
  readonly #engine: Engine;
  readonly #to: ReplicaId;
  readonly #waiting: Waiting[] = [];
  #taken = 0;
  isEmpty = true;

  constructor(engine: Engine, to: ReplicaId, deliver: Deliver) {
    super();
    this.#engine = engine;
    this.#to = to;
    this.#deliver = deliver;
  }

  push(waiting: Waiting): void {
    if (this.isEmpty) this.#engine.schedule(waiting.at, this);
    this.isEmpty = false;
    this.#waiting.push(waiting);
  }

  happen(): void {
    const { shipment, from } = present(this.#waiting[this.#taken], "something that queues");
    this.#taken += 1;
    this.isEmpty = this.#taken === this.#waiting.length;
    if (this.isEmpty) {
      this.#waiting.length = 0;
      this.#taken = 0;
    } else {
      this.#engine.schedule(present(this.#waiting[this.#taken], "the next one").at, this);
      if (this.#taken > 1_024) this.#compact();
    }
    this.#deliver(shipment, from, this.#to);
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
  from: Address = 0;
  to: Address = 0;

  constructor(flights: Flights) {
    super();
    this.#flights = flights;
  }

  happen(): void {
    this.#flights.landSingle(this);
  }
}

/** First capacity, in broadcasts that are under way at once. */
const FLIGHTS = 64;

/** By broadcast that is under way: at which receiver it is next, how many there are, and the sender. */
const HEAD = 4;
const PLACE = 0;
const COUNT = 1;
const FROM = 2;

/**
 * Carries over {@link Links}: one event in the engine for each broadcast that is under way, whatever the number of receivers, and
 * one for each replica at whose interface something queues.
 */
export class Flights implements Fleet {
  readonly #engine: Engine;
  readonly #links: Links;
  readonly #deliver: Deliver;
  readonly #queues: readonly Queue[];
  /** Of broadcasts that are under way, by number; and numbers that are free. */
  readonly #shipments: (Shipment | null)[] = [];
  readonly #hangar: number[] = [];
  /**
   * In one array for all: a landing is a cache miss or two, whose cost is most of that of the landing. By broadcast, {@link HEAD};
   * by broadcast and place, receiver and time since the receiver before, the first since it began.
   */
  #heads: Int32Array = new Int32Array(FLIGHTS * HEAD);
  #legs: Int32Array;
  readonly #stride: number;
  #touched = 0;
  /** Of the broadcast that begins: by place, how long after now, and at whom. */
  readonly #offsets: Float64Array;
  readonly #receivers: Uint16Array;
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
    this.#stride = 2 * (links.n - 1);
    this.#legs = new Int32Array(FLIGHTS * this.#stride);
    this.#offsets = new Float64Array(links.n - 1);
    this.#receivers = new Uint16Array(links.n - 1);
    engine.launch(this);
  }

  /** To one, when it is ready to leave at an instant that is not in the past. */
  send(shipment: Shipment, { from, to }: Way, at: Instant): void {
    const arrival = this.#links.unicast(from, to, shipment.bytes, at);
    if (arrival === NEVER) return;
    const single = this.#singles.pop() ?? new Single(this);
    single.shipment = shipment;
    single.from = from;
    single.to = to;
    this.#engine.schedule(arrival, single);
  }

  /** To all other replicas. */
  broadcast(shipment: Shipment, from: ReplicaId, at: Instant): void {
    const { bytes } = shipment;
    this.#links.broadcast(from, bytes, at, this.#arrivals);
    const count = this.#sort(this.#order(from, bytes));
    if (count === 0) return;
    const flight = this.#hangar.pop() ?? this.#build();
    this.#shipments[flight] = shipment;
    this.#heads[flight * HEAD + PLACE] = 0;
    this.#heads[flight * HEAD + COUNT] = count;
    this.#heads[flight * HEAD + FROM] = from;
    let leg = flight * this.#stride;
    let before = 0;
    for (let place = 0; place < count; place += 1) {
      const offset = this.#offsets[place] as number;
      this.#legs[leg] = this.#receivers[place] as number;
      this.#legs[leg + 1] = offset - before;
      before = offset;
      leg += 2;
    }
    this.#engine.scheduleMember(this.#engine.now + (this.#offsets[0] as number), flight);
  }

  /** Brings into the cache what {@link happen} needs. */
  approach(flight: number): void {
    const place = this.#heads[flight * HEAD + PLACE] as number;
    this.#touched ^= this.#legs[flight * this.#stride + 2 * place] as number;
    this.#touched ^= (this.#shipments[flight] as Shipment).bytes;
  }

  /** A broadcast is at its next receiver. */
  happen(flight: number): void {
    const shipment = this.#shipments[flight] as Shipment;
    const head = flight * HEAD;
    const place = this.#heads[head + PLACE] as number;
    const leg = flight * this.#stride + 2 * place;
    const to = this.#legs[leg] as number;
    if (place + 1 < (this.#heads[head + COUNT] as number)) {
      this.#heads[head + PLACE] = place + 1;
      this.#engine.scheduleMember(this.#engine.now + (this.#legs[leg + 3] as number), flight);
    } else {
      this.#shipments[flight] = null;
      this.#hangar.push(flight);
    }
    this.arrive(shipment, this.#heads[head + FROM] as number, to);
  }

  landSingle(single: Single): void {
    const shipment = single.shipment as Shipment;
    single.shipment = null;
    this.#singles.push(single);
    this.arrive(shipment, single.from, single.to);
  }

  /** The last bit has come: handed over once it is through the interface. */
  arrive(shipment: Shipment, from: Address, to: Address): void {
    if (to >= this.#links.n) return this.#deliver(shipment, from, to);
    const { now } = this.#engine;
    const through = Math.floor(this.#links.ingress(to, shipment.bytes, now));
    const queue = this.#queues[to] as Queue;
    if (through > now || !queue.isEmpty) queue.push({ at: through, shipment, from });
    else this.#deliver(shipment, from, to);
  }

  /** Sorts by insertion, in the order of the last time: it is almost the order of this time too. How many arrive. */
  #sort(order: Uint16Array): number {
    const offsets = this.#offsets;
    const receivers = this.#receivers;
    const { now } = this.#engine;
    let count = 0;
    for (const to of order) {
      const arrival = this.#arrivals[to] as number;
      if (arrival === NEVER) continue;
      const offset = arrival - now;
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
    if (count === order.length) order.set(receivers);
    return count;
  }

  #build(): number {
    const flight = this.#shipments.length;
    if ((flight + 1) * HEAD > this.#heads.length) {
      this.#heads = grown(this.#heads);
      this.#legs = grown(this.#legs);
    }
    return flight;
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

function grown(numbers: Int32Array): Int32Array {
  const twice = new Int32Array(2 * numbers.length);
  twice.set(numbers);
  return twice;
}
