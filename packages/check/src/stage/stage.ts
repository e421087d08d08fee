import type { Protocol } from "@destiny/core/catalogue";
import type { Effect } from "@destiny/core/effects/effects";
import type { Outbox } from "@destiny/core/effects/port";
import type { FaultModel } from "@destiny/core/kernel/fault-model";
import {
  type Digest,
  type InstanceId,
  type ReplicaId,
  ROOT,
  type SequenceNumber,
} from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import { defaultParameters, type Parameters } from "@destiny/core/parameters";
import type { Driven } from "@destiny/core/replica/driven";
import type { Identities } from "@destiny/core/replica/membership";
import {
  Replica,
  type ReplicaOptions,
  type ReplicaStatus,
  STATUS_TIMER,
} from "@destiny/core/replica/replica";
import { KeyValue } from "@destiny/core/service/key-value";
import { Proposal } from "@destiny/core/wire/messages";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { ThreshSign } from "@destiny/crypto/trusted/threshsign";
import { clientOf, SimulatedClient } from "@destiny/simulator/clients/client";
import type { CreateDriven } from "@destiny/simulator/cluster/host-surroundings";
import type { HostTap, ReplicaHost } from "@destiny/simulator/cluster/replica-host";
import { World } from "@destiny/simulator/cluster/world";
import { uniformLatency } from "@destiny/simulator/network/latency";
import { type Majorities, majorities } from "../oracles/arithmetic.ts";
import type { Holdings } from "../oracles/memory.ts";
import { Violation } from "../oracles/violation.ts";
import type { Plan } from "../plan/plan.ts";
import { Rogue } from "../rogues/rogue.ts";
import { Markers } from "./markers.ts";
import type { Observer } from "./observer.ts";
import { Observers } from "./observers.ts";
import { watchedOrdering } from "./watched-ordering.ts";
import { WatchedReplica } from "./watched-replica.ts";

const PAGES = 4;

/** Changes what a replica's effects do, one after the other. Null leaves the effect as it is. */
export type Interference = (host: ReplicaHost, effect: Effect) => readonly Effect[] | null;

export interface StageOptions {
  readonly plan: Plan;
  readonly protocol: Protocol;
  readonly faulty: ReadonlySet<ReplicaId>;
}

/** A simulated cluster of real replicas, seen from outside and open to interference. */
export class Stage {
  readonly plan: Plan;
  readonly faulty: ReadonlySet<ReplicaId>;
  readonly faults: FaultModel;
  /** The same as oracles reckon it. */
  readonly majorities: Majorities;
  readonly parameters: Parameters;
  readonly world: World;
  readonly clients: readonly SimulatedClient[];
  /** Called for every effect before it is performed, and for every one that leaves. */
  readonly interferences: Interference[] = [];
  readonly departures: ((host: ReplicaHost, effect: Effect) => void)[] = [];
  /** Copies of trusted subsystems that Byzantine hosts have made. */
  readonly clones: Map<ReplicaId, ThreshSign> = new Map();
  /** Trusted subsystems that had another one take their place, in the hands of Byzantine hosts that go on with them. */
  readonly formers: Map<ReplicaId, ThreshSign> = new Map();
  /** Correct replicas that have lost their trusted subsystem and have not been seen to vote since. */
  readonly strangers: Set<ReplicaId> = new Set();
  /** By replica: how many trusted subsystems it has lost. */
  readonly #lost = new Map<ReplicaId, number>();
  /** Clients that do as they like. */
  readonly rogues: Rogue[] = [];
  /** Whether each client has a coordinator of its own, and only that one's batches count. */
  partitioned = false;
  readonly #protocol: Protocol;
  #nextClient = 0;
  readonly #markers = new Markers();
  readonly #replicas = new Map<ReplicaId, Replica>();
  readonly #services = new Map<ReplicaId, KeyValue>();
  /** Replicas that threw, and are stopped for good. */
  readonly #halted = new Set<ReplicaId>();
  #told: Required<Observer> = new Observers([]).told;

