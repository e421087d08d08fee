import type { SequenceNumber } from "../../kernel/ids.ts";
import { type Anchor, openAnchor } from "../../wire/anchor.ts";
import { DecodeError, Reader } from "../../wire/reader.ts";
import type { Hash } from "../../wire/value.ts";
import { Writer } from "../../wire/writer.ts";

/** A single orderer's part of the replicated state: the last slot executed. */
export function encodePart(executed: SequenceNumber): Uint8Array {
  return new Writer(6).u48(executed).finish();
}

/** Throws {@link DecodeError}. */
export function decodePart(part: Uint8Array): SequenceNumber {
  const input = new Reader(part);
  const executed = input.u48();
  input.end();
  return executed;
}

/** How far the instance is in an anchor; null if that does not open. */
export function lowIn(anchor: Anchor, hash: Hash): SequenceNumber | null {
  const part = openAnchor(anchor, hash);
  if (part === null) return null;
  try {
    return decodePart(part);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
