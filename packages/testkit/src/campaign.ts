import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { Random } from "@destiny/core/kernel/random";
import type { Parameters } from "@destiny/core/parameters";
import { uniformLatency } from "@destiny/simulator/network/latency";
import { Cluster, commandOf } from "./cluster.ts";

const SECOND: Micros = 1_000_000;
/** How long things go wrong, and how long after that everything must have been put right. */
const TROUBLE: Micros = 8 * SECOND;
const RECOVERY: Micros = 180 * SECOND;

/** Small windows, so that a few commands cross checkpoints and fill them. */
const TIGHT: Partial<Parameters> = {
  statusPeriod: SECOND,
  pullDelay: SECOND / 10,
  checkpointPeriod: 4,
  orderWindow: 16,
  disseminationWindow: 8,
  referencesPerInstanceMax: 4,
  orderEntriesMax: 6,
};

/** What a run came to. */
export interface CampaignResult {
  readonly cluster: Cluster;
  /** Every command that a client submitted. */
  readonly submitted: readonly string[];
  /** Whether all of them were answered in time. */
  readonly answered: boolean;
}

/**
 * One random run: a few clients that keep asking, messages that get lost, and up to f replicas at a time that crash and come
 * back. Then the trouble ends, and there is time to recover.
 */
export function runCampaign(protocol: string, n: number, seed: number): CampaignResult {
  const random = new Random(seed);
  const max = 1_000 * (2 + random.below(40));
  const ordering = random.chance(0.25) ? "pessimistic" : "optimistic";
  const cluster = Cluster.of(protocol, {
    n,
    seed,
    parameters: { ...TIGHT, ordering },
    latency: (fork) => uniformLatency(500, max, fork),
    retryMicros: SECOND,
  });
  const submitted = scheduleCommands(cluster, random.fork(1));
  scheduleCrashes(cluster, random.fork(2));
  const loss = random.fork(3);
  const rate = loss.below(30) / 100;
  const drop = cluster.drop(() => loss.chance(rate));
  cluster.run(TROUBLE);
  drop.lift();
  const { engine } = cluster.simulation.world;
  const isAnswered = (): boolean => cluster.simulation.clients.every((client) => client.outstanding === 0);
  engine.run(engine.now + RECOVERY, isAnswered);
  cluster.run(20 * SECOND); // For replicas that are behind.
  return { cluster, submitted, answered: isAnswered() };
}

function scheduleCommands(cluster: Cluster, random: Random): readonly string[] {
  const { engine } = cluster.simulation.world;
  const submitted: string[] = [];
  const clients = 1 + random.below(2 * cluster.n);
  for (let number = 0; number < clients; number += 1) {
    const client = cluster.simulation.addClient(random.below(cluster.n));
    const commands = 1 + random.below(random.chance(0.3) ? 40 : 8);
    for (let index = 0; index < commands; index += 1) {
      const command = `client ${number} command ${index}`;
      submitted.push(command);
      engine.after(random.below(TROUBLE), () => void client.submit([commandOf(command)]));
    }
  }
  return submitted;
}

/** Each of f slots of fate takes one replica down after the other; nobody stays down. */
function scheduleCrashes(cluster: Cluster, random: Random): void {
  const { engine, hosts } = cluster.simulation.world;
  const { f } = cluster.simulation.faults;
  for (let fate = 0; fate < f; fate += 1) {
    let at: Micros = 0;
    while (random.chance(0.8)) {
      const victim: ReplicaId = random.below(cluster.n);
      const down = at + random.below(2 * SECOND);
      const up = down + 1 + random.below(2 * SECOND);
      if (up > TROUBLE) break;
      at = up;
      let crashed = false;
      engine.after(down, () => {
        crashed = hosts[victim]?.alive === true;
        if (crashed) cluster.crash(victim);
      });
      engine.after(up, () => {
        if (crashed) cluster.restart(victim);
      });
    }
  }
}
