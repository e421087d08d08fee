import type { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Digest, InstanceId, ReplicaId, SequenceNumber } from "@destiny/core/kernel/ids";
import type { Driven } from "@destiny/core/replica/driven";
import { MessageKind, Vote } from "@destiny/core/wire/messages";
import type { Shipment, VoteCounter } from "./shipment.ts";

/** Votes that all replicas cast for one digest at one slot, and how many of them each has got. */
export class Ballot implements VoteCounter {
  readonly digest: Digest;
  /** So many votes, one's own among them, are what the protocol waits for. */
  readonly threshold: number;
  /** What all its votes are on the wire, but for who sends them: made with the first. */
  shipment: Shipment | null = null;
  /** In the order in which they were cast, and whose they are. */
  readonly #votes: Vote[] = [];
  readonly #voters: Uint16Array;
  readonly #voted: Uint8Array;
  readonly #arrived: Uint16Array;

  constructor(n: number, digest: Digest, threshold: number) {
    this.digest = digest;
    this.threshold = threshold;
    this.#voters = new Uint16Array(n);
    this.#voted = new Uint8Array(n);
    this.#arrived = new Uint16Array(n);
  }

  /** A replica votes. False if it has: then this is said again to whom it matters. */
  cast(from: ReplicaId, vote: Vote): boolean {
    if (this.#voted[from] === 1) return false;
    this.#voted[from] = 1;
    this.#voters[this.#votes.length] = from;
    this.#votes.push(vote);
    return true;
  }

  /**
   * One more vote comes to a replica, which is handed those that it needs now: all so far, when its own may make them enough; the
   * next one, when they are without; else none. They are taken in the order in which they were cast, for those that have come.
   */
  arrive(to: ReplicaId, driven: Driven, instance: InstanceId): void {
    const arrived = (this.#arrived[to] as number) + 1;
    this.#arrived[to] = arrived;
    if (arrived === this.threshold - 1) this.#hand(0, to, driven, instance);
    else if (arrived === this.threshold) this.#hand(arrived - 1, to, driven, instance);
  }

  /** Hands over what others voted, from the `first` on. */
  #hand(first: number, to: ReplicaId, driven: Driven, instance: InstanceId): void {
    const end = this.#arrived[to] as number;
    let others = 0;
    for (let place = 0; others < end && place < this.#votes.length; place += 1) {
      const from = this.#voters[place] as number;
      if (from === to) continue;
      if (others >= first) driven.receive(from, instance, this.#votes[place] as Vote);
      others += 1;
    }
  }
}

/** Slots of which votes are under way, for each instance and kind: more than any window holds. */
const SLOTS_MAX = 1_024;

/**
 * Counts votes that go from all to all, in place of the replicas that get them: a replica is handed what it has got when that may
 * be enough, and nothing of what comes after. When each vote arrives, what it costs, and when there are enough is exact; that
 * there are any is known later. Meant for runs in which replicas do no worse than to crash: whose votes they are is made up.
 *
 * Only first views are counted so: after a view change, votes of that instance go one by one.
 */
export class Ballots {
  readonly #n: number;
  readonly #thresholds: ReadonlyMap<number, number>;
  /** By kind and instance, then by slot, the oldest first. */
  readonly #open = new Map<number, Map<SequenceNumber, Ballot>>();

  constructor(n: number, thresholds: ReadonlyMap<number, number>) {
    this.#n = n;
    this.#thresholds = thresholds;
  }

  /** The ballot in which a broadcast is a vote; null if it is none, or has to be handed over by itself. */
  cast(from: ReplicaId, instance: InstanceId, content: object): Ballot | null {
    if (!(content instanceof Vote) || content.view !== 0) return null;
    const threshold = this.#thresholds.get(content.kind);
    if (threshold === undefined || threshold < 3) return null;
    const ballot = this.#claim(content, instance, threshold);
    return ballot.digest === content.digest && ballot.cast(from, content) ? ballot : null;
  }

  #claim({ kind, seq, digest }: Vote, instance: InstanceId, threshold: number): Ballot {
    const key = kind * 0x1_0000 + instance;
    let slots = this.#open.get(key);
    if (slots === undefined) {
      slots = new Map();
      this.#open.set(key, slots);
    }
    let ballot = slots.get(seq);
    if (ballot === undefined) {
      ballot = new Ballot(this.#n, digest, threshold);
      slots.set(seq, ballot);
      const [oldest] = slots.keys();
      if (slots.size > SLOTS_MAX && oldest !== undefined) slots.delete(oldest);
    }
    return ballot;
  }
}

/** Votes that go from all to all, by kind, and how many of them PBFT and Hybster wait for, one's own counted. */
export function voteThresholds(faults: FaultModel): ReadonlyMap<number, number> {
  return new Map<number, number>([
    [MessageKind.PbftPrepare, faults.quorumBeside(1)],
    [MessageKind.PbftCommit, faults.quorum],
    [MessageKind.HybsterCommit, faults.quorumBeside(1)],
  ]);
}
