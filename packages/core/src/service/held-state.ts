import { DecodeError } from "../wire/reader.ts";
import { decodeJson, encodeJson } from "./canonical-json.ts";
import { UndoTree } from "./draft.ts";
import type { Snapshotted } from "./snapshot-pages.ts";

/** A state that commands change as a whole or not at all. */
export interface HeldState<State> extends Snapshotted {
  /** Runs a command. If it throws, the state is as it was before. */
  change<Result>(run: (state: State) => Result): Result;
  /** Runs a query. */
  read<Result>(run: (state: State) => Result): Result;
}

/** How a state that is not plain data becomes bytes, and is made of them. */
export interface Snapshots<State> {
  /** New bytes, the same for equal states however they came about. */
  readonly snapshot: (state: State) => Uint8Array;
  /** A new state that shares nothing with the bytes. */
  readonly restore: (bytes: Uint8Array) => State;
}

/** Plain data, snapshot as canonical JSON. A command costs what it touches; a query that changes the state throws. */
export class PlainState<State extends object> implements HeldState<State> {
  #tree: UndoTree;

  constructor(initial: State) {
    this.#tree = new UndoTree(initial);
  }

  change<Result>(run: (state: State) => Result): Result {
    const tree = this.#tree;
    return tree.change(() => run(tree.draft as State));
  }

  read<Result>(run: (state: State) => Result): Result {
    const tree = this.#tree;
    return tree.read(() => run(tree.draft as State));
  }

  snapshot(): Uint8Array {
    return encodeJson(this.#tree.root);
  }

  restore(bytes: Uint8Array): void {
    const state = decodeJson(bytes);
    if (typeof state !== "object" || state === null) throw new DecodeError("a state is an object or a list");
    checkCanonical(bytes, encodeJson(state));
    this.#tree = new UndoTree(state);
  }
}

/**
 * A state of any kind. Every command costs a snapshot of the whole state, so that one whose state has no snapshot fails
 * alone, and a restoration if it throws. That queries change nothing is their author's promise.
 */
export class CustomState<State> implements HeldState<State> {
  readonly #snapshots: Snapshots<State>;
  #bytes: Uint8Array;
  #state: State;

  constructor(initial: State, snapshots: Snapshots<State>) {
    this.#snapshots = snapshots;
    this.#bytes = snapshots.snapshot(initial);
    this.#state = snapshots.restore(copyOf(this.#bytes));
  }

  change<Result>(run: (state: State) => Result): Result {
    try {
      const result = run(this.#state);
      this.#bytes = this.#snapshots.snapshot(this.#state);
      return result;
    } catch (error) {
      this.#state = this.#snapshots.restore(copyOf(this.#bytes));
      throw error;
    }
  }

  read<Result>(run: (state: State) => Result): Result {
    return run(this.#state);
  }

  snapshot(): Uint8Array {
    return this.#bytes;
  }

  restore(bytes: Uint8Array): void {
    const state = this.#snapshots.restore(copyOf(bytes));
    checkCanonical(bytes, this.#snapshots.snapshot(state));
    this.#state = state;
    this.#bytes = copyOf(bytes);
  }
}

/** New bytes even of a Buffer, whose `slice` is a view. */
function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}

function checkCanonical(bytes: Uint8Array, again: Uint8Array): void {
  if (bytes.length !== again.length || bytes.some((byte, index) => byte !== again[index])) {
    throw new DecodeError("a snapshot in a second spelling");
  }
}
