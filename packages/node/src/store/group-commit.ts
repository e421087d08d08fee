import { invariant } from "@destiny/core/kernel/invariant";
import type { DataFile } from "./data-file.ts";
import { METADATA_KEYS } from "./layout.ts";
import type { Operation, SealedDatabase } from "./sealed-database.ts";
import { StoreFailure } from "./store-errors.ts";
import { type Account, accountAfter, type Unit } from "./unit.ts";

/** Bytes after which a group takes no further unit. Larger ones only add latency. */
export const GROUP_BYTES_MAX: number = 16 * 1024 * 1024;
/** How long what nobody waits for may wait for company. */
const LEISURE_MILLIS = 20;
/** Bytes that nobody waits for and that go out all the same. */
const LEISURE_BYTES_MAX = 1024 * 1024;
/** A disk that has not answered for so long has failed. */
const PATIENCE_MILLIS = 60_000;
const PATIENCE_CHECK_MILLIS = 5_000;

interface Waiter {
  readonly position: number;
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/** Who hears of groups. */
interface GroupCommitListener {
  failed(failure: StoreFailure): void;
  synced(units: number, seconds: number): void;
}

/**
 * Makes units durable in order, one transaction and sync at a time; whatever comes meanwhile forms the next
 * group. Positions count units from 1: all units up to the durable position are on the disk.
 */
export class GroupCommit {
  readonly #database: SealedDatabase;
  readonly #file: DataFile;
  readonly #told: GroupCommitListener;
  readonly #watchdog: NodeJS.Timeout;
  readonly #listeners: ((position: number) => void)[] = [];
  #queue: Unit[] = [];
  #waiters: Waiter[] = [];
  #account: Account;
  #position = 0;
  #durable = 0;
  #groups = 0;
  #pendingBytes = 0;
  /** Somebody waits for this position. */
  #wanted = 0;
  #leisure: NodeJS.Timeout | null = null;
  #scheduled = false;
  #startedMillis: number | null = null;
  #failure: StoreFailure | null = null;

  constructor(database: SealedDatabase, file: DataFile, account: Account, told: GroupCommitListener) {
    this.#database = database;
    this.#file = file;
    this.#account = account;
    this.#told = told;
    this.#watchdog = setInterval(() => this.#watch(), PATIENCE_CHECK_MILLIS).unref();
  }

  get position(): number {
    return this.#position;
  }

  get durablePosition(): number {
    return this.#durable;
  }

  /** Groups made durable so far. */
  get groups(): number {
    return this.#groups;
  }

  /** Bytes added and not durable yet. Bounded by the caller: nothing here slows it down. */
  get pendingBytes(): number {
    return this.#pendingBytes;
  }

