import type { Protocol } from "@destiny/core/catalogue";
import type { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { ROOT } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import type { Random } from "@destiny/core/kernel/random";
import { defaultParameters, type Parameters } from "@destiny/core/parameters";
import type { Admission } from "@destiny/core/replica/executor";
import { Replica, STATUS_TIMER } from "@destiny/core/replica/replica";
import type { Service } from "@destiny/core/service/service";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { ThreshSign } from "@destiny/crypto/trusted/threshsign";
import { clientOf, SimulatedClient } from "../clients/client.ts";
import type { Delays } from "../machine/fixed-delays.ts";
import type { LatencyModel } from "../network/latency.ts";
import { World } from "./world.ts";

export interface SimulationOptions<S extends Service> {
  readonly protocol: Protocol;
  readonly n: number;
  readonly seed: number;
  readonly parameters?: Partial<Parameters>;
  readonly latency?: (random: Random) => LatencyModel;
  readonly delays?: Partial<Delays>;
  readonly admission?: Admission;
  /** Whether a trusted subsystem that has lost its memory can be admitted again under a new identity. */
  readonly readmission?: boolean;
  /** Makes the service of one replica, empty. */
  readonly service: (self: ReplicaId) => S;
  /** How long clients wait before they do more; they never do if null, the default. */
  readonly retryMicros?: Micros | null;
}

/** A cluster of replicas that run a protocol of the catalogue, and clients. */
export class Simulation<S extends Service> {
  readonly world: World;
  readonly faults: FaultModel;
  readonly parameters: Parameters;
  readonly clients: SimulatedClient[] = [];
  readonly #options: SimulationOptions<S>;
  readonly #replicas: (Replica | undefined)[] = [];
  readonly #services: (S | undefined)[] = [];
  #nextClient = 0;

  constructor(options: SimulationOptions<S>) {
    const { protocol, n, seed, latency, delays } = options;
    this.#options = options;
    this.parameters = defaultParameters(n, options.parameters);
    this.faults = protocol.faults(n, this.parameters.slowReplicas);
    this.world = new World({
      faults: this.faults,
      seed,
      instances: n + 1,
      ...(latency !== undefined && { latency }),
      ...(delays !== undefined && { delays }),
      isBackground: ({ instance, timer }) => instance === ROOT && timer === STATUS_TIMER,
      create: (self, outbox, identities) => {
        const service = options.service(self);
        const { faults, parameters } = this;
        const admission = options.admission ?? { type: "anyone", clientsMax: parameters.clientsMax };
        const common = { self, faults, parameters, admission, service, outbox, hash: digestOf };
        const { ordering, replies } = protocol;
        const known = options.readmission === true ? { identities } : {};
        const replica = new Replica({ ...common, ordering, replies, ...known });
        this.#services[self] = service;
        this.#replicas[self] = replica;
        return replica;
      },
    });
    this.world.start();
  }

  /** The replica, as it runs or as its last crash left it. To be looked at only. */
  replica(self: ReplicaId): Replica {
    return present(this.#replicas[self], "a replica of this cluster");
  }

  /** Its service, as it runs or as its last crash left it. To be looked at only. */
  service(self: ReplicaId): S {
    return present(this.#services[self], "a replica of this cluster");
  }

  /** A new client, with a key that makes `home` its first coordinator; it asks another one first if told so. */
  addClient(home: ReplicaId, asks: ReplicaId = home): SimulatedClient {
    const { world, faults } = this;
    const number = clientOf(world, home, this.#nextClient);
    this.#nextClient = number + 1;
    const key = world.trust.clientKey(number);
    const retryMicros = this.#options.retryMicros ?? null;
    const client = new SimulatedClient({ world, faults, key, retryMicros, coordinator: asks });
    this.clients.push(client);
    return client;
  }

  /** The trusted subsystem of a replica that is down loses its memory; a faulty host may have kept it, as it is returned. */
  renew(replica: ReplicaId): ThreshSign {
    return this.world.host(replica).renewSubsystem();
  }

  crash(replica: ReplicaId): void {
    this.world.host(replica).crash();
  }

  restart(replica: ReplicaId): void {
    this.world.host(replica).start();
  }
}
