import { DecodeError } from "../wire/reader.ts";
import { decodeUtf8, encodeUtf8, isWellFormed } from "../wire/utf8.ts";

/** Plain data: what JSON can say, and nothing that it would say differently. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** Deepest nesting of lists and objects. */
const DEPTH_MAX = 64;

/**
 * The one spelling of plain data: keys sorted by code units, no spaces, numbers as ECMAScript prints them, and `-0` as
 * itself, because a program can tell it from `0`. Throws a TypeError for everything that is not {@link Json}.
 */
export function encodeJson(value: unknown): Uint8Array {
  return encodeUtf8(spell(value, 0));
}

/** The plain data that these bytes spell, in any spelling that JSON has. Throws {@link DecodeError}. */
export function decodeJson(bytes: Uint8Array): Json {
  const text = decodeUtf8(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new DecodeError("not JSON");
  }
  try {
    return ownedCopy(value, 0);
  } catch (error) {
    if (error instanceof TypeError) throw new DecodeError(error.message);
    throw error;
  }
}

/**
 * A copy of plain data that shares nothing with it, `depth` levels below the root. `reveal` says what to read in place of
 * an object. Throws a TypeError for everything that is not {@link Json}: numbers that are not finite, undefined,
 * functions, dates, holes, halves of surrogate pairs, a key `__proto__`, symbols as keys, too many levels.
 */
export function ownedCopy(value: unknown, depth: number, reveal: (object: object) => object = itself): Json {
  if (typeof value !== "object" || value === null) return checkScalar(value);
  const seen = reveal(value);
  checkContainer(seen, depth);
  if (Array.isArray(seen)) return Array.from(seen, (item) => ownedCopy(item, depth + 1, reveal));
  const copy: Record<string, Json> = {};
  for (const key of keysOf(seen)) {
    copy[key] = ownedCopy((seen as Record<string, unknown>)[key], depth + 1, reveal);
  }
  return copy;
}

function itself(object: object): object {
  return object;
}

/** The value, if it is plain data without parts; else throws a TypeError. */
export function checkScalar(value: unknown): null | boolean | number | string {
  switch (typeof value) {
    case "boolean":
      return value;
    case "number":
      if (!Number.isFinite(value)) throw new TypeError(`${value} is not plain data`);
      return value;
    case "string":
      if (!isWellFormed(value)) throw new TypeError("text with half of a surrogate pair is not plain data");
      return value;
    default:
      if (value === null) return value;
      throw new TypeError(`${typeof value} is not plain data`);
  }
}

/** The key, if plain data may have it; else throws a TypeError. */
export function checkKey(key: string): string {
  if (key === "__proto__") throw new TypeError("the key __proto__ is not plain data");
  if (!isWellFormed(key)) throw new TypeError("a key with half of a surrogate pair is not plain data");
  return key;
}

function spell(value: unknown, depth: number): string {
  if (typeof value === "number") return Object.is(value, -0) ? "-0" : String(checkScalar(value));
  if (typeof value !== "object" || value === null) return JSON.stringify(checkScalar(value));
  checkContainer(value, depth);
  if (Array.isArray(value)) return `[${Array.from(value, (item) => spell(item, depth + 1)).join(",")}]`;
  let text = "";
  for (const key of keysOf(value)) {
    const member = spell((value as Record<string, unknown>)[key], depth + 1);
    text += `${text === "" ? "" : ","}${JSON.stringify(key)}:${member}`;
  }
  return `{${text}}`;
}

function checkContainer(value: object, depth: number): void {
  if (depth >= DEPTH_MAX) throw new TypeError(`more than ${DEPTH_MAX} levels are not plain data`);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== Array.prototype && prototype !== null) {
    throw new TypeError("an instance of a class is not plain data");
  }
  if (Object.getOwnPropertySymbols(value).length > 0) {
    throw new TypeError("a symbol as a key is not plain data");
  }
}

function keysOf(value: object): string[] {
  const keys = Object.keys(value).sort();
  for (const key of keys) checkKey(key);
  return keys;
}
