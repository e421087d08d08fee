import type { SequenceNumber } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import type { Unit } from "./group-commit.ts";
import { METADATA_KEYS, pageKey } from "./layout.ts";
import type { Operation, SealedDatabase } from "./sealed-database.ts";

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
}

/** A checkpoint that was saved. */
export interface Checkpoint extends CheckpointHeader {
  readonly meta: Uint8Array;
  /**
   * A copy of a page; undefined when it was never saved.
   * @throws DamagedRecordError when it is not what was saved
   */
  page(index: number): Uint8Array | undefined;
}

/** All that saving a checkpoint changes, after one of `earlierPageCount` pages. */
export function checkpointUnit(checkpoint: NewCheckpoint, earlierPageCount: number): Unit {
  const { seq, cut, pageCount, meta, pages } = checkpoint;
  const operations: Operation[] = [];
  for (let index = pageCount; index < earlierPageCount; index += 1) {
    operations.push({ key: pageKey(index), value: null });
  }
  for (const { index, bytes } of pages) {
    invariant(index < pageCount, "a saved page lies within the state");
    operations.push({ key: pageKey(index), value: bytes });
  }
  const header: CheckpointHeader = { seq, cut, pageCount };
  operations.push({ key: METADATA_KEYS.checkpoint, value: Buffer.from(JSON.stringify(header)) });
  operations.push({ key: METADATA_KEYS.checkpointMeta, value: meta });
  const bytes = operations.reduce((sum, { value }) => sum + (value?.byteLength ?? 0), 0);
  return { operations, bytes, records: 0, checksum: 0 };
}

/** The checkpoint on the disk, if there is one. */
export function loadCheckpoint(database: SealedDatabase): Checkpoint | undefined {
  const header = database.readJson<CheckpointHeader>(METADATA_KEYS.checkpoint);
  const meta = database.read(METADATA_KEYS.checkpointMeta);
  if (header === undefined || meta === undefined) return undefined;
  return {
    ...header,
    meta,
    page: (index) => (index < header.pageCount ? database.read(pageKey(index)) : undefined),
  };
}
