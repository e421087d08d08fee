/** Our own code broke a promise. Fatal: the process must stop rather than go on from an impossible state. */
export class InvariantViolation extends Error {
  override readonly name = "InvariantViolation";
}

/** Asserts what our own code guarantees. Never used for what a peer, a client or an operator sent us. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantViolation(message);
}

/** The value, which our own code guarantees to be there. */
export function present<T>(value: T | null | undefined, message: string): T {
  if (value === null || value === undefined) throw new InvariantViolation(message);
  return value;
}
