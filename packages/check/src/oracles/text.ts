import type { Digest } from "@destiny/core/kernel/ids";

/** The beginning of a digest, for people. */
export function hex(digest: Digest): string {
  return Buffer.from(digest.slice(0, 4), "latin1").toString("hex");
}
