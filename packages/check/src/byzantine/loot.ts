import type { Random } from "@destiny/core/kernel/random";
import { encodeBatch, requestsOf } from "@destiny/core/wire/batch";
import type { ClientMessage } from "@destiny/core/wire/client-protocol";
import type { Request } from "@destiny/core/wire/request";
import { Value } from "@destiny/core/wire/value";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { spoilt } from "./spoilt.ts";

const REMEMBERED = 32;
const COUNT_BYTES = 4;
const REFERENCE_BYTES = 9;
const ASSIGN_TAG = 2;
const SIGNATURE_BYTES = 64;

/** What a primary that proposes something else has to choose from: what it has in hand, and what it has heard of clients. */
export class Loot {
  readonly #n: number;
  readonly #random: Random;
  readonly #heard: Request[] = [];

  constructor(n: number, random: Random) {
    this.#n = n;
    this.#random = random;
  }

  hear(message: ClientMessage): void {
    if (message.type !== "submit") return;
    const { length } = this.#heard;
    this.#heard[length < REMEMBERED ? length : this.#random.below(REMEMBERED)] = message.request;
  }

  /** Another value in place of a list of references or of a batch. */
  instead(value: Value, isList: boolean): Value {
    return isList ? this.#otherList(value) : this.#otherBatch(value);
  }

  /** Entries of references are 9 bytes each, after their count. */
  #otherList(value: Value): Value {
    const { buffer, byteOffset, length } = value.bytes;
    // What fills a gap after a view change is empty.
    const count = length < COUNT_BYTES ? 0 : new DataView(buffer, byteOffset).getUint32(0, true);
    if (length !== COUNT_BYTES + count * REFERENCE_BYTES)
      return Value.of(new Uint8Array(COUNT_BYTES), digestOf);
    const entries: Uint8Array[] = Array.from({ length: count }, (_, i) =>
      value.bytes.slice(COUNT_BYTES + i * REFERENCE_BYTES, COUNT_BYTES + (i + 1) * REFERENCE_BYTES),
    );
    this.#shuffle(entries, nextOf);
    const assign = this.#random.chance(0.3) ? this.#madeUpAssign() : null;
    if (assign !== null) entries.push(assign);
    return Value.of(Buffer.concat([count32(entries.length), ...entries]), digestOf);
  }

  /** Other requests, some of them executed long ago, and some that their client never signed so. */
  #otherBatch(value: Value): Value {
    if (this.#random.chance(0.3)) return Value.of(new Uint8Array(0), digestOf);
    // A copy: a value remembers its reading, and what was read elsewhere may have been a list of references.
    const requests = [...requestsOf(Value.of(value.bytes, digestOf), digestOf)];
    const heard = this.#heard[this.#random.below(this.#heard.length)];
    if (heard !== undefined) requests.splice(this.#random.below(requests.length + 1), 0, heard);
    this.#shuffle(requests, spoilt);
    // Of the bytes alone: what is noted in requests is about the true ones.
    return Value.of(encodeBatch(requests, digestOf).bytes, digestOf);
  }

  /** Reordered, one left out, one made up, or one doubled. */
  #shuffle<Entry>(entries: Entry[], forged: (entry: Entry) => Entry): void {
    const last = entries[entries.length - 1];
    if (last === undefined) return;
    const choice = this.#random.below(4);
    if (choice === 0) entries.reverse();
    else if (choice === 1) entries.splice(this.#random.below(entries.length), 1);
    else entries.push(choice === 2 ? forged(last) : last);
  }

  /** Some client goes to some coordinator, or to one that does not exist: its signature is none. */
  #madeUpAssign(): Uint8Array | null {
    const victim = this.#heard[this.#random.below(this.#heard.length)];
    if (victim === undefined) return null;
    const to = Buffer.alloc(8);
    to.writeUInt16LE(this.#random.below(this.#n + 1), 0);
    to.writeUIntLE(1 + this.#random.below(20), 2, 6);
    const client = Buffer.from(victim.client, "latin1");
    return Buffer.concat([Uint8Array.of(ASSIGN_TAG), client, to, new Uint8Array(SIGNATURE_BYTES)]);
  }
}

function nextOf(entry: Uint8Array): Uint8Array {
  const next = entry.slice();
  const at = new DataView(next.buffer);
  at.setUint32(3, at.getUint32(3, true) + 1, true);
  return next;
}

function count32(count: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(count, 0);
  return bytes;
}
