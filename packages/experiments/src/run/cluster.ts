import type { Protocol } from "@destiny/core/catalogue";
import type { FaultModel } from "@destiny/core/kernel/fault-model";
import { type Digest, type ReplicaId, ROOT } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import { Random } from "@destiny/core/kernel/random";
import type { Parameters } from "@destiny/core/parameters";
import { Replica, STATUS_TIMER } from "@destiny/core/replica/replica";
import { World } from "@destiny/simulator/cluster/world";
import type { CostProfile } from "@destiny/simulator/machine/cost-profile";
import { ModelledMachine } from "@destiny/simulator/machine/modelled-machine";
import { ModelledSizes } from "@destiny/simulator/machine/modelled-sizes";
import { Pool } from "@destiny/simulator/machine/processors";
import { priceList } from "@destiny/simulator/machine/tariff";
import { type Jitter, Links, type LinksOptions } from "@destiny/simulator/network/links";
import { Traffic } from "@destiny/simulator/network/traffic";
import type { Wan } from "@destiny/simulator/network/wan";
import { CrashTrust } from "@destiny/simulator/trust/crash-trust";
import { fastDigest } from "@destiny/simulator/trust/fast-digest";
import { ClientDesk } from "../load/client-desk.ts";
import { NullService } from "../load/null-service.ts";
import { evaluationParameters } from "./evaluation-parameters.ts";
import { OneOrder } from "./one-order.ts";
import { REQUEST_BYTES } from "./request-bytes.ts";
import type { Scenario } from "./scenario.ts";

/** Paths between machines of two regions differ by a few parts in a hundred, messages on one path by less. */
const JITTER: Jitter = { pairShare: 0.02, messageShare: 0.01 };

/** Chance on links has a generator of its own. */
const LINKS = 3;

/** The cluster of one run: the production protocol code on modelled machines and a modelled network. */
export class EvaluationCluster {
  readonly world: World;
  readonly faults: FaultModel;
  readonly parameters: Parameters;
  readonly machines: readonly ModelledMachine[];
  readonly services: NullService[] = [];
  readonly sizes: ModelledSizes;
  readonly links: Links;
  readonly traffic: Traffic;
  readonly order: OneOrder;
  /** Where clients work, if that is where replicas do too; else they have all the machines that they want. */
  readonly desk: ClientDesk | null;
  readonly profile: CostProfile;
  readonly #scenario: Scenario;
  readonly #clients = new Map<ReplicaId, number>();

  constructor(scenario: Scenario, protocol: Protocol, profile: CostProfile, wan: Wan) {
    const { replicas: n, seed } = scenario;
    this.#scenario = scenario;
    this.profile = profile;
    this.parameters = evaluationParameters(scenario, REQUEST_BYTES);
    this.faults = protocol.faults(n, this.parameters.slowReplicas);
    this.order = new OneOrder(n);
    this.sizes = new ModelledSizes({ ...profile, ...scenario });
    this.traffic = new Traffic(n, { from: scenario.warmUp, to: scenario.duration });
    const common = new Pool(profile.processors.count);
    this.machines = this.#createMachines(profile, common);
    const requestBytes = REQUEST_BYTES + this.sizes.payloadOfRequest;
    this.desk = profile.processors.shared ? new ClientDesk(profile, common, requestBytes) : null;
    const ordering = this.order.watch(protocol.ordering);
    this.links = new Links({ ...this.#network(wan), n, random: new Random(seed).fork(LINKS) });
    this.world = new World({
      faults: this.faults,
      seed,
      instances: n + 1,
      trust: new CrashTrust(this.faults, profile.sizes),
      links: () => this.links,
      sizes: this.sizes,
      machine: (self) => present(this.machines[self], "a machine for every replica"),
      durable: profile.disk !== undefined,
      aggregated: !scenario.exact && profile.disk === undefined,
      ...(profile.disk !== undefined && { delays: { diskMicros: profile.disk.micros } }),
      isBackground: ({ instance, timer }) => instance === ROOT && timer === STATUS_TIMER,
      create: (self, outbox) => {
        const { faults, parameters } = this;
        const service = new NullService(() => this.#onExecuted(self));
        this.services[self] = service;
        const admission = { type: "anyone", clientsMax: parameters.clientsMax } as const;
        const common = { self, faults, parameters, admission, service, outbox, hash: fastDigest };
        return new Replica({ ordering, replies: protocol.replies, ...common });
      },
    });
  }

  /** Whether every replica coordinates clients of its own. */
  get multiPrimary(): boolean {
    return this.order.multiPrimary;
  }

  /** A key that no client has yet, and that makes this replica its coordinator where every replica is one. */
  nextKey(home: ReplicaId): Digest {
    const index = this.#clients.get(home) ?? 0;
    this.#clients.set(home, index + 1);
    return this.world.trust.clientKey(home + index * this.#scenario.replicas);
  }

  /** Links as slow as interfaces of the WAN and of the machine allow. */
  #network(wan: Wan): Omit<LinksOptions, "n" | "random"> {
    const { without } = this.#scenario;
    const interfaceRate = Math.min(wan.interfaceRate, this.profile.network.interfaceGbitPerSecond * 1_000);
    return {
      wan: { ...wan, interfaceRate },
      rates: !without.includes("bandwidth"),
      jitter: without.includes("jitter") ? null : JITTER,
      loss: 0,
      traffic: this.traffic,
    };
  }

  /** Replicas whose services were told as often and are not the same. */
  differences(): string[] {
    const known = new Map<number, readonly [ReplicaId, string]>();
    const found: string[] = [];
    for (const [replica, service] of this.services.entries()) {
      const state = Buffer.from(service.state.page(0)).toString("hex");
      const other = known.get(service.count);
      if (other === undefined) known.set(service.count, [replica, state]);
      else if (other[1] !== state) {
        found.push(
          `replicas ${other[0]} and ${replica} are in different states after ${service.count} requests`,
        );
      }
    }
    return found;
  }

  #onExecuted(self: ReplicaId): void {
    const { bundle, payloadBytes } = this.#scenario;
    this.machines[self]?.execute(bundle, bundle * payloadBytes);
  }

  #createMachines(profile: CostProfile, common: Pool): ModelledMachine[] {
    const { replicas, without, bundle } = this.#scenario;
    const prices = priceList(profile, !without.includes("cpu"));
    const { shared, workers } = profile.processors;
    return Array.from(
      { length: replicas },
      () =>
        new ModelledMachine({
          prices,
          lanes: profile.lanes,
          n: replicas,
          sizes: this.sizes,
          bundle,
          requestBytes: REQUEST_BYTES + this.sizes.payloadOfRequest,
          workers: shared ? common : new Pool(workers),
          shared,
        }),
    );
  }
}
