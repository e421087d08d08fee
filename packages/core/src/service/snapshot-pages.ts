import { DecodeError } from "../wire/reader.ts";
import type { PagedState } from "./service.ts";

/** Bytes in every page but the last: 64 KiB. */
const PAGE_BYTES = 65_536;

/** What is cut into pages: a state that has bytes. */
export interface Snapshotted {
  /** A function of the state alone. */
  snapshot(): Uint8Array;
  /** Replaces the whole state. Throws {@link DecodeError}, and changes nothing, unless these are a state's bytes. */
  restore(bytes: Uint8Array): void;
}

/**
 * A state's snapshot, cut every 64 KiB. A checkpoint costs a snapshot of the whole state, and a change in length makes
 * all pages after it new: a large state belongs in a paged map.
 */
export class SnapshotPages implements PagedState {
  readonly #state: Snapshotted;
  #current: Uint8Array | null = null;
  /** As of the last `takeDirty`; null if every page is new. */
  #taken: Uint8Array | null = null;

  constructor(state: Snapshotted) {
    this.#state = state;
  }

  get pageCount(): number {
    return Math.ceil(this.#bytes().length / PAGE_BYTES);
  }

  /** To be called after every change of the state. */
  invalidate(): void {
    this.#current = null;
  }

  /** Exactly the pages whose bytes are not what they were. */
  takeDirty(): readonly number[] {
    const bytes = this.#bytes();
    const dirty: number[] = [];
    for (let index = 0; index < this.pageCount; index += 1) {
      if (this.#taken === null || !samePage(cut(bytes, index), cut(this.#taken, index))) dirty.push(index);
    }
    this.#taken = bytes;
    return dirty;
  }

  page(index: number): Uint8Array {
    return cut(this.#bytes(), index);
  }

  /** Throws {@link DecodeError}, and leaves the state as it was, unless these are the pages of a state. */
  load(pages: readonly Uint8Array[]): void {
    this.#state.restore(join(pages));
    this.#current = null;
    this.#taken = null;
  }

  #bytes(): Uint8Array {
    this.#current ??= this.#state.snapshot();
    return this.#current;
  }
}

function cut(bytes: Uint8Array, index: number): Uint8Array {
  return bytes.subarray(index * PAGE_BYTES, (index + 1) * PAGE_BYTES);
}

function samePage(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i += 1) if (a[i] !== b[i]) return false;
  return true;
}

function join(pages: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pages.reduce((sum, page) => sum + page.length, 0));
  for (const [index, page] of pages.entries()) {
    const full = index < pages.length - 1;
    if (page.length === 0 || page.length > PAGE_BYTES || (full && page.length < PAGE_BYTES)) {
      throw new DecodeError("pages that are cut elsewhere");
    }
    bytes.set(page, index * PAGE_BYTES);
  }
  return bytes;
}
