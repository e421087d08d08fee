import { DIGEST_BYTES, type Digest } from "../kernel/ids.ts";
import { invariant } from "../kernel/invariant.ts";

/** Writes little-endian fields into a buffer that grows. Values out of range are our own fault: an invariant. */
export class Writer {
  #bytes: Uint8Array;
  #view: DataView;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
    this.#view = new DataView(this.#bytes.buffer);
  }

  get length(): number {
    return this.#length;
  }

  /** What was written. The buffer is handed over: write nothing more. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  u8(value: number): this {
    invariant(Number.isInteger(value) && value >= 0 && value <= 0xff, "an 8-bit field");
    const at = this.#claim(1);
    this.#bytes[at] = value;
    return this;
  }

  u16(value: number): this {
    invariant(Number.isInteger(value) && value >= 0 && value <= 0xffff, "a 16-bit field");
    const at = this.#claim(2); // First: claiming may replace the buffer.
    this.#view.setUint16(at, value, true);
    return this;
  }

  u32(value: number): this {
    invariant(Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff, "a 32-bit field");
    const at = this.#claim(4);
    this.#view.setUint32(at, value, true);
    return this;
  }

  /** Views, sequence numbers and timestamps. */
  u48(value: number): this {
    invariant(Number.isInteger(value) && value >= 0 && value < 2 ** 48, "a 48-bit field");
    const at = this.#claim(6);
    this.#view.setUint32(at, value % 0x1_0000_0000, true);
    this.#view.setUint16(at + 4, Math.floor(value / 0x1_0000_0000), true);
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
    this.#view = new DataView(grown.buffer);
  }
}
