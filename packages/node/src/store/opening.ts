import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import type { Digest, ReplicaId } from "@destiny/core/kernel/ids";
import { COUNTER_MAX } from "@destiny/core/kernel/ids";
import { DataFile, damaged } from "./data-file.ts";
import {
  FORMAT,
  KIND_MAX,
  keyChecksum,
  type LogKey,
  logKey,
  METADATA_KEYS,
  parseLogKey,
  RANGES,
  retirementNumber,
} from "./layout.ts";
import type { Retention, Retirement, Span, Watermark } from "./retention.ts";
import { SealedDatabase } from "./sealed-database.ts";
import { DamagedRecordError } from "./store-errors.ts";
import { type Account, accountAfter, unitOf } from "./unit.ts";

/** Whose store it is. */
export interface Identity {
  readonly format: number;
  /** Digest of the cluster's configuration, in hexadecimal. */
  readonly cluster: string;
  readonly replica: ReplicaId;
}

/** Path of LMDB's file in a store's directory. */
export function dataPath(dir: string): string {
  return join(dir, "data.mdb");
}

/** The identity as it is stored. */
export function identityOf(cluster: Digest, replica: ReplicaId): Identity {
  return { format: FORMAT, cluster: Buffer.from(cluster, "latin1").toString("hex"), replica };
}

/** Makes the directory, readable by its owner only, if it is not there. */
export function prepareDirectory(dir: string): void {
  try {
    if (existsSync(dir)) return;
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    syncDirectory(dirname(resolve(dir)));
  } catch (error) {
    throw new ConfigurationError(
      `The store's directory ${dir} cannot be made (${messageOf(error)}). ` +
        "Choose a directory that can be written to.",
      { cause: error },
    );
  }
}

/** Opens LMDB's file, made or checked before. */
export function openDatabase(dir: string, readOnly = false): SealedDatabase {
  try {
    return new SealedDatabase(dataPath(dir), readOnly);
  } catch (error) {
    throw damaged(dataPath(dir), messageOf(error));
  }
}

/**
 * Makes a new store, durable when this resolves. Its file gets its name only when it is complete: a crash
 * leaves a whole store or none, and an empty file under this name is a damaged one.
 */
export async function initialise(dir: string, identity: Identity): Promise<void> {
  const path = `${dataPath(dir)}.new`;
  rmSync(path, { force: true });
  const database = new SealedDatabase(path);
  const { operations, keys, checksum } = unitOf([
    { key: METADATA_KEYS.identity, value: Buffer.from(JSON.stringify(identity)), isNew: true },
    // Always there, so that one that is missing is missed.
    { key: METADATA_KEYS.watermarks, value: Buffer.from("[]"), isNew: true },
    { key: METADATA_KEYS.checkpoints, value: Buffer.from("[]"), isNew: true },
    { key: METADATA_KEYS.checkpointMeta, value: Buffer.alloc(0), isNew: true },
  ]);
  const account = accountAfter({ keys: 0, checksum: 0 }, [{ keys, checksum }]);
  await database.commit([
    ...operations,
    { key: METADATA_KEYS.account, value: Buffer.from(JSON.stringify(account)) },
  ]);
  await database.close();
  renameSync(path, dataPath(dir));
  rmSync(`${path}-lock`, { force: true });
  syncDirectory(dir);
}

/** @throws ConfigurationError when the store in the directory is not this replica's */
export function checkIdentity(database: SealedDatabase, dir: string, expected: Identity): void {
  const found = identityIn(database, dir);
  const refuse = (what: string): never => {
    throw new ConfigurationError(`The store in ${dir} ${what}. Give this replica its own directory.`);
  };
  if (found.format !== expected.format) {
    refuse(`has format ${found.format}, and this version of Destiny reads format ${expected.format} only`);
  }
  if (found.cluster !== expected.cluster)
    refuse(`belongs to another cluster (${found.cluster.slice(0, 16)}…)`);
  if (found.replica !== expected.replica) refuse(`belongs to replica ${found.replica}`);
}

/** @throws ConfigurationError when the store does not say whose it is */
export function identityIn(database: SealedDatabase, dir: string): Identity {
  const found = database.readJson<Identity>(METADATA_KEYS.identity);
  if (found === undefined) throw damaged(dataPath(dir), "it does not say whose it is");
  return found;
}

/**
 * Rebuilds what is live and what is history from the keys, and returns the account.
 * @throws ConfigurationError when records are missing, or there are some that nobody wrote
 */
export function restore(database: SealedDatabase, dir: string, retention: Retention): Account {
  retention.restore(
    database.readJson<Watermark[]>(METADATA_KEYS.watermarks) ?? [],
    [...database.keys(RANGES.retirements.start, RANGES.retirements.end)].map((key) => ({
      ...(database.readJson<Omit<Retirement, "number">>(key) as Omit<Retirement, "number">),
      number: retirementNumber(key),
    })),
  );
  let keys = 0;
  let checksum = 0;
  for (const bytes of database.keys(RANGES.all.start, RANGES.all.end)) {
    if (METADATA_KEYS.account.equals(bytes)) continue;
    keys += 1;
    checksum = (checksum + keyChecksum(bytes)) >>> 0;
    const key = parseLogKey(bytes);
    if (key !== null && !retention.isRetired(key)) retention.add(key, null);
  }
  const account = database.readJson<Account>(METADATA_KEYS.account);
  if (account?.keys !== keys || account.checksum !== checksum) {
    throw damaged(dataPath(dir), `it holds ${keys} records and should hold ${account?.keys} others`);
  }
  return account;
}

/** Keys of an instance's records of a span, of all kinds but those to skip. */
export function* keysOfSpan(
  database: SealedDatabase,
  span: Span,
  isSkipped: (kind: number) => boolean,
): Generator<Buffer> {
  const { instance, first, last } = span;
  const end = instanceEnd(instance);
  let kind = 0;
  while (kind <= KIND_MAX) {
    const next = database.firstKey(logKey({ instance, kind, seq: 0 }), end);
    const found: LogKey | null = next === undefined ? null : parseLogKey(next);
    if (found === null) return;
    if (!isSkipped(found.kind)) yield* keysOfKind(database, { instance, kind: found.kind, first, last });
    kind = found.kind + 1;
  }
}

function keysOfKind(database: SealedDatabase, lane: Span & { readonly kind: number }): Generator<Buffer> {
  const { instance, kind, first, last } = lane;
  return database.keys(logKey({ instance, kind, seq: first }), after(logKey({ instance, kind, seq: last })));
}

/** The first key that sorts after this one. */
export function after(key: Buffer): Buffer {
  return Buffer.concat([key, Buffer.alloc(1)]);
}

/** Turns what reading the store's own records may throw into advice for the operator. */
export function readingErrors<T>(dir: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ConfigurationError) throw error;
    if (error instanceof DamagedRecordError) throw damaged(dataPath(dir), error.message);
    throw damaged(dataPath(dir), messageOf(error));
  }
}

/** @throws ConfigurationError when the file is there and damaged; false when it is not there */
export function checkDataFile(dir: string): boolean {
  return DataFile.check(dataPath(dir));
}

function instanceEnd(instance: number): Buffer {
  return after(logKey({ instance, kind: KIND_MAX, seq: COUNTER_MAX }));
}

function syncDirectory(dir: string): void {
  const fd = openSync(dir, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
