import { invariant } from "../kernel/invariant.ts";
import { DecodeError } from "./reader.ts";

/** Most code units that one call of `String.fromCharCode` gets as arguments. */
const CHUNK = 4096;
/** Up to this many bytes, appending characters beats an array of code units, five times for a key of a dozen. */
const SHORT = 48;
/** With `u`, a surrogate that is half of a pair is no match: only a lone one is. */
const LONE_SURROGATE = /\p{Surrogate}/u;

/** Whether the text has a spelling in UTF-8: none of its surrogates is alone. */
export function isWellFormed(text: string): boolean {
  return !LONE_SURROGATE.test(text);
}

/** The text in UTF-8. It must be well-formed: replacing what is not would make two texts one. */
export function encodeUtf8(text: string): Uint8Array {
  const ascii = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i += 1) {
    const unit = text.charCodeAt(i);
    if (unit > 0x7f) return encodeWide(text);
    ascii[i] = unit;
  }
  return ascii;
}

function encodeWide(text: string): Uint8Array {
  const out = new Uint8Array(text.length * 3);
  let at = 0;
  for (let i = 0; i < text.length; i += 1) {
    const point = text.codePointAt(i) as number;
    invariant(point < 0xd800 || point > 0xdfff, "only well-formed text is encoded");
    if (point > 0xffff) i += 1;
    at = writePoint(point, out, at);
  }
  return out.slice(0, at);
}

function writePoint(point: number, out: Uint8Array, at: number): number {
  if (point < 0x80) {
    out[at] = point;
    return at + 1;
  }
  const length = point < 0x800 ? 2 : point < 0x1_0000 ? 3 : 4;
  out[at] = (0xf00 >> length) | (point >> (6 * (length - 1)));
  for (let i = 1; i < length; i += 1) out[at + i] = 0x80 | ((point >> (6 * (length - 1 - i))) & 0x3f);
  return at + length;
}

/** The text that these bytes spell. Throws {@link DecodeError} on anything but UTF-8 in its one spelling. */
export function decodeUtf8(bytes: Uint8Array): string {
  if (bytes.length > SHORT) return decodeLong(bytes);
  let text = "";
  for (let i = 0; i < bytes.length; i += 1) {
    const byte = bytes[i] as number;
    if (byte > 0x7f) return decodeLong(bytes);
    text += String.fromCharCode(byte);
  }
  return text;
}

function decodeLong(bytes: Uint8Array): string {
  const units = new Uint16Array(Math.min(bytes.length + 1, CHUNK));
  let text = "";
  let used = 0;
  for (let at = 0; at < bytes.length; ) {
    if (used + 2 > units.length) {
      text += fromUnits(units, used);
      used = 0;
    }
    const first = bytes[at] as number;
    if (first < 0x80) {
      units[used] = first;
      used += 1;
      at += 1;
      continue;
    }
    const length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    const point = readPoint(bytes, at, length);
    at += length;
    used += writeUnits(point, units, used);
  }
  return text + fromUnits(units, used);
}

function readPoint(bytes: Uint8Array, at: number, length: number): number {
  let point = (bytes[at] as number) & (0x7f >> length);
  if (at + length > bytes.length) throw new DecodeError("text that ends within a character");
  for (let i = 1; i < length; i += 1) {
    const next = bytes[at + i] as number;
    if ((next & 0xc0) !== 0x80) throw new DecodeError("text that is not UTF-8");
    point = (point << 6) | (next & 0x3f);
  }
  const least = length === 2 ? 0x80 : length === 3 ? 0x800 : 0x1_0000;
  const surrogate = point >= 0xd800 && point <= 0xdfff;
  const lead = bytes[at] as number;
  if (point < least || point > 0x10_ffff || surrogate || lead < 0xc2 || lead > 0xf4) {
    throw new DecodeError("text that is not UTF-8");
  }
  return point;
}

function writeUnits(point: number, units: Uint16Array, at: number): number {
  if (point <= 0xffff) {
    units[at] = point;
    return 1;
  }
  units[at] = 0xd7c0 + (point >> 10);
  units[at + 1] = 0xdc00 | (point & 0x3ff);
  return 2;
}

function fromUnits(units: Uint16Array, count: number): string {
  return String.fromCharCode.apply(null, units.subarray(0, count) as unknown as number[]);
}
