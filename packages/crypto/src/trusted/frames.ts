import { DecodeError } from "@destiny/core/wire/reader";

/** Longest frame between host and signer, without the four bytes of its length. */
export const FRAME_BYTES_MAX = 131_072;

const LENGTH_BYTES = 4;

/** The payload after its length: one frame. */
export function frame(payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(LENGTH_BYTES + payload.length);
  new DataView(bytes.buffer).setUint32(0, payload.length, true);
  bytes.set(payload, LENGTH_BYTES);
  return bytes;
}

/** Cuts a byte stream into the payloads of its frames; holds at most one incomplete frame. */
export class FrameCutter {
  #rest: Uint8Array = new Uint8Array(0);

  /** The payloads that `chunk` completes; throws `DecodeError` on an empty or too long frame. */
  cut(chunk: Uint8Array): Uint8Array[] {
    let bytes = plain(this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]));
    const payloads: Uint8Array[] = [];
    while (bytes.length >= LENGTH_BYTES) {
      const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
      if (length === 0 || length > FRAME_BYTES_MAX) throw new DecodeError(`a frame of ${length} bytes`);
      if (bytes.length < LENGTH_BYTES + length) break;
      payloads.push(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length));
      bytes = bytes.subarray(LENGTH_BYTES + length);
    }
    this.#rest = bytes;
    return payloads;
  }
}

/** The same bytes, not as a `Buffer`, whose `slice` would be a view where readers count on a copy. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}
