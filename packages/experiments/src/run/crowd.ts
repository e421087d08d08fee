import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { Wan } from "@destiny/simulator/network/wan";
import { RegionLoad } from "../load/load.ts";
import { LoadClient } from "../load/load-client.ts";
import type { Measurement } from "../measure/measurement.ts";
import type { EvaluationCluster } from "./cluster.ts";
import { OPEN_IN_FLIGHT, PATIENCE } from "./evaluation-parameters.ts";
import { FIRST_PRIMARY, targetsOf } from "./placement.ts";
import type { Scenario } from "./scenario.ts";

/** Clients of an open loop per replica of their region: enough that none is the bottleneck. */
const OPEN_CLIENTS_PER_REPLICA = 4;

/** Everybody who asks: the clients of all regions and their load. */
export class Crowd {
  readonly #loads: readonly RegionLoad[];
  readonly #regions: readonly string[];

  constructor(scene: CrowdScene) {
    const { scenario, cluster, wan } = scene;
    this.#regions = wan.regions;
    const random = cluster.world.random.fork(2);
    const context = { engine: cluster.world.engine, random };
    const populations = wan.regions.map((_, region) => populate(scene, region));
    this.#loads = populations.map(
      (population) => new RegionLoad(scenario.load, population.clients, wan.regions.length, context),
    );
    for (const [region, population] of populations.entries()) {
      population.listen((client) => this.#loads[region]?.onAnswered(client));
    }
  }

  start(): void {
    for (const load of this.#loads) load.start();
  }

  /** The load of these regions, or of all, is multiplied. */
  scale(factor: number, regions: readonly string[] = this.#regions): void {
    for (const [index, name] of this.#regions.entries()) {
      if (regions.includes(name)) this.#loads[index]?.scale(factor);
    }
  }
}

export interface CrowdScene {
  readonly scenario: Scenario;
  readonly cluster: EvaluationCluster;
  readonly wan: Wan;
  readonly measurement: Measurement;
  /** Whether clients talk to the O-primary too. */
  readonly everyReplica: boolean;
}

interface Population {
  readonly clients: readonly LoadClient[];
  listen(next: (client: LoadClient) => void): void;
}

function populate(scene: CrowdScene, region: number): Population {
  const { scenario, cluster, wan, measurement } = scene;
  const { world, faults } = cluster;
  const { load, replicas: n } = scenario;
  const targets = targetsOf(region, wan, candidatesOf(scene));
  const closed = load.type === "closed";
  const count = closed ? share(load.clientsPerRegion, region) : targets.length * OPEN_CLIENTS_PER_REPLICA;
  let next: (client: LoadClient) => void = () => undefined;
  const listener = {
    answered: (client: LoadClient, due: number) => {
      measurement.answered(region, due, world.engine.now);
      next(client);
    },
    failed: (client: LoadClient) => {
      measurement.failed();
      next(client);
    },
  };
  const clients = Array.from({ length: count }, (_, index) => {
    const target = targets[index % targets.length] as ReplicaId;
    const client = new LoadClient({
      world,
      faults,
      listener,
      target,
      sizes: cluster.sizes,
      key: cluster.nextKey(cluster.multiPrimary ? target : index % n),
      inFlight: closed ? cluster.parameters.pipeline : OPEN_IN_FLIGHT,
      patience: PATIENCE * cluster.parameters.suspicionDelay,
      mayLeave: cluster.multiPrimary,
      desk: cluster.desk,
    });
    cluster.links.placeClient(client.address, region);
    return client;
  });
  return {
    clients,
    listen: (given) => {
      next = given;
    },
  };
}

/** How many of the clients are in this region: a whole number, and evenly spread. */
function share(perRegion: number, region: number): number {
  return Math.round(perRegion * (region + 1)) - Math.round(perRegion * region);
}

/** Everybody that is up at the start; without the O-primary where others coordinate, and it alone where nobody else does. */
function candidatesOf({ scenario, cluster, everyReplica }: CrowdScene): readonly ReplicaId[] {
  if (!cluster.multiPrimary) return [FIRST_PRIMARY];
  const { replicas, events } = scenario;
  const down = new Set(
    events.flatMap((event) => (event.type === "crash" && event.at === 0 ? event.replicas : [])),
  );
  const up = Array.from({ length: replicas }, (_, replica) => replica).filter(
    (replica) => !down.has(replica),
  );
  const others = up.filter((replica) => replica !== FIRST_PRIMARY);
  return everyReplica || others.length === 0 ? up : others;
}
