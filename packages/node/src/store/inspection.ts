import { existsSync } from "node:fs";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import type { InstanceId, ReplicaId, SequenceNumber } from "@destiny/core/kernel/ids";
import { Checkpoints } from "./checkpoint.ts";
import { DirectoryLock } from "./directory-lock.ts";
import { parseLogKey, RANGES } from "./layout.ts";
import * as opening from "./opening.ts";
import { Retention } from "./retention.ts";
import type { SealedDatabase } from "./sealed-database.ts";
import { DamagedRecordError } from "./store-errors.ts";

/** All log records of one kind in one instance. */
export interface InspectedRecords {
  readonly instance: InstanceId;
  readonly kind: number;
  readonly records: number;
  readonly bytes: number;
  readonly firstSeq: SequenceNumber;
  readonly lastSeq: SequenceNumber;
}

/** What the store of a stopped replica holds. */
export interface Inspection {
  /** Digest of the cluster's configuration, in hexadecimal. */
  readonly cluster: string;
  readonly replica: ReplicaId;
  /** In key order; history too. */
  readonly records: readonly InspectedRecords[];
  readonly checkpoint: {
    readonly seq: SequenceNumber;
    readonly cut: readonly SequenceNumber[];
    readonly pageCount: number;
    readonly pages: number;
    readonly metaBytes: number;
  } | null;
  /** A sentence for each thing that is damaged; empty for a sound store. */
  readonly damage: readonly string[];
}

/**
 * Reads the whole store of a stopped replica and verifies every checksum. Changes nothing.
 * @throws ConfigurationError when there is no store, its replica runs, or its file cannot be opened at all
 */
export async function inspectStore(dir: string): Promise<Inspection> {
  if (!existsSync(dir)) throw noStore(dir);
  const lock = DirectoryLock.take(dir);
  let database: SealedDatabase | null = null;
  try {
    if (!opening.checkDataFile(dir)) throw noStore(dir);
    const opened = opening.openDatabase(dir, true);
    database = opened;
    return opening.readingErrors(dir, () => inspect(opened, dir));
  } finally {
    await database?.close();
    lock.release();
  }
}

function inspect(database: SealedDatabase, dir: string): Inspection {
  const { cluster, replica } = opening.identityIn(database, dir);
  const damage: string[] = [];
  attempt(damage, () => opening.restore(database, dir, new Retention(0, [])));
  const records = inspectRecords(database, damage);
  const checkpoint = inspectCheckpoint(database, damage);
  return { cluster, replica, records, checkpoint, damage };
}

function inspectRecords(database: SealedDatabase, damage: string[]): InspectedRecords[] {
  const lanes: InspectedRecords[] = [];
  for (const bytes of database.keys(RANGES.log.start, RANGES.log.end)) {
    const key = parseLogKey(bytes);
    if (key === null) continue;
    const valueBytes = attempt(damage, () => database.read(bytes)?.byteLength) ?? 0;
    const lane = lanes.at(-1);
    if (lane?.instance === key.instance && lane.kind === key.kind) {
      const { records, bytes: total } = lane;
      lanes[lanes.length - 1] = {
        ...lane,
        records: records + 1,
        bytes: total + valueBytes,
        lastSeq: key.seq,
      };
    } else {
      const { instance, kind, seq } = key;
      lanes.push({ instance, kind, records: 1, bytes: valueBytes, firstSeq: seq, lastSeq: seq });
    }
  }
  return lanes;
}

function inspectCheckpoint(database: SealedDatabase, damage: string[]): Inspection["checkpoint"] {
  let pages = 0;
  for (const key of database.keys(RANGES.pages.start, RANGES.pages.end)) {
    attempt(damage, () => database.read(key));
    pages += 1;
  }
  const checkpoint = attempt(damage, () => new Checkpoints(database).newest());
  if (checkpoint === undefined) return null;
  const { seq, cut, pageCount, meta } = checkpoint;
  return { seq, cut, pageCount, pages, metaBytes: meta.byteLength };
}

/** Notes damage and goes on. */
function attempt<T>(damage: string[], read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof DamagedRecordError || error instanceof ConfigurationError)) throw error;
    damage.push(error.message);
    return undefined;
  }
}

function noStore(dir: string): ConfigurationError {
  return new ConfigurationError(
    `There is no store in ${dir}. Name the data directory of a replica that has run.`,
  );
}
