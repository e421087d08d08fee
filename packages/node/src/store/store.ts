import { realpathSync } from "node:fs";
import {
  COUNTER_MAX,
  type Digest,
  type InstanceId,
  type ReplicaId,
  type SequenceNumber,
} from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import { releaseFilePages } from "@destiny/crypto/memory/file-pages";
import { type Checkpoint, Checkpoints, type NewCheckpoint } from "./checkpoint.ts";
import { DataFile } from "./data-file.ts";
import { DirectoryLock } from "./directory-lock.ts";
import { GroupCommit } from "./group-commit.ts";
import { type LogKey, logKey, METADATA_KEYS, parseLogKey, retirementKey } from "./layout.ts";
import * as opening from "./opening.ts";
import { Retention, type Retirement, type Watermark } from "./retention.ts";
import type { SealedDatabase } from "./sealed-database.ts";
import type { StoreFailure } from "./store-errors.ts";
import { type Change, unitOf } from "./unit.ts";

/** What opening a store takes. */
export interface StoreOptions {
  /** Made if it is not there. One store each. */
  readonly dir: string;
  readonly cluster: Digest;
  readonly replica: ReplicaId;
  /** Disk space that retired records may take before the oldest are deleted. */
  readonly historyBytesMax: number;
  /**
   * Kinds whose sequence number is no slot: retiring leaves them alone, and an append replaces the one
   * before.
   */
  readonly keptKinds?: readonly number[];
  /**
   * The disk has failed: nothing can become durable any more and the replica must stop. Called once at most.
   */
  readonly failed: (failure: StoreFailure) => void;
  /** A group of records became durable, so many in so long. */
  readonly synced?: (records: number, seconds: number) => void;
}

/** A log record as it was appended. */
export interface StoredRecord {
  readonly key: LogKey;
  readonly value: Uint8Array;
}

/** What a store has and does, for metrics. */
export interface StoreStatistics {
  readonly liveRecords: number;
  readonly historyBytes: number;
  readonly pendingBytes: number;
  readonly fileBytes: number;
  /** Groups made durable since the store was opened: transactions, each with its sync. */
  readonly groups: number;
}

/** How often pages of the file that were read are given back to the system. */
const RELEASE_MILLIS = 250;
/** Log records deleted in one go, so that no turn of the event loop takes long. */
const EVICTION_RECORDS = 1_024;

/**
 * The durable memory of one replica: its log and its latest checkpoint. Writes join a group and are synced
 * off the event loop, in order; the reads see what is durable.
 */
export class Store {
  readonly #dir: string;
  readonly #lock: DirectoryLock;
  readonly #database: SealedDatabase;
  readonly #file: DataFile;
  readonly #retention: Retention;
  readonly #commit: GroupCommit;
  /** All records of the newest retirement are on the disk, and can be found there, from this position on. */
  #retiredAt = 0;
  #eviction: { readonly piece: Retirement; readonly keys: Iterator<Buffer> } | null = null;
  #evictionAt = 0;
  readonly #release: NodeJS.Timeout;
  readonly #checkpoints: Checkpoints;
  #closed = false;

