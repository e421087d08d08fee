import { crc32 } from "node:zlib";
import { DecodeError } from "@destiny/core/wire/reader";

const CRC_BYTES = 4;

/** The bytes followed by their CRC-32, which finds accidents and stops nobody. */
export function withChecksum(bytes: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(bytes.length + CRC_BYTES);
  sealed.set(bytes);
  new DataView(sealed.buffer).setUint32(bytes.length, crc32(bytes), true);
  return sealed;
}

/** The bytes before the CRC-32 at the end of `sealed`; throws `DecodeError` if it is another one's. */
export function checked(sealed: Uint8Array): Uint8Array {
  const length = sealed.length - CRC_BYTES;
  const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.length);
  const bytes = sealed.subarray(0, length);
  if (view.getUint32(length, true) !== crc32(bytes)) throw new DecodeError("a checksum does not match");
  return bytes;
}
