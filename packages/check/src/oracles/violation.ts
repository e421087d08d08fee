import type { ReplicaId } from "@destiny/core/kernel/ids";

/** Names of what must always hold, as in the reliability programme: S1 to S14 for safety, L1 for liveness. */
export type OracleName =
  | "S1 agreement"
  | "S2 one certified value"
  | "S3 certificate soundness"
  | "S4 mapping"
  | "S5 execution gate"
  | "S6 client signature"
  | "S7 view monotonicity"
  | "S8 new-view completeness"
  | "S9 trusted counter"
  | "S10 checkpoint"
  | "S11 reply"
  | "S12 linearizability"
  | "S13 determinism"
  | "S14 bounded memory"
  | "L1 liveness"
  | "L2 convergence"
  | "L8 amplification"
  | "L10 re-admission"
  | "W1 wire"
  | "no crash";

/** An oracle saw what must never be. Thrown in the middle of the event that brought it about. */
export class Violation extends Error {
  override readonly name = "Violation";
  readonly oracle: OracleName;
  /** Whose trusted subsystem has broken its rules; null if it is not about that. */
  readonly untrusted: ReplicaId | null;

  constructor(oracle: OracleName, message: string, untrusted: ReplicaId | null = null) {
    super(message);
    this.oracle = oracle;
    this.untrusted = untrusted;
  }
}

/** Demands what an oracle promises. */
export function demand(condition: boolean, oracle: OracleName, message: () => string): asserts condition {
  if (!condition) throw new Violation(oracle, message());
}