  /**
   * A unit that is wanted goes out at once, any other with the next one that is, or after a moment: a sync that nobody
   * waits for would keep the one that somebody does wait for from starting.
   * @throws StoreFailure once the disk has failed: nothing can become durable any more
   */
  add(unit: Unit, wanted: boolean): void {
    if (this.#failure !== null) throw this.#failure;
    this.#queue.push(unit);
    this.#position += 1;
    this.#pendingBytes += unit.bytes;
    if (wanted) this.#wanted = this.#position;
    this.#schedule();
  }

  /**
   * Resolves when all units up to the position are durable; rejects with {@link StoreFailure} if they never
   * will be.
   */
  whenDurable(position: number): Promise<void> {
    invariant(position <= this.#position, "only what was added can become durable");
    if (position <= this.#durable) return Promise.resolve();
    if (this.#failure !== null) return Promise.reject(this.#failure);
    this.#wanted = Math.max(this.#wanted, position);
    this.#schedule();
    return new Promise((resolve, reject) => this.#waiters.push({ position, resolve, reject }));
  }

  /** Calls back with the durable position after every group, in order. */
  onDurable(listener: (position: number) => void): void {
    this.#listeners.push(listener);
  }

  /** Waits for all that was added, whether it becomes durable or fails. */
  async close(): Promise<void> {
    while (this.#durable < this.#position && this.#failure === null) {
      await this.whenDurable(this.#position).catch(() => undefined);
    }
    clearInterval(this.#watchdog);
    if (this.#leisure !== null) clearTimeout(this.#leisure);
  }

  /** All that one turn of the caller adds joins one group. */
  #schedule(): void {
    if (this.#scheduled || this.#startedMillis !== null || this.#queue.length === 0) return;
    if (this.#wanted <= this.#durable && this.#pendingBytes < LEISURE_BYTES_MAX) return this.#linger();
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#start();
    });
  }

  #linger(): void {
    this.#leisure ??= setTimeout(() => {
      this.#leisure = null;
      this.#wanted = this.#position;
      this.#schedule();
    }, LEISURE_MILLIS);
  }

  #start(): void {
    if (this.#queue.length === 0 || this.#failure !== null) return;
    const group = this.#takeGroup();
    const account = accountAfter(this.#account, group);
    const operations: Operation[] = group.flatMap((unit) => unit.operations);
    const bytes = group.reduce((sum, unit) => sum + unit.bytes, 0);
    operations.push({ key: METADATA_KEYS.account, value: Buffer.from(JSON.stringify(account)) });
    this.#startedMillis = performance.now();
    this.#commit(operations, bytes).then(
      () => this.#finish(group.length, bytes, account),
      (reason: unknown) => this.#fail(reason),
    );
  }

  async #commit(operations: readonly Operation[], bytes: number): Promise<void> {
    await this.#file.reserve(operations.length, bytes);
    try {
      await this.#database.commit(operations);
    } catch (error) {
      throw await causeOf(error);
    }
  }

  #takeGroup(): Unit[] {
    let bytes = 0;
    let count = 0;
    for (const unit of this.#queue) {
      if (count > 0 && bytes + unit.bytes > GROUP_BYTES_MAX) break;
      bytes += unit.bytes;
      count += 1;
    }
    const group = this.#queue.slice(0, count);
    this.#queue = this.#queue.slice(count);
    return group;
  }

  #finish(units: number, bytes: number, account: Account): void {
    if (this.#failure !== null) return;
    if (this.#startedMillis !== null)
      this.#told.synced(units, (performance.now() - this.#startedMillis) / 1_000);
    this.#startedMillis = null;
    this.#account = account;
    this.#durable += units;
    this.#groups += 1;
    this.#pendingBytes -= bytes;
    this.#schedule();
    const ready = this.#waiters.filter((waiter) => waiter.position <= this.#durable);
    this.#waiters = this.#waiters.filter((waiter) => waiter.position > this.#durable);
    for (const waiter of ready) waiter.resolve();
    for (const listener of this.#listeners) listener(this.#durable);
  }

  #fail(reason: unknown): void {
    if (this.#failure !== null) return;
    const what = reason instanceof Error ? reason.message : String(reason);
    const failure = new StoreFailure(
      `The store's disk failed after position ${this.#durable}: ${what}. The replica must stop. ` +
        "Free or replace the disk, then start it again.",
      { cause: reason },
    );
    this.#failure = failure;
    clearInterval(this.#watchdog);
    for (const waiter of this.#waiters) waiter.reject(failure);
    this.#waiters = [];
    this.#told.failed(failure);
  }

  #watch(): void {
    const started = this.#startedMillis;
    if (started === null || performance.now() - started < PATIENCE_MILLIS) return;
    this.#fail(new Error(`no answer to a commit for ${PATIENCE_MILLIS / 1000} s`));
  }
}

/** LMDB's own error, which its binding gives as a promise that rejects beside the commit's. */
async function causeOf(error: unknown): Promise<unknown> {
  const cause: unknown = error instanceof Error && "commitError" in error ? error.commitError : undefined;
  if (!(cause instanceof Promise)) return error;
  const settled: Promise<unknown> = cause.then(
    () => error,
    (reason: unknown) => reason,
  );
  return Promise.race([settled, new Promise((resolve) => setImmediate(resolve, error))]);
}
