import { createHash, hash } from "node:crypto";
import type { Digest } from "@destiny/core/kernel/ids";

/** Up to this many bytes, joining the parts costs less than a hash object that takes them one by one. */
const JOIN_MAX = 4096;

/** SHA-256 of some bytes, as 32 bytes. */
export function sha256(bytes: Uint8Array): Uint8Array {
  return hash("sha256", bytes, "buffer");
}

/** SHA-256 of the parts one after the other, as the core compares digests. Lengths are the caller's to make unambiguous. */
export function digestOf(...parts: Uint8Array[]): Digest {
  const [first] = parts;
  if (parts.length === 1 && first !== undefined) return hash("sha256", first, "binary");
  let length = 0;
  for (const part of parts) length += part.length;
  if (length <= JOIN_MAX) return hash("sha256", Buffer.concat(parts, length), "binary");
  const hasher = createHash("sha256");
  for (const part of parts) hasher.update(part);
  return hasher.digest("binary");
}
