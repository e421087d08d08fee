import { closeSync, fdatasync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Digest } from "@destiny/core/kernel/ids";
import { encodeHeader, encodeRecord, HEADER_BYTES, RECORD_BYTES } from "./journal-record.ts";
import { scanJournal } from "./journal-scan.ts";
import type { CounterEntry } from "./request.ts";
import { FileAnchor, type JournalMark, type RollbackAnchor } from "./rollback-anchor.ts";
import type { ThreshSignState } from "./threshsign.ts";

const dataSync = promisify(fdatasync);

/** Records that a file takes before a shorter one replaces it, unless told otherwise: 4 MiB. */
const RECORDS_PER_FILE = 32_768;

const JOURNAL_FILE = "journal";
const ANCHOR_FILE = "anchor";

/** What the journal keeps: it fills it at the start, and asks it for a summary when a file is full. */
export interface Journaled {
  replay(entry: CounterEntry): void;
  exportState(): ThreshSignState;
}

/** Where and for whom a journal is kept. */
export interface JournalOptions {
  /** The signer's directory. */
  readonly directory: string;
  /** Digest over the identity whose counters these are. */
  readonly owner: Digest;
  /** The second place; the file `anchor` in the same directory if absent. */
  readonly anchor?: RollbackAnchor;
  /** {@link RECORDS_PER_FILE} if absent. */
  readonly recordsPerFile?: number;
}

/**
 * The durable memory of a trusted subsystem: an append-only file of fixed-size records. Space is reserved and zeroed
 * beforehand, so that making a group durable costs one `fdatasync` and no metadata. A full file, and every start, gives
 * way to a new one with a summary and the next epoch, which the anchor then remembers.
 */
export class Journal {
  readonly #directory: string;
  readonly #owner: Digest;
  readonly #anchor: RollbackAnchor;
  readonly #recordsPerFile: number;
  readonly #kept: Journaled;
  /** What is durable, and what the anchor knows. */
  #mark: JournalMark = { epoch: 0, records: 0 };
  #epoch = 0;
  #file = -1;
  #records = 0;
  #capacity = 0;

  private constructor(options: JournalOptions, anchor: RollbackAnchor, kept: Journaled) {
    this.#directory = options.directory;
    this.#owner = options.owner;
    this.#anchor = anchor;
    this.#recordsPerFile = options.recordsPerFile ?? RECORDS_PER_FILE;
    this.#kept = kept;
  }

  /** Starts the journal and the anchor of a new signer; throws if there is an anchor. */
  static create(directory: string, owner: Digest): void {
    FileAnchor.create(join(directory, ANCHOR_FILE), { epoch: 1, records: 0 });
    closeSync(replaceFile(directory, [encodeHeader({ epoch: 1, owner, snapshot: 0 })], HEADER_BYTES));
  }

  /**
   * Replays the journal into `kept` and starts a new file. Throws `ConfigurationError` if the journal or the anchor is
   * missing, damaged, or older than the anchor knows: a signer that forgot may sign again what it must not.
   */
  static open(options: JournalOptions, kept: Journaled): Journal {
    const anchor = options.anchor ?? FileAnchor.open(join(options.directory, ANCHOR_FILE));
    const journal = new Journal(options, anchor, kept);
    // First of all: whoever held the anchor releases nothing from here on, so what we read now is all there is.
    anchor.claim();
    journal.#mark = anchor.read();
    const { header, entries } = scanJournal(readJournal(options.directory), options.owner, journal.#mark);
    for (const entry of entries) kept.replay(entry);
    journal.#epoch = header.epoch;
    journal.#startFile();
    return journal;
  }

  /**
   * Resolves when all entries are durable and the anchor knows of them. One call at a time, with all entries since the
   * call before. If it rejects, nothing may ever be released for them: the process must end, since no one can tell
   * what the disk kept.
   */
  async commit(entries: readonly CounterEntry[]): Promise<void> {
    if (entries.length === 0) return;
    if (this.#records + entries.length > this.#capacity) return this.#startFile(); // Its summary has the entries.
    this.#append(entries);
    await dataSync(this.#file);
    this.#mark = { epoch: this.#epoch, records: this.#records };
    this.#anchor.note(this.#mark);
  }

  close(): void {
    closeSync(this.#file);
    this.#anchor.close();
  }

  #append(entries: readonly CounterEntry[]): void {
    const group = this.#records;
    const bytes = new Uint8Array(entries.length * RECORD_BYTES);
    entries.forEach((entry, i) => {
      bytes.set(encodeRecord({ epoch: this.#epoch, index: group + i, group }, entry), i * RECORD_BYTES);
    });
    writeAll(this.#file, bytes, HEADER_BYTES + group * RECORD_BYTES);
    this.#records += entries.length;
  }

  #startFile(): void {
    this.#anchor.note(this.#mark); // Throws if the directory has another holder: its journal must stay in place.
    const { entries } = this.#kept.exportState();
    const epoch = this.#epoch + 1;
    const header = encodeHeader({ epoch, owner: this.#owner, snapshot: entries.length });
    const head = new Uint8Array(HEADER_BYTES);
    head.set(header);
    const records = entries.map((entry, index) => encodeRecord({ epoch, index, group: 0 }, entry));
    this.#capacity = entries.length + this.#recordsPerFile;
    const file = replaceFile(
      this.#directory,
      [head, ...records],
      HEADER_BYTES + this.#capacity * RECORD_BYTES,
    );
    if (this.#file >= 0) closeSync(this.#file);
    this.#file = file;
    this.#epoch = epoch;
    this.#records = entries.length;
    this.#mark = { epoch, records: entries.length };
    this.#anchor.advance(this.#mark);
  }
}

/** Puts a durable file of `size` bytes in the journal's place, zeros after `parts`, and returns it open for writing. */
function replaceFile(directory: string, parts: readonly Uint8Array[], size: number): number {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  const path = join(directory, JOURNAL_FILE);
  const file = openSync(`${path}.new`, "w+", 0o600);
  writeAll(file, bytes, 0);
  fsyncSync(file);
  renameSync(`${path}.new`, path);
  const parent = openSync(directory, "r");
  fsyncSync(parent);
  closeSync(parent);
  return file;
}

function readJournal(directory: string): Uint8Array {
  try {
    return readFileSync(join(directory, JOURNAL_FILE));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Uint8Array(0);
    throw error;
  }
}

function writeAll(file: number, bytes: Uint8Array, position: number): void {
  let at = 0;
  while (at < bytes.length) at += writeSync(file, bytes, at, bytes.length - at, position + at);
}
