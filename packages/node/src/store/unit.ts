import { keyChecksum } from "./layout.ts";
import type { Operation } from "./sealed-database.ts";

/** An operation, and what it means for what must be found again. */
export interface Change extends Operation {
  /** Whether it puts a key that is not there yet; what is removed is always there. */
  readonly isNew?: boolean;
}

/** What must be found again: how many keys, and the sum of their checksums, modulo 2^32. */
export interface Account {
  readonly keys: number;
  readonly checksum: number;
}

/** Changes that become durable together or not at all. */
export interface Unit extends Account {
  readonly operations: readonly Operation[];
  /** Bytes of all values. */
  readonly bytes: number;
}

/** The unit of these changes; its `keys` and `checksum` are what it adds to the account. */
export function unitOf(changes: readonly Change[]): Unit {
  let bytes = 0;
  let keys = 0;
  let checksum = 0;
  for (const { key, value, isNew = false } of changes) {
    bytes += value?.byteLength ?? 0;
    const sign = value === null ? -1 : Number(isNew);
    keys += sign;
    if (sign !== 0) checksum += sign * keyChecksum(key);
  }
  return { operations: changes, bytes, keys, checksum };
}

/** The account once these units are in it. */
export function accountAfter(account: Account, units: readonly Account[]): Account {
  let { keys, checksum } = account;
  for (const unit of units) {
    keys += unit.keys;
    checksum = (checksum + unit.checksum) >>> 0;
  }
  return { keys, checksum };
}
