import { encodeOperation, OperationKind } from "@destiny/core/service/operation";
import { MalformedOperation, type PagedState, type Service } from "@destiny/core/service/service";
import { Reader } from "@destiny/core/wire/reader";
import { Writer } from "@destiny/core/wire/writer";

const OPERATION_BYTES = 6;
const DONE = new Uint8Array(0);

/** An operation of the null service: a number, always of the same length. */
export function operation(number: number): Uint8Array {
  return encodeOperation(OperationKind.Command, new Writer(OPERATION_BYTES).u48(number).finish());
}

/**
 * A service that does nothing but count what it is told and chain it: replicas that executed other commands, or the same in
 * another order, have other states. One operation stands for a bundle of commands.
 */
export class NullService implements Service {
  readonly state: PagedState;
  readonly #executed: () => void;
  #count = 0;
  /** Of the numbers told so far, in their order. */
  #chain = 0;
  #dirty = true;

  /** `executed` is told of every operation. */
  constructor(executed: () => void) {
    this.#executed = executed;
    this.state = {
      pageCount: 1,
      takeDirty: () => this.#takeDirty(),
      page: () => new Writer(12).u48(this.#count).u32(this.#chain).finish(),
      load: (pages) => this.#load(pages),
    };
  }

  get count(): number {
    return this.#count;
  }

  apply(bytes: Uint8Array): Uint8Array {
    if (bytes.length !== OPERATION_BYTES) throw new MalformedOperation();
    const number = (bytes[5] ?? 0) | ((bytes[4] ?? 0) << 8) | ((bytes[3] ?? 0) << 16);
    this.#chain = Math.imul(this.#chain ^ number, 0x85eb_ca6b) >>> 0;
    this.#count += 1;
    this.#dirty = true;
    this.#executed();
    return DONE;
  }

  query(): Uint8Array {
    throw new MalformedOperation();
  }

  #takeDirty(): readonly number[] {
    const dirty = this.#dirty ? [0] : [];
    this.#dirty = false;
    return dirty;
  }

  #load([page]: readonly Uint8Array[]): void {
    const input = new Reader(page ?? DONE);
    this.#count = input.u48();
    this.#chain = input.u32();
    input.end();
    this.#dirty = true;
  }
}
