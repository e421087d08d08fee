import type { ReplicaId } from "../../kernel/ids.ts";
import type { Signed } from "../../wire/pbft.ts";
import { DecodeError, Reader } from "../../wire/reader.ts";
import { Writer } from "../../wire/writer.ts";

/** A signed vote's share: who signed, and the signature. It can be passed on, so it cannot rely on its channel. */
export function makeShare(signer: ReplicaId, signature: Uint8Array): Uint8Array {
  return new Writer(2 + signature.length).u16(signer).raw(signature).finish();
}

/** What {@link makeShare} made; null if it is none. */
export function openShare(share: Uint8Array): Signed | null {
  try {
    const input = new Reader(share);
    return { signer: input.u16(), signature: input.raw(input.remaining) };
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
