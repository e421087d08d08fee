import type { StateRequest } from "@destiny/core/effects/effects";
import type { SequenceNumber } from "@destiny/core/kernel/ids";
import type { Store } from "../store/store.ts";

/** Reads pieces of saved pages for peers. A page may be many times larger than a piece: the last one read is remembered. */
export class PageReader {
  readonly #store: Pick<Store, "page">;
  #last: { readonly seq: SequenceNumber; readonly index: number; readonly bytes: Uint8Array } | null = null;

  constructor(store: Pick<Store, "page">) {
    this.#store = store;
  }

  /** Null if the checkpoint is not here, or has no such pieces. Throws DamagedRecordError. */
  pieces({ seq, pieces }: StateRequest): Uint8Array[] | null {
    const found: Uint8Array[] = [];
    for (const { index, offset, length } of pieces) {
      const page = this.#page(seq, index);
      if (page === undefined || page.length < offset + length) return null;
      found.push(page.subarray(offset, offset + length));
      this.#last = length < page.length ? { seq, index, bytes: page } : null;
    }
    return found;
  }

  #page(seq: SequenceNumber, index: number): Uint8Array | undefined {
    const last = this.#last;
    if (last !== null && last.seq === seq && last.index === index) return last.bytes;
    return this.#store.page(seq, index);
  }
}
