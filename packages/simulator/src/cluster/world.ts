import type { Outbox } from "@destiny/core/effects/port";
import type { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Digest, Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import type { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import { Random } from "@destiny/core/kernel/random";
import type { Driven } from "@destiny/core/replica/driven";
import type { Reply } from "@destiny/core/wire/reply";
import { Engine } from "../engine/engine.ts";
import { Trace } from "../engine/trace.ts";
import { type Address, constantLatency, type LatencyModel } from "../network/latency.ts";
import { Network, type Parcel } from "../network/network.ts";
import { type ClusterTrust, Trust } from "../trust/trust.ts";
import { CLIENT_INSTANCE, type Delays, type HostTap, ReplicaHost } from "./replica-host.ts";
import type { TimerName } from "./timers.ts";
import { TraceKind } from "./trace-message.ts";

export interface WorldOptions {
  readonly faults: FaultModel;
  readonly seed: number;
  /** Instances that trusted subsystems certify for. */
  readonly instances: number;
  readonly latency?: (random: Random) => LatencyModel;
  readonly delays?: Partial<Delays>;
  readonly create: (self: ReplicaId, outbox: Outbox) => Driven;
  /** Whether a timer runs even at rest. */
  readonly isBackground?: (timer: TimerName) => boolean;
  readonly tap?: HostTap;
  /** The cluster's keys; model cryptography if absent. */
  readonly trust?: ClusterTrust;
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
  readonly #n: number;
  readonly #parties: Party[] = [];
  readonly #addresses = new Map<Digest, Address>();

  constructor(options: WorldOptions) {
    const { faults, seed, instances, create } = options;
    this.#n = faults.n;
    this.random = new Random(seed);
    this.trust = options.trust ?? new Trust({ faults, instances, seed });
    const latency = options.latency?.(this.random.fork(1)) ?? constantLatency(LATENCY);
    const { engine, trace, trust } = this;
    this.network = new Network({ engine, latency, deliver: (parcel) => this.#deliver(parcel) });
    const common = { n: faults.n, engine, trace, trust, network: this.network, create };
    this.hosts = Array.from(
      { length: faults.n },
      (_, self) =>
        new ReplicaHost({
          ...common,
          self,
          delays: { ...DELAYS, ...options.delays },
          ...(options.tap !== undefined && { tap: options.tap }),
          isBackground: options.isBackground ?? (() => false),
          reply: (from, reply) => this.#reply(from, reply),
          report: (by, peer, reason) => void this.reports.push({ by, peer, reason }),
        }),
    );
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

  #deliver(parcel: Parcel): void {
    const host = this.hosts[parcel.to];
    if (host !== undefined) return host.onParcel(parcel);
    const reply = parcel.content as Reply;
    this.trace.note(TraceKind.Reply, this.engine.now, parcel.to, parcel.from, reply.timestamp);
    this.#parties[parcel.to - this.#n]?.onReply(parcel.from, reply);
  }

  #reply(from: ReplicaId, reply: Reply): void {
    const to = this.#addresses.get(reply.client);
    if (to !== undefined) this.network.send({ from, to, instance: CLIENT_INSTANCE, content: reply });
  }
}
