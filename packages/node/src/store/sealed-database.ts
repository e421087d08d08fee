import type { RootDatabase } from "lmdb";
import { open } from "lmdb";
import type { LogKey } from "./layout.ts";
import { parseLogKey, seal } from "./layout.ts";
import { DamagedRecordError } from "./store-errors.ts";

/** One change of a group: a value to put, or null to remove what is there. */
export interface Operation {
  readonly key: Buffer;
  readonly value: Uint8Array | null;
}

/** Address space for the file: a terabyte. LMDB maps more by itself. */
const MAP_BYTES = 2 ** 40;
/** Keys read at once by a scan: no snapshot stays open while the caller works on them. */
const SCAN_KEYS = 256;

/** An LMDB file whose values carry a checksum over key and value, verified on every read. */
export class SealedDatabase {
  readonly #database: RootDatabase<Buffer, Buffer>;

  constructor(path: string, readOnly = false) {
    this.#database = open<Buffer, Buffer>({
      path,
      readOnly,
      noSubdir: true,
      keyEncoding: "binary",
      encoding: "binary",
      // The version that lmdb keeps with a value is our checksum.
      useVersions: true,
      mapSize: MAP_BYTES,
      // A commit is then resolved only after LMDB has synced its pages and, through O_DSYNC, its header.
      overlappingSync: false,
      // Groups are ours to form.
      eventTurnBatching: false,
    });
  }

  /** One transaction, written and synced off the event loop. Values must not change until it is done. */
  commit(operations: readonly Operation[]): Promise<boolean> {
    return this.#database.batch(() => {
      for (const { key, value } of operations) {
        if (value === null) void this.#database.remove(key);
        else void this.#database.put(key, asBuffer(value), seal(key, value));
      }
    });
  }

  /**
   * A copy of the value, or undefined when there is none.
   * @throws DamagedRecordError when the value is not the one that was written under this key
   */
  read(key: Buffer): Uint8Array | undefined {
    const entry = this.#database.getEntry(key);
    if (entry === undefined) return undefined;
    if (entry.version !== seal(key, entry.value)) throw damagedRecord(key);
    return entry.value;
  }

  /** A JSON value; only ever our own. */
  readJson<T>(key: Buffer): T | undefined {
    const value = this.read(key);
    return value === undefined ? undefined : (JSON.parse(Buffer.from(value).toString("utf8")) as T);
  }

  /** Length of the value in bytes, unverified; 0 when there is none. */
  measure(key: Buffer): number {
    return this.#database.getBinary(key)?.length ?? 0;
  }

  /** Keys from `start` to before `end`, in order. What is committed meanwhile may or may not be seen. */
  *keys(start: Buffer, end: Buffer): Generator<Buffer> {
    let from = start;
    while (true) {
      const keys = [...this.#database.getKeys({ start: from, end, limit: SCAN_KEYS })];
      yield* keys;
      const last = keys.at(-1);
      if (last === undefined || keys.length < SCAN_KEYS) return;
      from = Buffer.concat([last, Buffer.alloc(1)]);
    }
  }

  /** The first key from `start` to before `end`. */
  firstKey(start: Buffer, end: Buffer): Buffer | undefined {
    return [...this.#database.getKeys({ start, end, limit: 1 })][0];
  }

  close(): Promise<void> {
    return this.#database.close();
  }
}

function damagedRecord(bytes: Buffer): DamagedRecordError {
  const key: LogKey | null = parseLogKey(bytes);
  const where =
    key === null
      ? `record ${bytes.toString("hex")} of the checkpoint`
      : `log record of instance ${key.instance}, kind ${key.kind}, sequence number ${key.seq}`;
  return new DamagedRecordError(`The ${where} is damaged: its checksum does not match.`, key);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
