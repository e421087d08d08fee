import type { SequenceNumber } from "@destiny/core/kernel/ids";
import { pageKey } from "./layout.ts";

/** A checkpoint, as far as it says which versions of pages are its own. */
export interface PageTable {
  readonly seq: SequenceNumber;
  readonly pageCount: number;
}

/**
 * Which versions of each page are in the store. A page is saved under the sequence number of the checkpoint that changed it,
 * beside the versions that earlier checkpoints still need; what no checkpoint needs any more goes.
 */
export class PageVersions {
  /** By page, ascending. */
  readonly #versions: Map<number, readonly SequenceNumber[]> = new Map();
  /** Pages of which there may be versions that nobody needs. */
  readonly #doubtful: Set<number> = new Set();

  /** Takes up a version that an earlier process left. Versions of a page come in ascending order. */
  restore(index: number, seq: SequenceNumber): void {
    this.#versions.set(index, [...(this.#versions.get(index) ?? []), seq]);
    this.#doubtful.add(index);
  }

  /** The version of a page that is a checkpoint's own; undefined if it was never saved. */
  find({ seq, pageCount }: PageTable, index: number): SequenceNumber | undefined {
    if (index >= pageCount) return undefined;
    return this.#versions.get(index)?.findLast((version) => version <= seq);
  }

  /** A checkpoint saves a page. False when it has saved it before. */
  add(index: number, seq: SequenceNumber): boolean {
    const versions = this.#versions.get(index) ?? [];
    this.#versions.set(index, [...versions.filter((version) => version < seq), seq]);
    this.#doubtful.add(index);
    return !versions.includes(seq);
  }

  /** Takes all versions off the books that none of these checkpoints needs, and returns their keys. */
  prune(tables: readonly PageTable[]): Buffer[] {
    const pageCount = Math.max(0, ...tables.map((table) => table.pageCount));
    for (const index of this.#versions.keys()) if (index >= pageCount) this.#doubtful.add(index);
    return [...this.#doubtful].flatMap((index) => this.#pruneOne(index, tables));
  }

  #pruneOne(index: number, tables: readonly PageTable[]): Buffer[] {
    const versions = this.#versions.get(index) ?? [];
    const needed = new Set(tables.map((table) => this.find(table, index)));
    const left = versions.filter((version) => needed.has(version));
    if (left.length === 0) this.#versions.delete(index);
    else this.#versions.set(index, left);
    if (left.length <= 1) this.#doubtful.delete(index);
    return versions.filter((version) => !needed.has(version)).map((version) => pageKey(index, version));
  }
}
