import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fdatasyncSync, fsyncSync, openSync, readSync, writeSync } from "node:fs";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { DecodeError, Reader } from "@destiny/core/wire/reader";
import { Writer } from "@destiny/core/wire/writer";
import { checked, withChecksum } from "./checksum.ts";

/** How far a journal had come: no journal that is behind this was the last one. */
export interface JournalMark {
  readonly epoch: number;
  readonly records: number;
}

/**
 * A second place that remembers how far the journal had come, so that an old copy of the journal is recognised. It is
 * only as good as the place: a file, as here, falls to a host that restores both files; a TPM's NV counter holding the
 * epoch would not. `advance` is called once per start and per compaction, so slow hardware can follow.
 */
export interface RollbackAnchor {
  /** Takes the anchor over: every later `note` or `advance` of an earlier holder throws {@link AnchorLost}. */
  claim(): void;
  read(): JournalMark;
  /** Durable when it returns. */
  advance(mark: JournalMark): void;
  /** Called after each group of records, before its certificates leave. Cheap; may be lost with the power. */
  note(mark: JournalMark): void;
  close(): void;
}

/** Another process opened the same signer directory since: this one must stop, with nothing released any more. */
export class AnchorLost extends Error {
  override readonly name = "AnchorLost";
}

const SECTOR = 512;
const SLOT_BYTES = 22;
const CLAIM_AT: number = 2 * SECTOR;
const CLAIM_BYTES = 16;

/**
 * An anchor in a file of three sectors: two slots, written in turn so that one is always whole, and the name of the
 * process that holds it. Notes are not synchronised: they survive the process, and a power failure only makes them
 * older, since each is written after the records that it speaks of are durable.
 */
export class FileAnchor implements RollbackAnchor {
  readonly #path: string;
  readonly #file: number;
  readonly #claim: Uint8Array = randomBytes(CLAIM_BYTES);
  readonly #seen: Uint8Array = new Uint8Array(CLAIM_BYTES);
  /** Counts the writes; its parity picks the slot. */
  #turn = 0;

  private constructor(path: string) {
    this.#path = path;
    this.#file = openSync(path, "r+");
  }

  /** A new anchor for a journal at `mark`; throws if there is a file. The caller makes the directory durable. */
  static create(path: string, mark: JournalMark): void {
    const file = openSync(path, "wx", 0o600);
    try {
      writeSync(file, new Uint8Array(3 * SECTOR), 0, 3 * SECTOR, 0);
      writeSlot(file, 1, mark);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  }

  /** Throws `ConfigurationError` if there is no anchor: then nobody knows whether the journal is the last one. */
  static open(path: string): FileAnchor {
    if (!existsSync(path)) {
      throw new ConfigurationError(
        `${path} is missing: this signer may have been rolled back: move its folder away and start again under a new identity.`,
      );
    }
    return new FileAnchor(path);
  }

  claim(): void {
    writeSync(this.#file, this.#claim, 0, CLAIM_BYTES, CLAIM_AT);
  }

  read(): JournalMark {
    const slots = [readSlot(this.#file, 0), readSlot(this.#file, 1)];
    const newest = slots.reduce((a, b) => (b.turn > a.turn ? b : a));
    if (newest.turn === 0) {
      throw new ConfigurationError(
        `${this.#path} is damaged: this signer cannot be trusted: move its folder away and start again under a new identity.`,
      );
    }
    this.#turn = newest.turn;
    return { epoch: newest.epoch, records: newest.records };
  }

  advance(mark: JournalMark): void {
    this.note(mark);
    fdatasyncSync(this.#file);
  }

  note(mark: JournalMark): void {
    readSync(this.#file, this.#seen, 0, CLAIM_BYTES, CLAIM_AT);
    if (!this.#seen.every((byte, i) => byte === this.#claim[i])) {
      throw new AnchorLost(`another process opened ${this.#path}`);
    }
    this.#turn += 1;
    writeSlot(this.#file, this.#turn, mark);
  }

  close(): void {
    fdatasyncSync(this.#file);
    closeSync(this.#file);
  }
}

function writeSlot(file: number, turn: number, mark: JournalMark): void {
  const slot = withChecksum(new Writer(18).u48(turn).u48(mark.epoch).u48(mark.records).finish());
  writeSync(file, slot, 0, slot.length, (turn % 2) * SECTOR);
}

/** Turn 0 if the slot is damaged or was never written. */
function readSlot(file: number, slot: 0 | 1): JournalMark & { readonly turn: number } {
  const bytes = new Uint8Array(SLOT_BYTES);
  readSync(file, bytes, 0, SLOT_BYTES, slot * SECTOR);
  try {
    const input = new Reader(checked(bytes));
    return { turn: input.u48(), epoch: input.u48(), records: input.u48() };
  } catch (error) {
    if (error instanceof DecodeError) return { turn: 0, epoch: 0, records: 0 };
    throw error;
  }
}
