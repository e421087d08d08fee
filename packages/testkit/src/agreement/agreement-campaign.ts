import type { AgreementProtocol } from "@destiny/core/agreement/agreement";
import type { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Micros, ReplicaId, SequenceNumber } from "@destiny/core/kernel/ids";
import { Random } from "@destiny/core/kernel/random";
import { AgreementCluster } from "./agreement-cluster.ts";

const SECOND: Micros = 1_000_000;
const STEPS = 60;
/** Less than a write, less than a message, a few messages, some retries, a view change. */
const PAUSES: readonly Micros[] = [100, 5_000, 12_000, 30_000, 300_000, 3 * SECOND];
/** Slots of the window of such a run. */
export const CAMPAIGN_WINDOW = 8;
/** Rounds of healing, each as long as a view change may take by then. */
const ROUNDS = 12;

/** What a random run came to. */
export interface AgreementRun {
  readonly cluster: AgreementCluster;
  /** Whether, once all was healed, all replicas came to one view, and decided all and something new. */
  readonly progress: boolean;
}

/**
 * One random run of one instance: anybody proposes who may, anybody suspects any view at any time, replicas crash and restart,
 * messages are lost. Then all is healed, and the instance must go on.
 */
export function runAgreementCampaign(
  protocol: AgreementProtocol,
  faults: FaultModel,
  seed: number,
): AgreementRun {
  const cluster = new AgreementCluster(protocol, { faults, window: CAMPAIGN_WINDOW, seed });
  const random = new Random(seed);
  const trouble = new Trouble(cluster, random);
  for (let step = 0; step < STEPS; step += 1) trouble.step();
  cluster.heal();
  for (const replica of cluster.replicas) if (!cluster.alive(replica)) cluster.restart(replica);
  return { cluster, progress: recover(cluster, trouble) };
}

/** What goes wrong, and the checkpoints meanwhile. */
class Trouble {
  readonly #cluster: AgreementCluster;
  readonly #random: Random;
  /** Probability that a message on a link is lost. */
  readonly #loss = new Map<number, number>();
  #proposals = 0;

  constructor(cluster: AgreementCluster, random: Random) {
    this.#cluster = cluster;
    this.#random = random;
    const losses = random.fork(1);
    cluster.drop(({ from, to }) => losses.chance(this.#loss.get(from * 16 + to) ?? 0));
  }

  step(): void {
    const self = this.#random.below(this.#cluster.n);
    switch (this.#random.below(8)) {
      case 0:
      case 1:
      case 2:
        for (const replica of this.#cluster.replicas) this.propose(replica, 1 + this.#random.below(3));
        break;
      case 3:
        this.#suspect(self);
        break;
      case 4:
        this.#toggle(self);
        break;
      case 5:
        this.#lose();
        break;
      case 6:
        this.checkpoint();
        break;
      case 7:
        this.#loss.clear();
    }
    this.#cluster.run(PAUSES[this.#random.below(PAUSES.length)] ?? SECOND);
  }

  propose(self: ReplicaId, count: number): void {
    for (let i = 0; i < count; i += 1) {
      if (!this.#cluster.alive(self) || !this.#cluster.agreement(self).mayPropose) return;
      this.#proposals += 1;
      this.#cluster.proposeAt(self, `value ${this.#proposals}`);
    }
  }

  #suspect(self: ReplicaId): void {
    if (!this.#cluster.alive(self)) return;
    const view =
      this.#cluster.agreement(self).view + 1 + (this.#random.chance(0.2) ? this.#random.below(3) : 0);
    const others = this.#cluster.replicas.filter(
      (each) => this.#cluster.alive(each) && this.#random.chance(0.5),
    );
    this.#cluster.suspect(view, self, ...others);
  }

  #toggle(self: ReplicaId): void {
    if (this.#cluster.alive(self)) this.#cluster.crash(self);
    else this.#cluster.restart(self);
  }

  #lose(): void {
    for (const from of this.#cluster.replicas) {
      for (const to of this.#cluster.replicas) {
        const rate = [0, 0, 0.1, 0.5, 1][this.#random.below(5)] ?? 0;
        this.#loss.set(from * 16 + to, rate);
      }
    }
  }

  /** A stable checkpoint of what f + 1 have decided; some learn of it, and some, who asked, get its state. */
  checkpoint(): void {
    const cluster = this.#cluster;
    const alive = cluster.replicas.filter((each) => cluster.alive(each));
    const decided = alive.map((each) => cluster.agreement(each).decided).sort((a, b) => b - a);
    const low: SequenceNumber = decided[Math.floor((cluster.n - 1) / 2)] ?? 0;
    for (const replica of alive) {
      const agreement = cluster.agreement(replica);
      const covered = Math.min(low, agreement.decided);
      if (covered > agreement.low && this.#random.chance(0.7)) cluster.advance(replica, covered);
    }
    this.transfer();
  }

  /** Gives every replica the state that its instance asked for. */
  transfer(): void {
    for (const { self, anchor } of this.#cluster.outruns.splice(0)) {
      if (this.#cluster.alive(self)) this.#cluster.jump(self, anchor);
    }
  }
}

function recover(cluster: AgreementCluster, trouble: Trouble): boolean {
  for (let round = 0; round < ROUNDS; round += 1) {
    cluster.run(30 * SECOND * 2 ** Math.min(round, 5));
    trouble.transfer();
    trouble.checkpoint();
    cluster.run(30 * SECOND);
    if (isUnited(cluster) && decidesMore(cluster, trouble)) return true;
    // The layer above blames the view that decides nothing, in time everywhere (dqbft.md 8).
    const view = Math.max(...cluster.replicas.map((replica) => cluster.agreement(replica).view));
    const suspected = isUnited(cluster) ? view + 1 : view;
    cluster.suspect(suspected, ...cluster.replicas);
  }
  return false;
}

/** All are in one view, and have decided the same. */
function isUnited(cluster: AgreementCluster): boolean {
  const [first, ...others] = cluster.replicas.map((replica) => cluster.agreement(replica));
  if (first === undefined || !first.active) return false;
  return others.every(({ active, view }) => active && view === first.view);
}

function decidesMore(cluster: AgreementCluster, trouble: Trouble): boolean {
  for (let i = 0; i < 3; i += 1) {
    const before = Math.max(...cluster.replicas.map((replica) => cluster.agreement(replica).decided));
    for (const replica of cluster.replicas) trouble.propose(replica, 2);
    for (const replica of cluster.replicas) cluster.act(replica, (agreement) => agreement.pursue(before));
    cluster.run(30 * SECOND);
    for (let j = 0; j < 3; j += 1) {
      trouble.checkpoint();
      cluster.run(10 * SECOND);
    }
    const after = cluster.replicas.map((replica) => cluster.agreement(replica).decided);
    if (Math.min(...after) < before + 2) return false;
  }
  return true;
}
