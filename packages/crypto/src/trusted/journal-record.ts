import type { Digest } from "@destiny/core/kernel/ids";
import { DecodeError, Reader } from "@destiny/core/wire/reader";
import type { Counter } from "@destiny/core/wire/statement";
import { Writer } from "@destiny/core/wire/writer";
import { checked, withChecksum } from "./checksum.ts";
import type { CounterEntry } from "./request.ts";

/** Bytes of a record. A power of two below a disk sector, so that no record lies in two sectors. */
export const RECORD_BYTES = 128;
/** Bytes of the header: one sector. */
export const HEADER_BYTES = 512;

const HEADER_BODY_BYTES = 49;
const MAGIC = 0x4453_474a;
const FORMAT = 1;
/** Last byte of every record: while it is zero, the record was never completely written. */
const MARKER = 0xd5;
const KINDS = ["independent", "continuing"] as const;

/** First sector of a journal file. */
export interface JournalHeader {
  /** Grows by one with every file that takes the journal's place. */
  readonly epoch: number;
  /** Whose journal it is: a digest over the signer's identity. */
  readonly owner: Digest;
  /** How many records the file was born with: all of them were durable before it had its name. */
  readonly snapshot: number;
}

/** Where a record stands: its bytes at another place, or in another file, are not that record. */
export interface RecordPlace {
  readonly epoch: number;
  readonly index: number;
  /** Index of the first record that became durable together with this one. */
  readonly group: number;
}

/** What lies in a slot of the file. `incomplete` is a prefix of a record; bytes that are neither are corrupt. */
export type Slot =
  | { readonly state: "blank" | "incomplete" | "corrupt" }
  | { readonly state: "valid"; readonly group: number; readonly entry: CounterEntry };

/** The header, to be put at the start of the file. */
export function encodeHeader(header: JournalHeader): Uint8Array {
  const body = new Writer(HEADER_BODY_BYTES).u32(MAGIC).u8(FORMAT);
  return withChecksum(body.u48(header.epoch).digest(header.owner).u48(header.snapshot).finish());
}

/** Throws `DecodeError` if the file does not start with a header. */
export function decodeHeader(file: Uint8Array): JournalHeader {
  if (file.length < HEADER_BYTES) throw new DecodeError("ends within the header");
  const input = new Reader(checked(file.subarray(0, HEADER_BODY_BYTES + 4)));
  if (input.u32() !== MAGIC || input.u8() !== FORMAT)
    throw new DecodeError("not a signer's journal of this format");
  return { epoch: input.u48(), owner: input.digest(), snapshot: input.u48() };
}

/** One record, {@link RECORD_BYTES} long. */
export function encodeRecord(place: RecordPlace, entry: CounterEntry): Uint8Array {
  const body = new Writer(RECORD_BYTES).u48(place.epoch).u48(place.index).u48(place.group);
  body.u8(KINDS.indexOf(entry.kind)).u16(entry.instance).u8(entry.counter);
  body
    .u48(entry.value.view)
    .u48(entry.value.seq)
    .u48(entry.old.view)
    .u48(entry.old.seq)
    .digest(entry.message);
  body.raw(new Uint8Array(RECORD_BYTES - 5 - body.length));
  const record = new Uint8Array(RECORD_BYTES).fill(MARKER);
  record.set(withChecksum(body.finish()));
  return record;
}

/** What lies in a slot that should hold the record of `place`. */
export function decodeRecord(slot: Uint8Array, place: Omit<RecordPlace, "group">): Slot {
  const marker = slot[RECORD_BYTES - 1];
  if (marker === 0) return { state: slot.every((byte) => byte === 0) ? "blank" : "incomplete" };
  if (marker !== MARKER) return { state: "corrupt" };
  try {
    return readRecord(new Reader(checked(slot.subarray(0, RECORD_BYTES - 1))), place);
  } catch (error) {
    if (error instanceof DecodeError) return { state: "corrupt" };
    throw error;
  }
}

function readRecord(input: Reader, place: Omit<RecordPlace, "group">): Slot {
  if (input.u48() !== place.epoch || input.u48() !== place.index)
    throw new DecodeError("a record of another place");
  const group = input.u48();
  const kind = KINDS[input.u8()];
  if (kind === undefined) throw new DecodeError("a record of unknown kind");
  const at = { kind, instance: input.u16(), counter: input.u8() as Counter };
  const value = { view: input.u48(), seq: input.u48() };
  const old = { view: input.u48(), seq: input.u48() };
  return { state: "valid", group, entry: { ...at, value, old, message: input.digest() } };
}
