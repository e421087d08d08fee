/** The fault models, restated without a look at the product's: oracles must not share its mistakes. */
export interface Majorities {
  /** Replicas that may be faulty. */
  readonly faulty: number;
  /** Votes that decide. */
  readonly quorum: number;
  /** Votes that decide at once, where there is a fast path. */
  readonly fast: number;
  /** Votes of which one is a correct replica's. */
  readonly vouched: number;
  /** Votes that make a checkpoint stable: of a quorum where replicas may lie about all. */
  readonly stable: number;
}

/**
 * Largest f with n >= 3f + 2c + 1 or n >= 2f + 1, and the least votes that any two quorums must share enough of. `slow` is c,
 * whom the fast path does without: 0 in the hybrid model.
 */
export function majorities(kind: "byzantine" | "hybrid", n: number, slow: number): Majorities {
  const shareOfFaulty = kind === "byzantine" ? 3 : 2;
  let faulty = 0;
  while (shareOfFaulty * (faulty + 1) + 2 * slow < n) faulty += 1;
  // Two quorums overlap in 2q - n: in one correct replica, or in any one whose counter cannot lie.
  const overlap = kind === "byzantine" ? faulty + 1 : 1;
  let quorum = 1;
  while (2 * quorum - n < overlap) quorum += 1;
  const stable = kind === "byzantine" ? quorum : faulty + 1;
  return { faulty, quorum, fast: n - slow, vouched: faulty + 1, stable };
}
