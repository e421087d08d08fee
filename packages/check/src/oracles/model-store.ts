import { readOperation, Tag } from "../plan/operations.ts";

/** What says that an operation is none: failed, and why. */
export const MALFORMED: Uint8Array = Uint8Array.of(1, 2);

/** The key-value service as a plain map: what one machine that never fails would answer. */
export class ModelStore {
  readonly values: Map<string, Uint8Array> = new Map();

  /** The outcome, as replies carry it: 0 for "done", then the service's result. */
  execute(operation: Uint8Array): Uint8Array {
    const read = readOperation(operation);
    if (read === null) return MALFORMED.slice();
    const { tag, key, value } = read;
    const before = this.values.get(key);
    if (tag === Tag.Get) return before === undefined ? Uint8Array.of(0, 0) : found(before);
    if (tag === Tag.Put) this.values.set(key, value.slice());
    else this.values.delete(key);
    return Uint8Array.of(0, before === undefined ? 0 : 1);
  }
}

function found(value: Uint8Array): Uint8Array {
  const outcome = new Uint8Array(2 + value.length);
  outcome[1] = 1;
  outcome.set(value, 2);
  return outcome;
}
