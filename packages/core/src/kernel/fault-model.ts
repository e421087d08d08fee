/** How many replicas may fail and how, and with it every quorum size: the only place with quorum arithmetic. */
export class FaultModel {
  readonly kind: "byzantine" | "hybrid";
  /** Replicas in the cluster. */
  readonly n: number;
  /** Replicas that may behave arbitrarily. */
  readonly f: number;
  /** Votes that decide a slot: any two quorums share enough replicas for the kind of fault. */
  readonly quorum: number;
  /** Votes of which at least one is from a correct replica. */
  readonly oneCorrect: number;
  /** Replicas that may be slow without ending the fast path, where there is one: `c` of sbft.md 1. */
  readonly c: number;

  private constructor(model: Pick<FaultModel, "kind" | "n" | "f" | "c" | "quorum">) {
    this.kind = model.kind;
    this.n = model.n;
    this.f = model.f;
    this.c = model.c;
    this.quorum = model.quorum;
    this.oneCorrect = model.f + 1;
  }

  /** Votes that decide a slot at once: all but c, 3f + c + 1 if n = 3f + 2c + 1 (sbft.md 1). */
  get fastQuorum(): number {
    return this.n - this.c;
  }

  /** Replicas that can be waited for: 2f + 2c + 1 if n = 3f + 2c + 1, `VQ` of sbft.md 1. */
  get available(): number {
    return this.n - this.f;
  }

  /** Correct replicas of a fast quorum that are among any {@link available}: f + c + 1 if n = 3f + 2c + 1 (sbft.md 7). */
  get fastWitnesses(): number {
    return this.fastQuorum + this.available - this.n - this.f;
  }

  /** Replicas that must vouch for a checkpoint before slots are forgotten: a quorum where votes are all that there is (sbft.md 6). */
  get stability(): number {
    return this.kind === "hybrid" ? this.oneCorrect : this.quorum;
  }

  /** Votes that make a quorum together with so many that are certain. */
  quorumBeside(certain: number): number {
    return this.quorum - certain;
  }

  /**
   * n > 3f + 2c. Any two quorums share f + 1 replicas, so at least one correct one: 2f + c + 1 if n = 3f + 2c + 1. Two values
   * cannot both have {@link fastWitnesses} among as many as are {@link available}.
   */
  static byzantine(n: number, c = 0): FaultModel {
    const f = Math.floor((n - 1 - 2 * c) / 3);
    return new FaultModel({ kind: "byzantine", n, f, c, quorum: Math.ceil((n + f + 1) / 2) });
  }

  /**
   * n > 2f. Trusted counters rule out equivocation, so sharing one replica is enough: f + 1 if n = 2f + 1. For even n
   * a quorum of f + 1 would be unsafe: at n = 4 two disjoint pairs could each decide (hybster.md, head).
   */
  static hybrid(n: number): FaultModel {
    const f = Math.floor((n - 1) / 2);
    return new FaultModel({ kind: "hybrid", n, f, c: 0, quorum: Math.floor(n / 2) + 1 });
  }
}
