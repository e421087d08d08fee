/** A directed scenario did not end as it should. */
class Unexpected extends Error {
  override readonly name = "Unexpected";
}

/** Ends a scenario that does not come out as it should. */
export function demand(condition: boolean, says: string): asserts condition {
  if (!condition) throw new Unexpected(says);
}
