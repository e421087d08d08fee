/**
 * The replicated service: a deterministic state machine. The same operations in the same order must give the same results
 * and the same pages at every replica: no clock, no randomness, no IO, no dependence on platform or locale.
 */
export interface Service {
  /**
   * Executes one operation and returns its result. A throw becomes the same failed outcome at every replica, and must
   * leave the state as it was; {@link MalformedOperation} says that the operation is not one of this service's.
   */
  apply(operation: Uint8Array): Uint8Array;
  /** Answers a question without changing the state. A throw becomes a failed outcome. */
  query(question: Uint8Array): Uint8Array;
  readonly state: PagedState;
}

/** State cut into numbered pages, so that a checkpoint hashes and saves only what changed. */
export interface PagedState {
  /** How many pages there are now; a page may be empty. */
  readonly pageCount: number;
  /** The pages changed since the last call, in ascending order. After construction or `load`: every page. */
  takeDirty(): readonly number[];
  /** A page's bytes: a function of the state alone, never of how it came about. */
  page(index: number): Uint8Array;
  /** Replaces the whole state. The bytes were proven by a checkpoint certificate. */
  load(pages: readonly Uint8Array[]): void;
}

/** The operation or question is not one that the service knows how to read. The client's fault, and the state is as it was. */
export class MalformedOperation extends Error {
  override readonly name = "MalformedOperation";
}
