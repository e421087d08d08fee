import { readCommand, Tag } from "../plan/operations.ts";

/** The key-value service as a plain map: what one machine that never fails would answer. */
export class ModelStore {
  readonly values: Map<string, number> = new Map();

  /** The outcome, as replies carry it: 0 for "done", then the service's result. */
  execute(operation: Uint8Array): Uint8Array {
    const { tag, key, value } = readCommand(operation);
    const before = this.values.get(key);
    if (tag === Tag.Get) return before === undefined ? Uint8Array.of(0, 0) : found(before);
    if (tag === Tag.Put) this.values.set(key, value);
    else this.values.delete(key);
    return Uint8Array.of(0, before === undefined ? 0 : 1);
  }
}

function found(value: number): Uint8Array {
  const outcome = new Uint8Array(6);
  outcome[1] = 1;
  new DataView(outcome.buffer).setUint32(2, value, true);
  return outcome;
}
