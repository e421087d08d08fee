import { DIGEST_BYTES, type Digest, type ReplicaId } from "@destiny/core/kernel/ids";
import { DecodeError, Reader } from "@destiny/core/wire/reader";
import { Writer } from "@destiny/core/wire/writer";

/** Version of the mesh's framing and hello; another one means that the peer runs other software. */
export const MESH_VERSION = 1;
/** Bytes of a hello frame without its header: no frame before authentication is longer. */
export const HELLO_BYTES: number = 4 + 2 + DIGEST_BYTES + 2;

const MAGIC = 0x4d54_5344; // "DSTM", little-endian.

/**
 * The first frame in either direction of a link: what both ends must agree on before anything else counts.
 */
export interface Hello {
  readonly version: number;
  /** The cluster's identity: a peer of another cluster is none of ours, whatever its certificate. */
  readonly cluster: Digest;
  /** Who the sender says it is; its certificate must say the same. */
  readonly replica: ReplicaId;
}

export function encodeHello(hello: Hello): Uint8Array {
  const writer = new Writer(HELLO_BYTES);
  return writer.u32(MAGIC).u16(hello.version).digest(hello.cluster).u16(hello.replica).finish();
}

/** The hello in a frame, or undefined if it is not one. */
export function decodeHello(frame: Uint8Array): Hello | undefined {
  try {
    const reader = new Reader(frame);
    if (frame.length !== HELLO_BYTES || reader.u32() !== MAGIC) return undefined;
    return { version: reader.u16(), cluster: reader.digest(), replica: reader.u16() };
  } catch (error) {
    if (error instanceof DecodeError) return undefined;
    throw error;
  }
}
