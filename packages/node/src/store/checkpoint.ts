import type { SequenceNumber } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import { METADATA_KEYS, pageKey, parsePageKey, RANGES } from "./layout.ts";
import { PageVersions } from "./page-versions.ts";
import type { SealedDatabase } from "./sealed-database.ts";
import { type Change, type Unit, unitOf } from "./unit.ts";

/** What identifies a checkpoint. */
interface CheckpointHeader {
  readonly seq: SequenceNumber;
  /** Of each D-instance, the last slot that the checkpoint covers. */
  readonly cut: readonly SequenceNumber[];
  /** Pages of the whole state: indices run from 0 to below it. */
  readonly pageCount: number;
}

/** A checkpoint to be saved: the pages that changed since the last one. */
export interface NewCheckpoint extends CheckpointHeader {
  /** Of the caller's own making. */
  readonly meta: Uint8Array;
  readonly pages: Iterable<{ readonly index: number; readonly bytes: Uint8Array }>;
  /** Earlier checkpoints that stay readable beside it; none if absent. */
  readonly kept?: readonly SequenceNumber[];
}

/** A checkpoint that was saved. */
export interface Checkpoint extends StoredCheckpoint {
  readonly meta: Uint8Array;
  /** Those that are kept beside it, the oldest first. */
  readonly older: readonly StoredCheckpoint[];
}

/** A checkpoint whose pages are on the disk. */
export interface StoredCheckpoint extends CheckpointHeader {
  /**
   * A copy of a page; undefined when it was never saved.
   * @throws DamagedRecordError when it is not what was saved
   */
  page(index: number): Uint8Array | undefined;
}

/** The checkpoints of a store: the newest, and those that are kept beside it for as long as peers fetch them. */
export class Checkpoints {
  readonly #database: SealedDatabase;
  readonly #versions: PageVersions = new PageVersions();
  /** As they will be once all that was added is durable, the oldest first. */
  #headers: readonly CheckpointHeader[];

  /** @throws DamagedRecordError when they cannot be read */
  constructor(database: SealedDatabase) {
    this.#database = database;
    this.#headers = database.readJson<readonly CheckpointHeader[]>(METADATA_KEYS.checkpoints) ?? [];
    this.newest(); // What cannot be read is to be known before anything is built on it.
    for (const key of database.keys(RANGES.pages.start, RANGES.pages.end)) {
      const page = parsePageKey(key);
      if (page !== null) this.#versions.restore(page.index, page.seq);
    }
  }

  /** All that saving a checkpoint changes. */
  unit(checkpoint: NewCheckpoint): Unit {
    const { seq, cut, pageCount, meta, pages, kept = [] } = checkpoint;
    invariant(seq >= (this.#headers.at(-1)?.seq ?? 0), "checkpoints are saved in their order");
    const others = this.#headers.filter((header) => header.seq < seq && kept.includes(header.seq));
    this.#headers = [...others, { seq, cut, pageCount }];
    const changes: Change[] = [];
    for (const { index, bytes } of pages) {
      invariant(index < pageCount, "a saved page lies within the state");
      changes.push({ key: pageKey(index, seq), value: bytes, isNew: this.#versions.add(index, seq) });
    }
    for (const key of this.#versions.prune(this.#headers)) changes.push({ key, value: null });
    changes.push({ key: METADATA_KEYS.checkpoints, value: Buffer.from(JSON.stringify(this.#headers)) });
    changes.push({ key: METADATA_KEYS.checkpointMeta, value: meta });
    return unitOf(changes);
  }

  /** The newest durable one, if there is one. */
  newest(): Checkpoint | undefined {
    const headers = this.#database.readJson<readonly CheckpointHeader[]>(METADATA_KEYS.checkpoints) ?? [];
    const header = headers.at(-1);
    const meta = this.#database.read(METADATA_KEYS.checkpointMeta);
    if (header === undefined || meta === undefined) return undefined;
    const older = headers.slice(0, -1).map((each) => this.#stored(each));
    return { ...this.#stored(header), meta, older };
  }

  /** A page of a checkpoint that is kept and durable; else undefined. */
  page(seq: SequenceNumber, index: number): Uint8Array | undefined {
    const header = this.#headers.find((kept) => kept.seq === seq);
    return header === undefined ? undefined : this.#read(header, index);
  }

  #stored(header: CheckpointHeader): StoredCheckpoint {
    return { ...header, page: (index) => this.#read(header, index) };
  }

  #read(header: CheckpointHeader, index: number): Uint8Array | undefined {
    const version = this.#versions.find(header, index);
    return version === undefined ? undefined : this.#database.read(pageKey(index, version));
  }
}
