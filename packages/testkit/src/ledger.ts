import { MalformedOperation, type PagedState, type Service } from "@destiny/core/service/service";
import { DecodeError, Reader } from "@destiny/core/wire/reader";
import { decodeUtf8, encodeUtf8 } from "@destiny/core/wire/utf8";
import { Writer } from "@destiny/core/wire/writer";

/** Commands on one page. */
const PAGE = 16;

/** A service that remembers every command in order: what a replica executed is what its ledger says. */
export class Ledger implements Service, PagedState {
  readonly state: PagedState = this;
  #commands: string[] = [];
  readonly #dirty = new Set<number>([0]);

  /** Every command executed, in order. */
  get commands(): readonly string[] {
    return this.#commands;
  }

  /** Appends, and answers with the place in the ledger. "throw" throws. */
  apply(operation: Uint8Array): Uint8Array {
    const command = decodeUtf8(operation);
    if (command === "throw") throw new Error("as asked");
    if (command === "malformed") throw new MalformedOperation("as asked");
    this.#dirty.add(Math.floor(this.#commands.length / PAGE));
    this.#commands.push(command);
    return new Writer(4).u32(this.#commands.length).finish();
  }

  /** How many commands there are. */
  query(_question: Uint8Array): Uint8Array {
    return new Writer(4).u32(this.#commands.length).finish();
  }

  get pageCount(): number {
    return Math.max(1, Math.ceil(this.#commands.length / PAGE));
  }

  takeDirty(): readonly number[] {
    const dirty = [...this.#dirty].sort((a, b) => a - b);
    this.#dirty.clear();
    return dirty;
  }

  page(index: number): Uint8Array {
    const commands = this.#commands.slice(index * PAGE, (index + 1) * PAGE);
    const out = new Writer().u32(commands.length);
    for (const command of commands) out.bytes(encodeUtf8(command));
    return out.finish();
  }

  load(pages: readonly Uint8Array[]): void {
    this.#commands = [];
    this.#dirty.clear();
    for (const [index, bytes] of pages.entries()) {
      const input = new Reader(bytes);
      const count = input.u32();
      if (count > PAGE) throw new DecodeError("a page of another ledger");
      for (let i = 0; i < count; i += 1) this.#commands.push(decodeUtf8(input.bytes(1 << 20)));
      input.end();
      this.#dirty.add(index);
    }
  }
}
