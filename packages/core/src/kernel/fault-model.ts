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

  private constructor(kind: "byzantine" | "hybrid", n: number, f: number, quorum: number) {
    this.kind = kind;
    this.n = n;
    this.f = f;
    this.quorum = quorum;
    this.oneCorrect = f + 1;
  }

  /** Votes that make a quorum together with so many that are certain. */
  quorumBeside(certain: number): number {
    return this.quorum - certain;
  }

  /** n > 3f. Any two quorums share f + 1 replicas, so at least one correct one: 2f + 1 if n = 3f + 1. */
  static byzantine(n: number): FaultModel {
    const f = Math.floor((n - 1) / 3);
    return new FaultModel("byzantine", n, f, Math.ceil((n + f + 1) / 2));
  }

  /**
   * n > 2f. Trusted counters rule out equivocation, so sharing one replica is enough: f + 1 if n = 2f + 1. For even n
   * a quorum of f + 1 would be unsafe: at n = 4 two disjoint pairs could each decide (hybster.md, head).
   */
  static hybrid(n: number): FaultModel {
    const f = Math.floor((n - 1) / 2);
    return new FaultModel("hybrid", n, f, Math.floor(n / 2) + 1);
  }
}
