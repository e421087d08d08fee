import type { Digest, ReplicaId, SequenceNumber } from "@destiny/core/kernel/ids";

/** One entry of an ordered list. */
export type ListedEntry =
  | { readonly type: "reference"; readonly instance: ReplicaId; readonly seq: SequenceNumber }
  | { readonly type: "assign"; readonly client: Digest; readonly nonce: number };

const REFERENCE_BYTES = 9;
const ASSIGN_BYTES = 1 + 32 + 2 + 6 + 64;

/** An O-value read by hand (dqbft.md 2): a count, then entries of two kinds. Bytes that are no list are the empty list. */
export function readOrderList(bytes: Uint8Array): readonly ListedEntry[] {
  if (bytes.length < 4) return [];
  const entries: ListedEntry[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const count = view.getUint32(0, true);
  let at = 4;
  for (let i = 0; i < count; i += 1) {
    const size = sizeAt(view, at);
    if (size === 0) return [];
    entries.push(size === REFERENCE_BYTES ? readReference(view, at + 1) : readAssign(view, at + 1));
    at += size;
  }
  return at === bytes.length ? entries : [];
}

/** Bytes of the entry that begins there; 0 if none does. */
function sizeAt(view: DataView, at: number): number {
  if (at >= view.byteLength) return 0;
  const size = [0, REFERENCE_BYTES, ASSIGN_BYTES][view.getUint8(at)] ?? 0;
  return at + size > view.byteLength ? 0 : size;
}

function readReference(view: DataView, at: number): ListedEntry {
  return { type: "reference", instance: view.getUint16(at, true), seq: u48(view, at + 2) };
}

function readAssign(view: DataView, at: number): ListedEntry {
  const client = Buffer.from(view.buffer, view.byteOffset + at, 32).toString("latin1");
  return { type: "assign", client, nonce: u48(view, at + 34) };
}

function u48(view: DataView, at: number): number {
  return view.getUint32(at, true) + view.getUint16(at + 4, true) * 0x1_0000_0000;
}
