import type { LogKey } from "./layout.ts";

/**
 * The disk refused a write or a sync, or answers no more. Fatal: the replica must stop, its log is not
 * durable.
 */
export class StoreFailure extends Error {
  override readonly name = "StoreFailure";
}

/** What was read back is not what was written. The bytes are never handed out. */
export class DamagedRecordError extends Error {
  override readonly name = "DamagedRecordError";
  /** Which log record is damaged, or null when it is part of a checkpoint. */
  readonly key: LogKey | null;

  constructor(message: string, key: LogKey | null) {
    super(message);
    this.key = key;
  }
}
