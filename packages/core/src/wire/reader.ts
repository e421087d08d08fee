import { DIGEST_BYTES, type Digest } from "../kernel/ids.ts";

/** Bytes from a peer, a client or a disk that are not what they should be. Counted at the edge, never let through. */
export class DecodeError extends Error {
  override readonly name = "DecodeError";
}

/** Reads what {@link Writer} wrote, and throws {@link DecodeError} on anything else. */
export class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    // A subclass may hand out views where a copy is asked for (Buffer's slice): from here on it is a plain array.
    const plain = bytes.constructor === Uint8Array;
    this.#bytes = plain ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  get remaining(): number {
    return this.#bytes.length - this.#at;
  }

  u8(): number {
    return this.#view.getUint8(this.#claim(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#claim(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#claim(4), true);
  }

  u48(): number {
    const at = this.#claim(6);
    return this.#view.getUint32(at, true) + this.#view.getUint16(at + 4, true) * 0x1_0000_0000;
  }

  /** 0 or 1; any other byte is a second spelling and refused. */
  flag(): boolean {
    const byte = this.u8();
    if (byte > 1) throw new DecodeError("a flag is 0 or 1");
    return byte === 1;
  }

  digest(): Digest {
    return toDigest(this.raw(DIGEST_BYTES));
  }

  /** A view of the next `length` bytes: it pins the whole frame, so copy what outlives it. */
  raw(length: number): Uint8Array {
    const at = this.#claim(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** A view of bytes that their 32-bit length precedes. */
  bytes(lengthMax: number): Uint8Array {
    const length = this.u32();
    if (length > lengthMax)
      throw new DecodeError(`a field of ${length} bytes, above its limit of ${lengthMax}`);
    return this.raw(length);
  }

  /** An item count that announces `count` items of at least `bytesEach`: more than the frame can hold is refused. */
  count(countMax: number, bytesEach: number): number {
    const count = this.u32();
    if (count > countMax || count * bytesEach > this.remaining)
      throw new DecodeError("more items than allowed");
    return count;
  }

  /** Ends the reading: trailing bytes are a second spelling and refused. */
  end(): void {
    if (this.remaining !== 0) throw new DecodeError(`${this.remaining} bytes after the end`);
  }

  #claim(count: number): number {
    const at = this.#at;
    if (count > this.#bytes.length - at) throw new DecodeError("ends too early");
    this.#at = at + count;
    return at;
  }
}

/** A digest in the form that the core compares. */
export function toDigest(bytes: Uint8Array): Digest {
  if (bytes.length !== DIGEST_BYTES) throw new DecodeError("a digest has 32 bytes");
  let digest = "";
  for (let i = 0; i < DIGEST_BYTES; i += 1) digest += String.fromCharCode(bytes[i] as number);
  return digest;
}

/** The bytes of a digest. */
export function fromDigest(digest: Digest): Uint8Array {
  const bytes = new Uint8Array(DIGEST_BYTES);
  for (let i = 0; i < DIGEST_BYTES; i += 1) bytes[i] = digest.charCodeAt(i);
  return bytes;
}
