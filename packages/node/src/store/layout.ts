import { crc32 } from "node:zlib";
import type { InstanceId, SequenceNumber } from "@destiny/core/kernel/ids";
import { COUNTER_MAX } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";

/** Where a log record lies. Keys sort by instance, then kind, then sequence number. */
export interface LogKey {
  readonly instance: InstanceId;
  /** Kind of message, 0 to 255: one record of each kind for a slot. */
  readonly kind: number;
  /** 0 to 2^48 − 1. */
  readonly seq: SequenceNumber;
}

/** Version of this layout. Another version is refused, never guessed at. */
export const FORMAT = 3;
/** Largest kind of a log record. */
export const KIND_MAX = 0xff;

const INSTANCE_MAX = 0xffff;
const INDEX_MAX = 0xffff_ffff;

const METADATA = 0;
const LOG = 1;
const PAGE = 2;

/** Keys of the single records that describe the store itself. */
export const METADATA_KEYS: {
  /** Format, cluster and replica: written once. */
  readonly identity: Buffer;
  /**
   * How many other keys there are, and the sum of their checksums: rewritten with every group.
   */
  readonly account: Buffer;
  /** The highest retired sequence number of each instance. */
  readonly watermarks: Buffer;
  /** Sequence numbers, cuts and page counts of the checkpoints, the newest last. */
  readonly checkpoints: Buffer;
  /** What the caller gave with the newest checkpoint. */
  readonly checkpointMeta: Buffer;
} = {
  identity: Buffer.of(METADATA, 1),
  account: Buffer.of(METADATA, 2),
  watermarks: Buffer.of(METADATA, 3),
  checkpoints: Buffer.of(METADATA, 4),
  checkpointMeta: Buffer.of(METADATA, 5),
};

/** Key of one retirement in the history, by the order of retirement. */
export function retirementKey(number: number): Buffer {
  const key = Buffer.alloc(8);
  key.writeUInt8(METADATA, 0);
  key.writeUInt8(0x10, 1);
  key.writeUIntBE(number, 2, 6);
  return key;
}

/** The number in a retirement's key. */
export function retirementNumber(key: Uint8Array): number {
  return asBuffer(key).readUIntBE(2, 6);
}

export function logKey(key: LogKey): Buffer {
  invariant(within(key.instance, INSTANCE_MAX), "an instance id has 16 bits");
  invariant(within(key.kind, KIND_MAX), "a record's kind has 8 bits");
  invariant(within(key.seq, COUNTER_MAX), "a sequence number has 48 bits");
  const bytes = Buffer.alloc(10);
  bytes.writeUInt8(LOG, 0);
  bytes.writeUInt16BE(key.instance, 1);
  bytes.writeUInt8(key.kind, 3);
  bytes.writeUIntBE(key.seq, 4, 6);
  return bytes;
}

/** The log key in these bytes, or null when they are not one: a damaged key. */
export function parseLogKey(bytes: Uint8Array): LogKey | null {
  if (bytes.length !== 10 || bytes[0] !== LOG) return null;
  const key = asBuffer(bytes);
  return { instance: key.readUInt16BE(1), kind: key.readUInt8(3), seq: key.readUIntBE(4, 6) };
}

/** Key of a page of the replicated state, as the checkpoint at `seq` saved it. Versions of a page sort by it. */
export function pageKey(index: number, seq: SequenceNumber): Buffer {
  invariant(within(index, INDEX_MAX), "a page index has 32 bits");
  invariant(within(seq, COUNTER_MAX), "a sequence number has 48 bits");
  const bytes = Buffer.alloc(11);
  bytes.writeUInt8(PAGE, 0);
  bytes.writeUInt32BE(index, 1);
  bytes.writeUIntBE(seq, 5, 6);
  return bytes;
}

/** The page and the version in these bytes, or null when they are not such a key: a damaged one. */
export function parsePageKey(
  bytes: Uint8Array,
): { readonly index: number; readonly seq: SequenceNumber } | null {
  if (bytes.length !== 11 || bytes[0] !== PAGE) return null;
  const key = asBuffer(bytes);
  return { index: key.readUInt32BE(1), seq: key.readUIntBE(5, 6) };
}

interface KeyRange {
  readonly start: Buffer;
  readonly end: Buffer;
}

/** First key of a family and the first key after it. */
export const RANGES: {
  readonly all: KeyRange;
  readonly retirements: KeyRange;
  readonly log: KeyRange;
  readonly pages: KeyRange;
} = {
  all: { start: Buffer.of(METADATA), end: Buffer.of(0xff, 0xff) },
  retirements: { start: Buffer.of(METADATA, 0x10), end: Buffer.of(METADATA, 0x11) },
  log: { start: Buffer.of(LOG), end: Buffer.of(PAGE) },
  pages: { start: Buffer.of(PAGE), end: Buffer.of(PAGE + 1) },
};

/** Checksum of a key alone, for the account of what must be there. */
export function keyChecksum(key: Uint8Array): number {
  return crc32(key);
}

/**
 * CRC-32 over key and value, kept with the value: a flipped bit, or a value under another's key, is found
 * out.
 */
export function seal(key: Uint8Array, value: Uint8Array): number {
  const start = crc32(key);
  // zlib starts afresh when it is given no bytes.
  return value.length === 0 ? start : crc32(value, start);
}

function within(value: number, max: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= max;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
