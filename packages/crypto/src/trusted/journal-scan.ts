import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { DIGEST_BYTES, type Digest } from "@destiny/core/kernel/ids";
import { DecodeError } from "@destiny/core/wire/reader";
import {
  decodeHeader,
  decodeRecord,
  HEADER_BYTES,
  type JournalHeader,
  RECORD_BYTES,
  type Slot,
} from "./journal-record.ts";
import type { CounterEntry } from "./request.ts";
import type { JournalMark } from "./rollback-anchor.ts";

const ADVICE =
  "This signer must not sign again: move its folder away and start the replica, to be admitted under a new identity";

/** What a journal file says. */
export interface ScannedJournal {
  readonly header: JournalHeader;
  /** In the order in which they were written. */
  readonly entries: readonly CounterEntry[];
}

/**
 * Reads a journal file as a crash left it. What may be missing is the last group of records, if its write never
 * ended: nothing was released for it, so it is dropped from its first gap on. Everything else that is not as written,
 * and everything that the anchor knows to have been there, is refused with a `ConfigurationError`.
 */
export function scanJournal(file: Uint8Array, owner: Digest, mark: JournalMark): ScannedJournal {
  const header = headerOf(file, owner);
  if (header.epoch < mark.epoch)
    throw refused(`epoch ${header.epoch} is an old copy, the anchor knows ${mark.epoch}`);
  if (header.epoch > mark.epoch + 1)
    throw refused(`epoch ${header.epoch} is far ahead of the anchor's ${mark.epoch}`);

  const entries = entriesOf(file, header);
  const least = Math.max(header.snapshot, header.epoch === mark.epoch ? mark.records : 0);
  if (entries.length < least)
    throw refused(`an old or cut copy: ${entries.length} of at least ${least} records`);
  return { header, entries };
}

function headerOf(file: Uint8Array, owner: Digest): JournalHeader {
  try {
    const header = decodeHeader(file);
    if (header.owner !== owner || owner.length !== DIGEST_BYTES)
      throw refused("it belongs to another signer");
    return header;
  } catch (error) {
    if (error instanceof DecodeError) throw refused(error.message);
    throw error;
  }
}

function entriesOf(file: Uint8Array, header: JournalHeader): CounterEntry[] {
  const count = Math.ceil((file.length - HEADER_BYTES) / RECORD_BYTES);
  const slots = Array.from({ length: count }, (_, index) =>
    decodeRecord(slotOf(file, index), { epoch: header.epoch, index }),
  );
  const entries: CounterEntry[] = [];
  for (const slot of slots) {
    if (slot.state !== "valid") break;
    entries.push(slot.entry);
  }
  for (let index = entries.length; index < count; index += 1) refuseLoss(slots, index, entries.length);
  return entries;
}

/** Refuses what lies after the first gap, unless it is what a write that never ended leaves behind. */
function refuseLoss(slots: readonly Slot[], index: number, gap: number): void {
  const slot = slots[index];
  if (slot === undefined || slot.state === "blank") return;
  if (slot.state === "corrupt") throw refused(`record ${index} is damaged`);
  if (slot.state === "incomplete" && index > gap) throw refused(`record ${index} is cut, after a gap`);
  if (slot.state === "valid" && slot.group > gap) throw refused(`record ${gap} is missing from the middle`);
}

/** A file that was cut within a slot reads as if zeros followed, as a file with reserved space does. */
function slotOf(file: Uint8Array, index: number): Uint8Array {
  const at = HEADER_BYTES + index * RECORD_BYTES;
  const slot = file.subarray(at, at + RECORD_BYTES);
  if (slot.length === RECORD_BYTES) return slot;
  const whole = new Uint8Array(RECORD_BYTES);
  whole.set(slot);
  return whole;
}

function refused(why: string): ConfigurationError {
  return new ConfigurationError(`the signer's journal is refused: ${why}. ${ADVICE}`);
}
