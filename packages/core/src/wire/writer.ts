import { DIGEST_BYTES, type Digest } from "../kernel/ids.ts";
import { invariant } from "../kernel/invariant.ts";

/** Writes little-endian fields into a buffer that grows. Values out of range are our own fault: an invariant. */
export class Writer {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written. The buffer is handed over: write nothing more. */
  finish(): Uint8Array {
    return this.#length === this.#bytes.length ? this.#bytes : this.#bytes.subarray(0, this.#length);
  }

  u8(value: number): this {
    invariant(Number.isInteger(value) && value >= 0 && value <= 0xff, "an 8-bit field");
    const at = this.#claim(1);
    this.#bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    invariant(Number.isInteger(value) && value >= 0 && value <= 0xffff, "a 16-bit field");
    this.#little(value, 2);
    return this;
  }

  u32(value: number): this {
    invariant(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff, "a 32-bit field");
    this.#little(value, 4);
    return this;
  }

  /** Views, sequence numbers and timestamps. */
  u48(value: number): this {
    invariant(Number.isInteger(value) && value >= 0 && value < 2 ** 48, "a 48-bit field");
    this.#little(value | 0, 4);
    this.#little(Math.floor(value / 0x1_0000_0000), 2);
    return this;
  }

  digest(digest: Digest): this {
    invariant(digest.length === DIGEST_BYTES, "a digest has 32 bytes");
    const at = this.#claim(DIGEST_BYTES);
    for (let i = 0; i < DIGEST_BYTES; i += 1) this.#bytes[at + i] = digest.charCodeAt(i);
    return this;
  }

  /** Bytes whose length the reader knows. */
  raw(bytes: Uint8Array): this {
    const at = this.#claim(bytes.length);
    this.#bytes.set(bytes, at);
    return this;
  }

  /** Bytes after their 32-bit length. */
  bytes(bytes: Uint8Array): this {
    return this.u32(bytes.length).raw(bytes);
  }

  /** The lowest bytes of a whole number, lowest first. A view for that would cost more than most messages take to write. */
  #little(value: number, count: number): void {
    const at = this.#claim(count); // First: claiming may replace the buffer.
    for (let i = 0; i < count; i += 1) this.#bytes[at + i] = value >>> (8 * i);
  }

  #claim(count: number): number {
    const at = this.#length;
    const needed = at + count;
    if (needed > this.#bytes.length) this.#grow(needed);
    this.#length = needed;
    return at;
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
