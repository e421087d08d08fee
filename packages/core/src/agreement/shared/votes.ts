import type { Digest, ReplicaId, View } from "../../kernel/ids.ts";

/** What of a vote counts. */
interface Ballot {
  readonly view: View;
  readonly digest: Digest;
}

interface Tally {
  readonly view: View;
  readonly digest: Digest;
  count: number;
}

/** What became of a vote that came in. */
export type Counted = "counted" | "known" | "conflict";

/** One vote of each sender, that of the newest view, whatever this replica's view is: bounded by n (pbft.md 0). */
export class Votes<Vote extends Ballot> {
  readonly #votes = new Map<ReplicaId, Vote>();
  /** One entry for each view and digest that somebody votes for. */
  readonly #tallies: Tally[] = [];

  /** Different senders. */
  get size(): number {
    return this.#votes.size;
  }

  /** The first vote of a sender in a view stays. */
  add(from: ReplicaId, vote: Vote): Counted {
    const before = this.#votes.get(from);
    if (before !== undefined) {
      if (before.view > vote.view) return "known";
      if (before.view === vote.view) return before.digest === vote.digest ? "known" : "conflict";
      this.#uncount(before);
    }
    this.#votes.set(from, vote);
    const tally = this.#find(vote.view, vote.digest);
    if (tally === undefined) this.#tallies.push({ view: vote.view, digest: vote.digest, count: 1 });
    else tally.count += 1;
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

  of(sender: ReplicaId): Vote | undefined {
    return this.#votes.get(sender);
  }

  /** Who supports a digest, of the view if one is given, in ascending order. */
  supporting(digest: Digest, view: View | null): readonly (readonly [ReplicaId, Vote])[] {
    return [...this.#votes]
      .filter(([, vote]) => vote.digest === digest && (view === null || vote.view === view))
      .sort(([a], [b]) => a - b);
  }

  #find(view: View, digest: Digest): Tally | undefined {
    return this.#tallies.find((tally) => tally.digest === digest && tally.view === view);
  }

  #uncount({ view, digest }: Vote): void {
    const index = this.#tallies.findIndex((tally) => tally.digest === digest && tally.view === view);
    const tally = this.#tallies[index];
    if (tally === undefined) return;
    tally.count -= 1;
    if (tally.count === 0) this.#tallies.splice(index, 1);
  }
}
