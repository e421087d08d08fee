/** LMDB's two headers. */
const HEADER_PAGES = 2;

/**
 * Which pages of LMDB's file are spoken for. LMDB writes to whatever its list of free pages names: one that is also in use is
 * overwritten, and a stale page in use is on that list. So each page may be claimed once, by a tree or by the list.
 */
export class PageClaims {
  readonly #lastPage: number;
  readonly #claimed: Uint8Array;

  constructor(lastPage: number) {
    this.#lastPage = lastPage;
    this.#claimed = new Uint8Array(Math.floor(lastPage / 8) + 1);
  }

  /** Claims so many pages; false if they are not all in the file, or one was claimed before. */
  take(first: number, count: number): boolean {
    const last = first + count - 1;
    if (!(first >= HEADER_PAGES && count >= 1 && last <= this.#lastPage)) return false;
    for (let page = first; page <= last; page += 1) {
      const bit = 1 << (page & 7);
      const at = page >>> 3;
      const claimed = this.#claimed[at] ?? 0;
      if ((claimed & bit) !== 0) return false;
      this.#claimed[at] = claimed | bit;
    }
    return true;
  }
}

/** Pages that a record of the free list names; null if it is none. */
export function* freeSpans(
  record: Buffer,
): Generator<{ readonly first: number; readonly count: number } | null> {
  const numbers = record.length / 8 - 1;
  const length = record.length < 8 ? numbers + 1 : Number(record.readBigUInt64LE(0));
  if (!(length <= numbers)) return yield null;
  for (let at = 1; at <= length; at += 1) {
    const entry = Number(record.readBigInt64LE(8 * at));
    if (entry > 0) yield { first: entry, count: 1 };
    if (entry >= 0) continue;
    // A negative number is a count, and the page where they begin follows.
    at += 1;
    yield at > length ? null : { first: Number(record.readBigInt64LE(8 * at)), count: -entry };
  }
}
