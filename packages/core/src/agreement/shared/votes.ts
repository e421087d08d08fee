import type { Digest, ReplicaId, View } from "../../kernel/ids.ts";
import { invariant } from "../../kernel/invariant.ts";

/** What of a vote counts. */
interface Ballot {
  readonly view: View;
  readonly digest: Digest;
}

/** Senders to a word: as many as fit into a small integer. */
const SENDERS_PER_WORD = 30;

/** Who votes for one digest in one view: a bit for each, since thousands of slots have hundreds of them. */
class Tally {
  readonly view: View;
  readonly digest: Digest;
  count = 0;
  /** Made at once for as many as large clusters have: what grows later lies elsewhere in memory, and that is looked at last. */
  readonly #senders: number[] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];

  constructor(view: View, digest: Digest) {
    this.view = view;
    this.digest = digest;
  }

  isOf(view: View, digest: Digest): boolean {
    return this.digest === digest && this.view === view;
  }

  has(sender: ReplicaId): boolean {
    const word = this.#senders[Math.floor(sender / SENDERS_PER_WORD)] ?? 0;
    return (word & (1 << (sender % SENDERS_PER_WORD))) !== 0;
  }

  /** One who is not among them yet. */
  add(sender: ReplicaId): void {
    this.#flip(sender);
    this.count += 1;
  }

  /** One who is among them. */
  remove(sender: ReplicaId): void {
    this.#flip(sender);
    this.count -= 1;
  }

  #flip(sender: ReplicaId): void {
    const place = Math.floor(sender / SENDERS_PER_WORD);
    while (this.#senders.length <= place) this.#senders.push(0);
    this.#senders[place] = (this.#senders[place] as number) ^ (1 << (sender % SENDERS_PER_WORD));
  }
}

/** What became of a vote that came in. */
export type Counted = "counted" | "known" | "conflict";

/**
 * One vote of each sender, that of the newest view, whatever this replica's view is: bounded by n (pbft.md 0). The votes
 * themselves are kept only if they are to be shown to others.
 */
export class Votes<Vote extends Ballot> {
  /** In the order in which they came, and whose they are: smaller than a map, and large clusters have thousands of these. */
  #votes: Vote[] | null;
  readonly #senders: ReplicaId[] = [];
  /** One entry for each view and digest that somebody votes for. */
  readonly #tallies: Tally[] = [];
  #size = 0;

  constructor(keeps = true) {
    this.#votes = keeps ? [] : null;
  }

  /** Different senders. */
  get size(): number {
    return this.#size;
  }

  /** The first vote of a sender in a view stays. */
  add(from: ReplicaId, vote: Vote): Counted {
    const before = this.#tallyOf(from);
    if (before !== undefined) {
      if (before.view > vote.view) return "known";
      if (before.view === vote.view) return before.digest === vote.digest ? "known" : "conflict";
      this.#uncount(before, from);
    }
    if (this.#votes !== null) {
      this.#votes.push(vote);
      this.#senders.push(from);
    }
    this.#size += 1;
    let tally = this.#find(vote.view, vote.digest);
    if (tally === undefined) {
      tally = new Tally(vote.view, vote.digest);
      this.#tallies.push(tally);
    }
    tally.add(from);
    return "counted";
  }

  count(view: View, digest: Digest): number {
    return this.#find(view, digest)?.count ?? 0;
  }

  /** A digest that so many senders support in the same view: in this one, if one is given. */
  reached(threshold: number, view: View | null = null): Ballot | null {
    for (const tally of this.#tallies) {
      if (tally.count >= threshold && (view === null || tally.view === view)) return tally;
    }
    return null;
  }

  /** Who supports a digest, of the view if one is given, in ascending order. */
  supporting(digest: Digest, view: View | null): readonly (readonly [ReplicaId, Vote])[] {
    invariant(this.#votes !== null, "votes that are kept");
    return this.#votes
      .map((vote, index) => [this.#senders[index] as ReplicaId, vote] as const)
      .filter(([, vote]) => vote.digest === digest && (view === null || vote.view === view))
      .sort(([a], [b]) => a - b);
  }

  /** Those that are kept are needed no more, nor any that come. */
  close(): void {
    this.#votes = null;
    this.#senders.length = 0;
  }

  #find(view: View, digest: Digest): Tally | undefined {
    for (const tally of this.#tallies) if (tally.isOf(view, digest)) return tally;
    return undefined;
  }

  #tallyOf(sender: ReplicaId): Tally | undefined {
    for (const tally of this.#tallies) if (tally.has(sender)) return tally;
    return undefined;
  }

  #uncount(tally: Tally, sender: ReplicaId): void {
    tally.remove(sender);
    this.#size -= 1;
    const index = this.#senders.indexOf(sender);
    if (index >= 0) {
      this.#senders.splice(index, 1);
      this.#votes?.splice(index, 1);
    }
    if (tally.count === 0) this.#tallies.splice(this.#tallies.indexOf(tally), 1);
  }
}
