/** Bytes of a frame's header: its length as an unsigned 32-bit little-endian integer. */
export const HEADER_BYTES = 4;

/**
 * Cuts a byte stream into frames: a length from 1 to `frameBytesMax`, then so many bytes.
 *
 * A frame that lies whole in one chunk is a view into it and pins that chunk. A larger one is allocated once,
 * when its
 * length is known, and filled; a peer that announces much and sends little costs address space but no memory,
 * since
 * the system backs the zeroed pages of a large allocation only when they are written.
 */
export class FrameParser {
  /** Largest frame accepted from now on. It may be raised from within `onFrame`, as a handshake does. */
  frameBytesMax: number;
  readonly #onFrame: (frame: Uint8Array) => void;
  readonly #header: Uint8Array = new Uint8Array(HEADER_BYTES);
  #headerLength = 0;
  #body: Uint8Array | undefined;
  #bodyLength = 0;
  #stopped = false;

  constructor(frameBytesMax: number, onFrame: (frame: Uint8Array) => void) {
    this.frameBytesMax = frameBytesMax;
    this.#onFrame = onFrame;
  }

  /** Hands on all frames that `chunk` completes. False once a length was out of bounds: close the stream. */
  push(chunk: Uint8Array): boolean {
    let at = 0;
    while (at < chunk.length && !this.#stopped) {
      if (this.#body !== undefined) at = this.#fill(this.#body, chunk, at);
      else if (this.#headerLength === 0 && chunk.length - at >= HEADER_BYTES) at = this.#cut(chunk, at);
      else at = this.#gather(chunk, at);
    }
    return !this.#stopped;
  }

  /** Hands on nothing more, not even the rest of a chunk that is being cut. */
  stop(): void {
    this.#stopped = true;
    this.#body = undefined;
  }

  /** A header that lies whole in the chunk; mostly the frame does too. Returns where to go on. */
  #cut(chunk: Uint8Array, at: number): number {
    const length = readLength(chunk, at);
    const start = at + HEADER_BYTES;
    if (!this.#accepts(length)) return start;
    if (chunk.length - start < length) {
      this.#begin(length);
      return start;
    }
    this.#onFrame(chunk.subarray(start, start + length));
    return start + length;
  }

  /** One byte of a header that is spread over chunks: rare enough to go byte by byte. */
  #gather(chunk: Uint8Array, at: number): number {
    this.#header[this.#headerLength] = chunk[at] ?? 0;
    this.#headerLength += 1;
    if (this.#headerLength < HEADER_BYTES) return at + 1;
    this.#headerLength = 0;
    const length = readLength(this.#header, 0);
    if (this.#accepts(length)) this.#begin(length);
    return at + 1;
  }

  #accepts(length: number): boolean {
    if (length < 1 || length > this.frameBytesMax) this.stop();
    return !this.#stopped;
  }

  #begin(length: number): void {
    this.#body = new Uint8Array(length);
    this.#bodyLength = 0;
  }

  #fill(body: Uint8Array, chunk: Uint8Array, at: number): number {
    const count = Math.min(body.length - this.#bodyLength, chunk.length - at);
    body.set(chunk.subarray(at, at + count), this.#bodyLength);
    this.#bodyLength += count;
    if (this.#bodyLength === body.length) {
      this.#body = undefined;
      this.#onFrame(body);
    }
    return at + count;
  }
}

function readLength(bytes: Uint8Array, at: number): number {
  const low = (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16);
  return low + (bytes[at + 3] ?? 0) * 0x100_0000;
}
