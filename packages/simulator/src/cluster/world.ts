import type { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Digest, Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import type { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import { Random } from "@destiny/core/kernel/random";
import type { Reply } from "@destiny/core/wire/reply";
import type { ThreshSign } from "@destiny/crypto/trusted/threshsign";
import { Engine } from "../engine/engine.ts";
import { Trace } from "../engine/trace.ts";
import { type Delays, FixedDelays } from "../machine/fixed-delays.ts";
import type { Instant, MachineFactory } from "../machine/machine.ts";
import { Ballots, voteThresholds } from "../network/ballots.ts";
import { type Address, constantLatency, type LatencyModel } from "../network/latency.ts";
import type { Links } from "../network/links.ts";
import { Network } from "../network/network.ts";
import type { Shipment } from "../network/shipment.ts";
import { type Sizes, WEIGHTLESS } from "../network/sizes.ts";
import { type ClusterTrust, Trust } from "../trust/trust.ts";
import type { CreateDriven } from "./host-surroundings.ts";
import { CLIENT_INSTANCE, type HostTap, ReplicaHost } from "./replica-host.ts";
import type { TimerName } from "./timers.ts";
import { printOf, TraceKind } from "./trace-message.ts";

export interface WorldOptions {
  readonly faults: FaultModel;
  readonly seed: number;
  /** Instances that trusted subsystems certify for. */
  readonly instances: number;
  readonly latency?: (random: Random) => LatencyModel;
  readonly delays?: Partial<Delays>;
  readonly create: CreateDriven;
  /** Whether a timer runs even at rest. */
  readonly isBackground?: (timer: TimerName) => boolean;
  readonly tap?: HostTap;
  /** The cluster's keys; model cryptography if absent. */
  readonly trust?: ClusterTrust;
  /** What carries between parties in place of {@link latency}: distances, rates and queues. */
  readonly links?: (random: Random) => Links;
  /** What everything weighs on links; nothing if absent. */
  readonly sizes?: Sizes;
  /** The machines of replicas, in place of {@link delays}; the disk's counts all the same. */
  readonly machine?: MachineFactory;
  /** Whether replicas wait for their disks; they do if absent. */
  readonly durable?: boolean;
  /**
   * Whether votes that go from all to all are counted in place of their receivers ({@link Ballots}): faster by far in large
   * clusters, for runs over {@link links} without {@link durable} in which replicas do no worse than to crash.
   */
  readonly aggregated?: boolean;
}

/** What may differ from one host to another. */
export interface HostTraits {
  readonly create: CreateDriven;
  readonly tap?: HostTap;
  /** That it has already; a new one of the genesis if absent. */
  readonly subsystem?: ThreshSign;
}

/** What a replica refused, and whose it was. */
export interface Report {
  readonly by: ReplicaId;
  readonly peer: ReplicaId;
  readonly reason: Misbehaviour;
}

/** A party that is no replica. */
export interface Party {
  readonly key: Digest;
  onReply(from: ReplicaId, reply: Reply): void;
}

const DELAYS: Delays = { diskMicros: 100, verifyMicros: 0, certifyMicros: 50, combineMicros: 100 };
const LATENCY: Micros = 10_000;

/** Machines on a network in virtual time. Everything that happens follows from the options, the seed and what is asked. */
export class World {
  readonly engine: Engine = new Engine();
  readonly trace: Trace = new Trace();
  readonly random: Random;
  readonly network: Network;
  readonly trust: ClusterTrust;
  readonly hosts: readonly ReplicaHost[];
  readonly reports: Report[] = [];
  readonly #options: WorldOptions;
  readonly #n: number;
  readonly #sizes: Sizes;
  readonly #parties: Party[] = [];
  readonly #addresses = new Map<Digest, Address>();

  constructor(options: WorldOptions) {
    const { faults, seed, instances } = options;
    this.#options = options;
    this.#n = faults.n;
    this.random = new Random(seed);
    this.trust = options.trust ?? new Trust({ faults, instances, seed });
    const latency = options.latency?.(this.random.fork(1)) ?? constantLatency(LATENCY);
    this.#sizes = options.sizes ?? WEIGHTLESS;
    this.network = new Network({
      engine: this.engine,
      latency,
      n: faults.n,
      ...(options.links !== undefined && { links: options.links(this.random.fork(2)), printOf }),
      ...(options.aggregated === true && { ballots: new Ballots(faults.n, voteThresholds(faults)) }),
      deliver: (shipment, from, to) => this.#deliver(shipment, from, to),
    });
    this.hosts = Array.from({ length: faults.n }, (_, self) => this.#createHost(self, options));
  }

  #createHost(self: ReplicaId, { create, tap, subsystem }: HostTraits): ReplicaHost {
    const options = this.#options;
    const { engine, trace, trust, network } = this;
    const delays = { ...DELAYS, ...options.delays };
    // Spreads last: else every host has options of a shape of its own, and each access to them costs a search.
    return new ReplicaHost({
      self,
      engine,
      trace,
      trust,
      network,
      create,
      n: this.#n,
      sizes: this.#sizes,
      machine: options.machine?.(self) ?? new FixedDelays(delays),
      diskMicros: delays.diskMicros,
      durable: options.durable ?? true,
      isBackground: options.isBackground ?? (() => false),
      reply: (from, reply, at) => this.#reply(from, reply, at),
      report: (by, peer, reason) => void this.reports.push({ by, peer, reason }),
      ...(tap !== undefined && { tap }),
      ...(subsystem !== undefined && { subsystem }),
    });
  }

  /**
   * Another machine that speaks in a replica's name, with a trusted subsystem that this replica had before: what a Byzantine host
   * may go on with. The network brings it nothing: whoever made it hands over what it is to get.
   */
  twin(replica: ReplicaId, traits: Required<HostTraits>): ReplicaHost {
    return this.#createHost(replica, traits);
  }

  host(replica: ReplicaId): ReplicaHost {
    return present(this.hosts[replica], "a replica of this cluster");
  }

  /** Gives a party its address. */
  join(party: Party): Address {
    const address = this.#n + this.#parties.length;
    this.#parties.push(party);
    this.#addresses.set(party.key, address);
    return address;
  }

  start(): void {
    for (const host of this.hosts) host.start();
  }

  /** Runs until nothing is under way but what never rests; at most for so long. Whether it came to rest. */
  settle(limit: Micros): boolean {
    if (!this.engine.atRest) this.engine.run(this.engine.now + limit, () => this.engine.atRest);
    return this.engine.atRest;
  }

  /** Runs for a span of time. */
  run(span: Micros): void {
    this.engine.run(this.engine.now + span);
  }

  #deliver(shipment: Shipment, from: Address, to: Address): void {
    const host = this.hosts[to];
    if (host !== undefined) return host.onShipment(shipment, from);
    const reply = shipment.content as Reply;
    this.trace.note(TraceKind.Reply, this.engine.now, to, from, reply.timestamp);
    this.#parties[to - this.#n]?.onReply(from, reply);
  }

  #reply(from: ReplicaId, reply: Reply, at: Instant): void {
    const to = this.#addresses.get(reply.client);
    if (to === undefined) return;
    const parcel = { from, to, instance: CLIENT_INSTANCE, content: reply };
    this.network.send(parcel, this.#sizes.reply(reply), at);
  }
}
