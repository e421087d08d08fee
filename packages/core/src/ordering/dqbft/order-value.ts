import type { InstanceId, SequenceNumber } from "../../kernel/ids.ts";
import { AssignRequest } from "../../wire/messages.ts";
import { DecodeError, Reader } from "../../wire/reader.ts";
import { type Hash, Value } from "../../wire/value.ts";
import { Writer } from "../../wire/writer.ts";

const REFERENCE = 1;
const ASSIGN = 2;
const SIGNATURE_BYTES = 64;
const ENTRY_BYTES_MIN = 9;

/** One slot of one D-instance. The O-instance binds the place, never the value (dqbft.md 2). */
export interface Reference {
  readonly type: "reference";
  readonly instance: InstanceId;
  readonly seq: SequenceNumber;
}

/** A client moves to another coordinator (DQBFT 3.2.6). */
export interface Assign {
  readonly type: "assign";
  readonly request: AssignRequest;
}

export type Entry = Reference | Assign;

/** The O-value's limits: a pure function of the bytes, checked by the gate and enforced by execution (dqbft.md 2, H21). */
export interface OrderLimits {
  /** `B_O`. */
  readonly entriesMax: number;
  /** `b`. */
  readonly referencesPerInstanceMax: number;
  /** D-instances. */
  readonly n: number;
}

/** The reading of an O-value. Bytes that do not parse are the empty list. */
export class OrderList {
  readonly entries: readonly Entry[];
  readonly wellFormed: boolean;

  constructor(entries: readonly Entry[], wellFormed: boolean) {
    this.entries = entries;
    this.wellFormed = wellFormed;
  }
}

export function encodeOrderValue(entries: readonly Entry[], hash: Hash): Value {
  const out = new Writer(16 + entries.length * 16).u32(entries.length);
  for (const entry of entries) {
    if (entry.type === "reference") out.u8(REFERENCE).u16(entry.instance).u48(entry.seq);
    else {
      const { client, coordinator, nonce, signature } = entry.request;
      out.u8(ASSIGN).digest(client).u16(coordinator).u48(nonce).raw(signature);
    }
  }
  const value = Value.of(out.finish(), hash);
  value.meaning = new OrderList(entries, true);
  return value;
}

/** The entries of an O-value, read once. */
export function orderListOf(value: Value): OrderList {
  if (value.meaning instanceof OrderList) return value.meaning;
  const list = parse(value.bytes);
  value.meaning = list;
  return list;
}

/** Whether the static limits hold: no more entries than allowed, none twice, known instances, slots from 1. */
export function withinLimits(list: OrderList, limits: OrderLimits): boolean {
  const { entries } = list;
  if (!list.wellFormed || entries.length > limits.entriesMax) return false;
  if (new Set(entries.map(identityOf)).size < entries.length) return false;
  const counts = new Array<number>(limits.n).fill(0);
  return entries.every((entry) => {
    if (entry.type === "assign") return true;
    const count = (counts[entry.instance] ?? limits.referencesPerInstanceMax) + 1;
    counts[entry.instance] = count;
    return entry.instance < limits.n && entry.seq > 0 && count <= limits.referencesPerInstanceMax;
  });
}

/** What no O-value names twice: a slot, or a client that moves. */
function identityOf(entry: Entry): string {
  return entry.type === "reference" ? `${entry.instance}:${entry.seq}` : entry.request.client;
}

function parse(bytes: Uint8Array): OrderList {
  try {
    const input = new Reader(bytes);
    const count = input.count(bytes.length, ENTRY_BYTES_MIN);
    const entries: Entry[] = [];
    for (let i = 0; i < count; i += 1) entries.push(readEntry(input));
    input.end();
    return new OrderList(entries, true);
  } catch (error) {
    if (error instanceof DecodeError) return new OrderList([], false);
    throw error;
  }
}

function readEntry(input: Reader): Entry {
  switch (input.u8()) {
    case REFERENCE:
      return { type: "reference", instance: input.u16(), seq: input.u48() };
    case ASSIGN: {
      const fields = { client: input.digest(), coordinator: input.u16(), nonce: input.u48() };
      const request = new AssignRequest({ ...fields, signature: input.raw(SIGNATURE_BYTES).slice() });
      return { type: "assign", request };
    }
    default:
      throw new DecodeError("an unknown kind of entry");
  }
}
