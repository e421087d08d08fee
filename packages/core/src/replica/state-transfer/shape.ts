import { DecodeError, Reader } from "../../wire/reader.ts";
import { PAGES_MAX } from "../../wire/state-transfer.ts";
import { Writer } from "../../wire/writer.ts";

/** The page that holds the shape. */
export const SHAPE_PAGE = 1;

/** Bytes of the shape of a state of so many pages. */
export function shapeBytes(pageCount: number): number {
  return 4 + 4 * pageCount;
}

/**
 * Page 1 of the replicated state: the length of every page in bytes, its own too. Who fetches a state learns from it what to
 * ask for, and how much memory that will take, under the certified root: a root alone says neither how many leaves it
 * has nor how large they are.
 */
export function encodeShape(lengths: readonly number[]): Uint8Array {
  const out = new Writer(shapeBytes(lengths.length)).u32(lengths.length);
  for (const length of lengths) out.u32(length);
  return out.finish();
}

/** The lengths of all pages. Throws {@link DecodeError}. */
export function decodeShape(bytes: Uint8Array): readonly number[] {
  const input = new Reader(bytes);
  const count = input.count(PAGES_MAX, 4);
  const lengths: number[] = [];
  for (let i = 0; i < count; i += 1) lengths.push(input.u32());
  input.end();
  if (lengths[SHAPE_PAGE] !== bytes.length) throw new DecodeError("a shape that does not fit itself");
  return lengths;
}