  constructor({ plan, protocol, faulty }: StageOptions) {
    this.plan = plan;
    this.faulty = faulty;
    this.#protocol = protocol;
    const { n, seed, latency, delays } = plan;
    this.parameters = defaultParameters(n, plan.parameters);
    const { slowReplicas } = this.parameters;
    this.faults = protocol.faults(n, slowReplicas);
    this.majorities = majorities(this.faults.kind, n, slowReplicas);
    this.world = new World({
      faults: this.faults,
      seed,
      instances: n + 1,
      latency: (random) => uniformLatency(latency.min, latency.max, random),
      delays,
      isBackground: ({ instance, timer }) => instance === ROOT && timer === STATUS_TIMER,
      create: (...given) => this.#create(...given),
      tap: this.#tap(),
    });
    for (const { disk } of this.world.hosts) disk.historySlotsMax = plan.historySlots;
    this.clients = this.#createClients();
  }

  /** Tells these observers of everything from now on. To be called once, before {@link start}. */
  watch(observers: readonly Observer[]): void {
    this.#told = new Observers(observers).told;
    this.world.network.watch((parcel) => this.#told.sent(parcel));
    this.world.trust.watch((signed) => this.#told.signed(signed));
  }

  start(): void {
    for (const host of this.world.hosts) this.restart(host.self);
  }

  /** Starts a replica that is down, unless it was stopped for good. */
  restart(self: ReplicaId): void {
    const host = this.world.host(self);
    if (host.alive || this.#halted.has(self)) return;
    this.#told.started(self);
    host.start();
  }

  /** Whether it was running. */
  crash(self: ReplicaId, kept = 0): boolean {
    const host = this.world.host(self);
    if (!host.alive) return false;
    host.crash(kept);
    this.#told.crashed(self);
    return true;
  }

  /** A replica that is down loses its trusted subsystem: it has a new one, and the former is returned. */
  renew(self: ReplicaId): ThreshSign {
    this.#lost.set(self, this.lost(self) + 1);
    if (!this.faulty.has(self)) this.strangers.add(self);
    return this.world.host(self).renewSubsystem();
  }

  /** A replica that is down loses its disk, and had lost its trusted subsystem. */
  wipe(self: ReplicaId): void {
    this.world.host(self).disk.wipe();
    this.#told.wiped(self);
  }

  /** How many trusted subsystems a replica has lost. */
  lost(self: ReplicaId): number {
    return this.#lost.get(self) ?? 0;
  }

  /** By replica: the keys that hosts ask with to be admitted again; none where trusted subsystems are not relied on. */
  get hostKeys(): readonly Digest[] {
    const { trust } = this.world;
    const identities = trust.identities?.(0, this.world.host(0).subsystem);
    return this.#readmits ? (identities?.genesis ?? []).map(({ hostKey }) => hostKey) : [];
  }

  /** Whether trusted subsystems can be admitted again: where they are relied on. */
  get #readmits(): boolean {
    return this.faults.kind === "hybrid";
  }

  /** What is performed in the place of a replica's effect. */
  interfered(host: ReplicaHost, effect: Effect): readonly Effect[] {
    let effects: readonly Effect[] = [effect];
    for (const interfere of this.interferences) {
      effects = effects.flatMap((each) => interfere(host, each) ?? [each]);
    }
    return effects;
  }

  /** Another client, that does as it likes. */
  addRogue(home: ReplicaId): Rogue {
    const rogue = new Rogue(this.world, this.#nextKey(home));
    this.rogues.push(rogue);
    return rogue;
  }

  /** Whose address it is, among the clients; undefined if nobody's. */
  clientAt(address: number): Digest | undefined {
    const index = address - this.faults.n;
    return (this.clients[index] ?? this.rogues[index - this.clients.length])?.key;
  }

  replica(self: ReplicaId): Replica {
    return present(this.#replicas.get(self), "a replica that was started");
  }

  service(self: ReplicaId): KeyValue {
    return present(this.#services.get(self), "a replica that was started");
  }

  /** What a replica says of itself after its last event. */
  status(self: ReplicaId): ReplicaStatus {
    return this.replica(self).status();
  }

  /** What a replica holds: as it says itself, and as its machine has it. */
  holdings(self: ReplicaId): Holdings {
    const { disk, timersRunning } = this.world.host(self);
    const status = this.status(self);
    const records = status.instances.map(({ instance }) => disk.recordsAbove(instance));
    return { ...status, timers: timersRunning, records };
  }

  /** Digests of the proposals for a slot that its disk holds; null if the slot lies below the watermark. */
  durableProposals(self: ReplicaId, instance: InstanceId, seq: SequenceNumber): readonly Digest[] | null {
    const low = this.status(self).instances.find((each) => each.instance === instance)?.low ?? 0;
    if (seq <= low) return null;
    const digests: Digest[] = [];
    for (const { message } of this.world.host(self).disk.history(instance, seq, seq)) {
      if (message instanceof Proposal) digests.push(message.digest);
    }
    return digests;
  }

  #create(self: ReplicaId, outbox: Outbox, identities?: Identities): Driven {
    const ordering = watchedOrdering(this.#protocol.ordering, this.#markers, this.#told, (orderer) => {
      this.partitioned = orderer.soleCoordinator === null;
    });
    const service = new KeyValue({ pageCount: PAGES });
    const replica = new Replica({ ...this.#common(self, outbox, identities), service, ordering });
    this.#services.set(self, service);
    this.#replicas.set(self, replica);
    const inner = this.#tellingRestore(self, replica);
    return new WatchedReplica({
      inner,
      stepping: (cause) => this.#told.stepping(self, cause),
      stepped: () => this.#told.stepped(self),
      threw: (error) => this.#onThrow(self, error),
    });
  }

  /** A second machine in the name of a faulty replica: the real code, of which nobody is told. It stops where it throws. */
  twin(self: ReplicaId, subsystem: ThreshSign, tap: HostTap): ReplicaHost {
    const { engine } = this.world;
    const create: CreateDriven = (_self, outbox, identities) => {
      const service = new KeyValue({ pageCount: PAGES });
      const { ordering } = this.#protocol;
      const inner = new Replica({ ...this.#common(self, outbox, identities), service, ordering });
      const nothing = (): void => {};
      const threw = (): void => engine.after(0, () => (twin.alive ? twin.crash() : undefined));
      return new WatchedReplica({ inner, stepping: nothing, stepped: nothing, threw });
    };
    const twin = this.world.twin(self, { create, tap, subsystem });
    return twin;
  }

  #common(
    self: ReplicaId,
    outbox: Outbox,
    identities: Identities | undefined,
  ): Omit<ReplicaOptions, "service" | "ordering"> {
    const { faults, parameters } = this;
    const admission = { type: "anyone", clientsMax: parameters.clientsMax } as const;
    const { replies } = this.#protocol;
    const known = this.#readmits ? { identities } : {};
    return { self, faults, parameters, admission, outbox, hash: digestOf, replies, ...known };
  }

  #tellingRestore(self: ReplicaId, replica: Replica): Driven {
    const restore = replica.restore.bind(replica);
    replica.restore = (checkpoint) => {
      this.#told.resumedFrom(self, checkpoint.seq);
      restore(checkpoint);
    };
    return replica;
  }

  /** A correct replica never stops by itself. One that lost its memory may find out, and must stop then. */
  #onThrow(self: ReplicaId, error: unknown): void {
    if (!this.faulty.has(self)) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      throw new Violation("no crash", `replica ${self} threw: ${text}`);
    }
    this.#halted.add(self);
    this.world.engine.after(0, () => void this.crash(self));
  }

  #tap(): HostTap {
    return {
      perform: (host, effect) => {
        if (this.#markers.isMarker(effect)) return [effect];
        this.#told.asked(host.self, effect);
        return this.interfered(host, effect);
      },
      leave: (host, effect) => {
        if (this.#markers.redeem(effect)) return;
        this.#told.left(host.self, effect);
        if (effect.type === "reply") this.#told.replied(host.self, effect.reply);
        for (const depart of this.departures) depart(host, effect);
      },
    };
  }

  #createClients(): readonly SimulatedClient[] {
    const { world, faults, plan } = this;
    return plan.homes.map((home) => {
      const key = this.#nextKey(home);
      return new SimulatedClient({ world, faults, key, retryMicros: plan.retryMicros, coordinator: home });
    });
  }

  /** The key of a client that nobody has yet, and that this replica coordinates. */
  #nextKey(home: ReplicaId): Digest {
    const number = clientOf(this.world, home, this.#nextClient);
    this.#nextClient = number + 1;
    return this.world.trust.clientKey(number);
  }
}
