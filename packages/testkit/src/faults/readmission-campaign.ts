import { configurationOf } from "@destiny/core/kernel/configurations";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import { Random } from "@destiny/core/kernel/random";
import { uniformLatency } from "@destiny/simulator/network/latency";
import { Cluster } from "../cluster.ts";

const SECOND = 1_000_000;
/** Until everything that was broken is whole again, on a network that loses nothing. */
const HEALING: number = 120 * SECOND;

/** What one run came to. */
export interface ReadmissionRun {
  readonly admissions: number;
  readonly viewChanges: number;
}

/**
 * Up to f trusted subsystems at a time lose their memory, while messages are lost and replicas crash; f others are silent at the
 * end. Throws if states differ, or something does not heal.
 */
export function runReadmission(name: string, n: number, seed: number): ReadmissionRun {
  const random = new Random(seed);
  const cluster = Cluster.of(name, {
    ...{ n, seed, readmission: true, retryMicros: SECOND / 2 },
    latency: (fork) => uniformLatency(1_000, 40_000, fork),
    parameters: {
      statusPeriod: SECOND / 2,
      checkpointPeriod: 8,
      suspicionDelay: SECOND,
      viewChangeDelay: SECOND,
    },
  });
  const loss = random.fork(1);
  cluster.drop(() => loss.chance(0.03));
  let sent = 0;
  let admissions = 0;
  for (let round = 0; round < 4; round += 1) {
    const lost = draw(random, n, 1 + random.below(cluster.simulation.faults.f));
    for (let i = 0; i < 6; i += 1) {
      cluster.submit(random.below(n), `command ${sent++}`);
      cluster.run(random.below(SECOND / 2));
      if (i === 2) for (const replica of lost) lose(cluster, replica, random);
    }
    crashAndRestart(cluster, random.below(n), random);
    admissions += lost.length;
    cluster.run(5 * SECOND);
    if (round === 3) cluster.release();
    const limit = cluster.now + HEALING;
    while (!isWhole(cluster)) {
      invariant(cluster.now < limit, `seed ${seed}: not whole again: ${describe(cluster)}`);
      cluster.submit(random.below(n), `command ${sent++}`);
      cluster.run(2 * SECOND);
    }
  }
  return { admissions, viewChanges: finish(cluster, sent, seed) };
}

function lose(cluster: Cluster, replica: ReplicaId, random: Random): void {
  cluster.crash(replica);
  cluster.simulation.renew(replica);
  if (random.chance(0.3)) cluster.simulation.world.host(replica).disk.wipe();
  cluster.run(random.below(SECOND));
  cluster.restart(replica);
}

function crashAndRestart(cluster: Cluster, replica: ReplicaId, random: Random): void {
  cluster.crash(replica);
  cluster.run(random.below(SECOND));
  cluster.restart(replica);
}

/** All subsystems are admitted, and all replicas have left what was before for views of the same configuration. */
function isWhole(cluster: Cluster): boolean {
  const statuses = cluster.replicas.map((replica) => cluster.replica(replica).status());
  const configurations = statuses.flatMap(({ configuration, instances }) => [
    configuration,
    ...instances.map(({ view }) => configurationOf(view, cluster.n)),
  ]);
  return new Set(configurations).size === 1 && statuses.every(({ admittedWith }) => admittedWith !== null);
}

/** The last word: f are silent, and all that was ever asked is executed by the others, in one order. */
function finish(cluster: Cluster, sent: number, seed: number): number {
  const { f } = cluster.simulation.faults;
  for (let replica = 0; replica < f; replica += 1) cluster.crash((replica + seed) % cluster.n);
  const live = cluster.replicas.filter((replica) => cluster.simulation.world.host(replica).alive);
  cluster.submit(live[0] ?? 0, "last");
  cluster.run(HEALING);
  const [first = [], ...others] = live.map((replica) => cluster.executed(replica));
  invariant(
    first.length === sent + 1,
    `seed ${seed}: ${first.length} of ${sent + 1} commands: ${describe(cluster)}`,
  );
  for (const other of others) invariant(other.join() === first.join(), `seed ${seed}: the logs differ`);
  const { instances } = cluster.replica(live[0] ?? 0).status();
  return instances.reduce((sum, { viewChanges }) => sum + viewChanges, 0);
}

function draw(random: Random, n: number, count: number): readonly ReplicaId[] {
  const drawn = new Set<ReplicaId>();
  while (drawn.size < count) drawn.add(random.below(n));
  return [...drawn];
}

function describe(cluster: Cluster): string {
  return cluster.replicas
    .map((replica) => {
      const { configuration, admittedWith, executed, instances } = cluster.replica(replica).status();
      const each = instances.map(
        ({ view, active, low, decided, known }) => `${view}${active ? "" : "?"}:${low}/${decided}/${known}`,
      );
      return `\n${replica}: g ${configuration} own ${admittedWith} executed ${executed} ${each.join(" ")}`;
    })
    .join("");
}
