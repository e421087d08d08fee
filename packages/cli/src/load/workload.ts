import { randomFillSync, randomInt } from "node:crypto";
import { encodePut } from "@destiny/core/service/key-value";
import { encodeOperation, OperationKind } from "@destiny/core/service/operation";

/** Values made beforehand: making them must not be what is measured. */
const VALUES = 256;

/** Puts of random values under keys taken in turn. */
export class Workload {
  readonly #values: readonly Uint8Array[];
  readonly #keys: number;
  readonly #bundle: number;
  #next: number;

  constructor(options: { readonly payloadBytes: number; readonly keys: number; readonly bundle: number }) {
    this.#values = Array.from({ length: VALUES }, () => randomFillSync(new Uint8Array(options.payloadBytes)));
    this.#keys = options.keys;
    this.#bundle = options.bundle;
    this.#next = randomInt(options.keys);
  }

  /** What one client signs next. */
  request(): Uint8Array[] {
    return Array.from({ length: this.#bundle }, () => this.#put());
  }

  #put(): Uint8Array {
    const number = this.#next;
    this.#next += 1;
    const value = this.#values[number % VALUES] ?? new Uint8Array();
    return encodeOperation(OperationKind.Command, encodePut(`load-${number % this.#keys}`, value));
  }
}
