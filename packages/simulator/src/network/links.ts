import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { invariant, present } from "@destiny/core/kernel/invariant";
import type { Random } from "@destiny/core/kernel/random";
import type { Instant } from "../machine/machine.ts";
import type { Address } from "./latency.ts";
import type { Traffic } from "./traffic.ts";
import type { Wan } from "./wan.ts";

/** By how much single delays differ from what the matrix says. */
export interface Jitter {
  /** Each pair of replicas is by up to this share of its delay further apart than its regions, or nearer, for ever. */
  readonly pairShare: number;
  /** Each message takes up to this share longer; none overtakes another one of its link. */
  readonly messageShare: number;
}

export interface LinksOptions {
  readonly n: number;
  readonly wan: Wan;
  readonly random: Random;
  /** Whether links and interfaces have rates; else everything is there as soon as the distance allows. */
  readonly rates: boolean;
  readonly jitter: Jitter | null;
  /** Probability with which a message between replicas is lost. */
  readonly loss: number;
  readonly traffic: Traffic | null;
}

/** Of something that never arrives. */
export const NEVER: Micros = Number.POSITIVE_INFINITY;
const BITS = 8;

/**
 * When what is sent arrives: distances, jitter, rates of links and of network interfaces with a queue in front of each, laggards,
 * partitions. Replicas go round the regions of the WAN: replica 0 is in the first one.
 *
 * A message leaves bit by bit, and is not stored on its way: it has left the interface when its last bit has, no link slows it
 * down that is no slower than what is before it, and its bits queue once at each bottleneck. An interface sends copies of one
 * broadcast one after the other, beginning with the sender's next neighbour by id: whose copies come first differs by sender, as
 * with connections that are served in turn.
 */
export class Links {
  readonly n: number;
  readonly #wan: Wan;
  readonly #random: Random;
  readonly #loss: number;
  readonly #messageJitter: number;
  readonly #traffic: Traffic | null;
  /** By replica: region; microseconds that it lags; when its interface is free again, out and in. */
  readonly #regions: Uint8Array;
  readonly #regionCount: number;
  readonly #lags: Float64Array;
  readonly #egressFree: Float64Array;
  readonly #ingressFree: Float64Array;
  /** By pair of replicas, `from * n + to`: distance; when the link is free again; when the last message arrives. */
  readonly #delays: Int32Array;
  readonly #linkFree: Float64Array;
  readonly #lastArrival: Float64Array;
  /** Microseconds for a byte: of links by region and region, and of interfaces. 0 without rates. */
  readonly #linkCost: Float64Array;
  readonly #interfaceCost: number;
  /** By client, from address n on: region. */
  readonly #clientRegions: number[] = [];
  /** By replica, the group in which it hears others; null if there is no partition. */
  #groups: Uint8Array | null = null;