  private constructor(options: StoreOptions, lock: DirectoryLock, database: SealedDatabase) {
    this.#dir = options.dir;
    this.#lock = lock;
    this.#database = database;
    this.#retention = new Retention(options.historyBytesMax, options.keptKinds ?? []);
    const account = opening.restore(database, options.dir, this.#retention);
    this.#checkpoints = new Checkpoints(database);
    this.#file = new DataFile(opening.dataPath(options.dir));
    const { failed, synced = () => undefined } = options;
    this.#commit = new GroupCommit(database, this.#file, account, { failed, synced });
    this.#commit.onDurable(() => this.#evict());
    // LMDB reads by a mapping of its file; what it has looked at would count as our memory for good.
    const path = realpathSync(opening.dataPath(options.dir));
    this.#release = setInterval(() => releaseFilePages(path), RELEASE_MILLIS).unref();
    this.#evict();
  }

  /**
   * Opens the store of a replica, or makes a new one.
   * @throws ConfigurationError when the directory is another replica's, is in use, is damaged or cannot be
   * written
   */
  static async open(options: StoreOptions): Promise<Store> {
    const { dir } = options;
    opening.prepareDirectory(dir);
    const lock = DirectoryLock.take(dir);
    let database: SealedDatabase | null = null;
    try {
      const expected = opening.identityOf(options.cluster, options.replica);
      if (!opening.checkDataFile(dir)) await opening.initialise(dir, expected);
      const opened = opening.openDatabase(dir);
      database = opened;
      opening.readingErrors(dir, () => opening.checkIdentity(opened, dir, expected));
      return opening.readingErrors(dir, () => new Store(options, lock, opened));
    } catch (error) {
      await database?.close();
      lock.release();
      throw error;
    }
  }

  /**
   * Adds a record to the current group, or replaces the one under its key. The value must not change until it
   * is durable. A record that a retired checkpoint stands for is not kept. `wanted` says that something
   * waits for it.
   */
  append(key: LogKey, value: Uint8Array, wanted = true): void {
    const bytes = logKey(key);
    const retired = this.#retention.isRetired(key);
    const isNew = !retired && this.#retention.add(key, value.byteLength);
    this.#commit.add(unitOf(retired ? [] : [{ key: bytes, value, isNew }]), wanted);
  }

  /** The position of everything written so far. */
  barrier(): number {
    return this.#commit.position;
  }

  /** Everything up to this position is durable. */
  get durablePosition(): number {
    return this.#commit.durablePosition;
  }

  /**
   * Resolves when everything up to the position is durable; rejects with {@link StoreFailure} if it never
   * will be.
   */
  whenDurable(position: number): Promise<void> {
    return this.#commit.whenDurable(position);
  }

  /** Calls back with the durable position after every group, in order. */
  onDurable(callback: (position: number) => void): void {
    this.#commit.onDurable(callback);
  }

  /**
   * Replaces the checkpoint, as one with nothing in between: after a crash there is the old one or the new
   * one, and with the new one everything written before it. Pages not given stay; those from `pageCount` on
   * are dropped. Earlier checkpoints that are to be kept can still be read by {@link page}. The bytes must not
   * change until they are durable.
   */
  saveCheckpoint(checkpoint: NewCheckpoint): void {
    this.#commit.add(this.#checkpoints.unit(checkpoint), false);
  }

  /**
   * The latest durable checkpoint. Its pages are read when asked for: to be used up before the next one is
   * saved.
   * @throws DamagedRecordError when it cannot be read, as its `page` may
   */
  loadCheckpoint(): Checkpoint | undefined {
    return this.#checkpoints.newest();
  }

  /**
   * A copy of a page of the newest checkpoint or of one that is kept; undefined when that is not here, or not
   * durable yet.
   * @throws DamagedRecordError when it is not what was saved
   */
  page(seq: SequenceNumber, index: number): Uint8Array | undefined {
    return this.#checkpoints.page(seq, index);
  }

  /**
   * All durable live records in key order, from a key on: those that no retired checkpoint stands for.
   * @throws DamagedRecordError at a record whose checksum does not match
   */
  *records(from?: LogKey): Generator<StoredRecord> {
    const start = from === undefined ? Buffer.alloc(0) : logKey(from);
    for (const { instance, kind, firstSeq } of this.#retention.lanes()) {
      const first = logKey({ instance, kind, seq: firstSeq });
      const end = opening.after(logKey({ instance, kind, seq: COUNTER_MAX }));
      yield* this.#stored(start.compare(first) > 0 ? start : first, end);
    }
  }

  /**
   * Durable records of one instance and kind, live or history, from `fromSeq` to `toSeq` with both: as many
   * as fit in `bytesMax`, and the first in any case.
   * @throws DamagedRecordError at a record whose checksum does not match
   */
  range(
    lane: { readonly instance: InstanceId; readonly kind: number },
    fromSeq: SequenceNumber,
    toSeq: SequenceNumber,
    bytesMax: number,
  ): { readonly seq: SequenceNumber; readonly value: Uint8Array }[] {
    const records: { seq: SequenceNumber; value: Uint8Array }[] = [];
    if (fromSeq > toSeq) return records;
    let bytes = 0;
    const end = opening.after(logKey({ ...lane, seq: toSeq }));
    for (const { key, value } of this.#stored(logKey({ ...lane, seq: fromSeq }), end)) {
      bytes += value.byteLength;
      if (records.length > 0 && bytes > bytesMax) break;
      records.push({ seq: key.seq, value });
    }
    return records;
  }

  /**
   * A checkpoint became stable: of each instance named, the records up to its sequence number become history.
   * When history takes more than `historyBytesMax`, the records retired first are deleted.
   */
  retire(watermarks: readonly Watermark[]): void {
    const retired = this.#retention.retire(watermarks, (key) => this.#database.measure(logKey(key)));
    if (retired === null) return;
    const { number, ...content } = retired.piece;
    const changes: Change[] = [
      { key: retirementKey(number), value: Buffer.from(JSON.stringify(content)), isNew: retired.isNew },
      { key: METADATA_KEYS.watermarks, value: Buffer.from(JSON.stringify(this.#retention.watermarks())) },
    ];
    this.#commit.add(unitOf(changes), false);
    this.#retiredAt = this.#commit.position;
  }

  statistics(): StoreStatistics {
    return {
      liveRecords: this.#retention.liveRecords,
      historyBytes: this.#retention.historyBytes,
      pendingBytes: this.#commit.pendingBytes,
      fileBytes: this.#file.bytes,
      groups: this.#commit.groups,
    };
  }

  /** Makes all that was written durable, then lets go of the directory. Nothing may be written any more. */
  async close(): Promise<void> {
    invariant(!this.#closed, `the store in ${this.#dir} is closed once`);
    this.#closed = true;
    clearInterval(this.#release);
    await this.#commit.close();
    await this.#database.close();
    await this.#file.close();
    this.#lock.release();
  }

  /** A record that is deleted meanwhile is passed over. */
  *#stored(start: Buffer, end: Buffer): Generator<StoredRecord> {
    for (const bytes of this.#database.keys(start, end)) {
      const key = parseLogKey(bytes);
      const value = this.#database.read(bytes);
      if (key === null || value === undefined) continue;
      this.#retention.measured(key, value.byteLength);
      yield { key, value };
    }
  }

  /** Deletes a little of what history has too much, once it is all on the disk. Goes on after each group. */
  #evict(): void {
    const durable = this.#commit.durablePosition;
    if (this.#closed || durable < this.#retiredAt || durable < this.#evictionAt) return;
    this.#eviction ??= this.#nextEviction();
    if (this.#eviction === null) return;
    const { piece, keys } = this.#eviction;
    const changes: Change[] = [];
    while (changes.length < EVICTION_RECORDS) {
      const next = keys.next();
      if (next.done === true) break;
      changes.push({ key: next.value, value: null });
    }
    if (changes.length < EVICTION_RECORDS) {
      changes.push({ key: retirementKey(piece.number), value: null });
      this.#eviction = null;
    }
    this.#commit.add(unitOf(changes), false);
    this.#evictionAt = this.#commit.position;
  }

  #nextEviction(): { readonly piece: Retirement; readonly keys: Iterator<Buffer> } | null {
    const piece = this.#retention.takeExcess();
    return piece === null ? null : { piece, keys: this.#keysOf(piece) };
  }

  *#keysOf(piece: Retirement): Generator<Buffer> {
    for (const span of this.#retention.evict(piece)) {
      yield* opening.keysOfSpan(this.#database, span, (kind) => this.#retention.isKept(kind));
    }
  }
}
