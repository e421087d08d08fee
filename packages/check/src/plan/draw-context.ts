import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import type { Random } from "@destiny/core/kernel/random";

/** What a seed is to be a plan for. */
export interface DrawOptions {
  readonly protocol: string;
  readonly kind: "byzantine" | "hybrid";
  readonly n: number;
  /** `c` of SBFT; 0 for any other protocol. */
  readonly slow: number;
  readonly seed: number;
  /** Behaviours to choose from for replicas that are to be Byzantine; none if empty. */
  readonly behaviours: readonly string[];
  /** Behaviours to choose from for Byzantine clients; none if empty. */
  readonly rogues: readonly string[];
  /** Whether replicas may die for good, or lose their disk: the protocol has what it takes to go on. */
  readonly permanent: boolean;
}

/** What the parts of a plan are drawn from. */
export interface DrawContext extends DrawOptions {
  readonly maxFaulty: number;
  readonly troubleMicros: Micros;
  /** A stream of its own for this part: whether another part is drawn changes nothing here. */
  readonly random: Random;
}

/** The replicas in a random order. */
export function shuffled(n: number, random: Random): ReplicaId[] {
  const order = Array.from({ length: n }, (_, replica) => replica);
  for (let last = n - 1; last > 0; last -= 1) {
    const other = random.below(last + 1);
    [order[last], order[other]] = [order[other] ?? 0, order[last] ?? 0];
  }
  return order;
}