  constructor({ n, wan, random, rates, jitter, loss, traffic }: LinksOptions) {
    const { regions } = wan;
    this.n = n;
    this.#wan = wan;
    this.#random = random;
    this.#loss = loss;
    this.#messageJitter = jitter?.messageShare ?? 0;
    this.#traffic = traffic;
    this.#regions = Uint8Array.from({ length: n }, (_, replica) => replica % regions.length);
    this.#regionCount = regions.length;
    this.#lags = new Float64Array(n);
    this.#egressFree = new Float64Array(n);
    this.#ingressFree = new Float64Array(n);
    this.#linkFree = new Float64Array(n * n);
    this.#lastArrival = new Float64Array(n * n).fill(-1);
    this.#linkCost = Float64Array.from(wan.rates.flat(), (rate) =>
      rates ? BITS / Math.min(rate, wan.interfaceRate) : 0,
    );
    this.#interfaceCost = rates ? BITS / wan.interfaceRate : 0;
    this.#delays = this.#distances(jitter?.pairShare ?? 0);
  }

  get regions(): readonly string[] {
    return this.#wan.regions;
  }

  /** The region of a replica, or of a client that was {@link placeClient placed}; as an index. */
  regionOf(address: Address): number {
    const region = address < this.n ? this.#regions[address] : this.#clientRegions[address - this.n];
    return present(region, "a party that has a place");
  }

  placeClient(address: Address, region: number): void {
    invariant(address >= this.n && region < this.regions.length, "a client, and a region that there is");
    this.#clientRegions[address - this.n] = region;
  }

  /** Everything that a replica sends and receives from now on takes so much longer. */
  lag(replica: ReplicaId, delay: Micros): void {
    this.#lags[replica] = delay;
  }

  /** What is sent from one group to another is lost from now on. Who is in none hears nobody; null ends it. */
  partition(groups: readonly (readonly ReplicaId[])[] | null): void {
    if (groups === null) {
      this.#groups = null;
      return;
    }
    const alone = groups.length + 1;
    this.#groups = new Uint8Array(this.n).fill(alone);
    for (const [index, group] of groups.entries()) for (const each of group) this.#groups[each] = index;
  }

  /** Microseconds from one replica to another, without any queue or lag. */
  distance(from: ReplicaId, to: ReplicaId): Micros {
    return this.#delays[from * this.n + to] as number;
  }

  /** Mb/s of a link, for who wants to know how busy it is. */
  rate(from: ReplicaId, to: ReplicaId): number {
    return present(this.#wan.rates[this.regionOf(from)]?.[this.regionOf(to)], "a square matrix");
  }

  get interfaceRate(): number {
    return this.#wan.interfaceRate;
  }

  /** When one message that is ready to leave at an instant arrives; {@link NEVER} if it is lost. */
  unicast(from: Address, to: Address, bytes: number, at: Instant): Micros {
    const { n } = this;
    if (from >= n || to >= n) return this.#toOrFromClient(from, to, bytes, at);
    const first = Math.max(at, this.#egressFree[from] as number);
    const left = first + bytes * this.#interfaceCost;
    this.#egressFree[from] = left;
    this.#traffic?.onEgress(from, bytes, first - at, { from: first, to: left });
    return this.#cross(from, to, bytes, first);
  }

  /**
   * The same of a message to all others, by receiver into `arrivals`; what stands there for the sender itself means nothing.
   */
  broadcast(from: ReplicaId, bytes: number, at: Instant, arrivals: Float64Array): void {
    const { n } = this;
    const step = bytes * this.#interfaceCost;
    const first = Math.max(at, this.#egressFree[from] as number);
    let start = first;
    for (let to = from + 1; to < n; to += 1) {
      arrivals[to] = this.#cross(from, to, bytes, start);
      start += step;
    }
    for (let to = 0; to < from; to += 1) {
      arrivals[to] = this.#cross(from, to, bytes, start);
      start += step;
    }
    this.#egressFree[from] = start;
    const copies = n - 1;
    const wait = copies * (first - at + ((copies - 1) / 2) * step);
    this.#traffic?.onEgress(from, copies * bytes, wait, { from: first, to: start });
  }

  /** A message's last bit comes to a replica. When it is through its network interface: `now`, unless others are before it. */
  ingress(to: ReplicaId, bytes: number, now: Micros): Instant {
    const done = Math.max(now, (this.#ingressFree[to] as number) + bytes * this.#interfaceCost);
    this.#ingressFree[to] = done;
    this.#traffic?.onIngress(to, bytes, done - now);
    return done;
  }

  /** From the interface of one replica to that of another. */
  #cross(from: ReplicaId, to: ReplicaId, bytes: number, start: Instant): Micros {
    if (this.#isLost(from, to)) return NEVER;
    const pair = from * this.n + to;
    const link = (this.#regions[from] as number) * this.#regionCount + (this.#regions[to] as number);
    const first = Math.max(start, this.#linkFree[pair] as number);
    const sent = first + bytes * (this.#linkCost[link] as number);
    this.#linkFree[pair] = sent;
    this.#traffic?.onLink(from, to, bytes, first - start);
    const lag = (this.#lags[from] as number) + (this.#lags[to] as number);
    let delay = this.#delays[pair] as number;
    if (this.#messageJitter > 0) delay *= 1 + this.#messageJitter * (this.#random.next() / 2 ** 32);
    const arrival = Math.max(Math.floor(sent + delay + lag), (this.#lastArrival[pair] as number) + 1);
    this.#lastArrival[pair] = arrival;
    return arrival;
  }

  #isLost(from: ReplicaId, to: ReplicaId): boolean {
    const groups = this.#groups;
    if (groups !== null && groups[from] !== groups[to]) return true;
    return this.#loss > 0 && this.#random.chance(this.#loss);
  }

  /** Clients have as much bandwidth as they want; replicas have not. */
  #toOrFromClient(from: Address, to: Address, bytes: number, at: Instant): Micros {
    const [row, column] = [this.regionOf(from), this.regionOf(to)];
    const distance = present(this.#wan.delays[row]?.[column], "a square matrix");
    if (from >= this.n) return Math.floor(at + distance + (this.#lags[to] as number));
    const first = Math.max(at, this.#egressFree[from] as number);
    const sent = first + bytes * this.#interfaceCost;
    this.#egressFree[from] = sent;
    this.#traffic?.onEgress(from, bytes, first - at, { from: first, to: sent });
    return Math.floor(sent + distance + (this.#lags[from] as number));
  }

  #distances(pairShare: number): Int32Array {
    const { n } = this;
    const delays = new Int32Array(n * n);
    for (let from = 0; from < n; from += 1) {
      for (let to = 0; to < n; to += 1) {
        const distance = this.#wan.delays[this.#regions[from] as number]?.[this.#regions[to] as number] ?? 0;
        const off = pairShare === 0 ? 0 : pairShare * (this.#random.next() / 2 ** 31 - 1);
        delays[from * n + to] = Math.round(distance * (1 + off));
      }
    }
    return delays;
  }
}
