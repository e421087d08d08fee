import type { Digest } from "@destiny/core/kernel/ids";

/** Bytes, or a digest, as lower-case hexadecimal digits. */
export function toHex(bytes: Uint8Array | Digest): string {
  return (typeof bytes === "string" ? Buffer.from(bytes, "latin1") : Buffer.from(bytes)).toString("hex");
}

/** The bytes of hexadecimal digits that were checked to be such. */
export function fromHex(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, "hex"));
}
