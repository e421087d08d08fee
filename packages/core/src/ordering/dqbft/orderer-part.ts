import type { InstanceId, SequenceNumber } from "../../kernel/ids.ts";
import { type Anchor, openAnchor } from "../../wire/anchor.ts";
import { DecodeError, Reader } from "../../wire/reader.ts";
import type { Hash } from "../../wire/value.ts";
import { Writer } from "../../wire/writer.ts";

/** The composition's part of the replicated state (dqbft.md 5): how far the order and each D-instance are executed. */
export interface OrdererPart {
  readonly executed: SequenceNumber;
  /** Last executed slot of every D-instance. */
  readonly cut: readonly SequenceNumber[];
}

export function encodePart({ executed, cut }: OrdererPart): Uint8Array {
  const out = new Writer(16 + cut.length * 6).u48(executed).u32(cut.length);
  for (const seq of cut) out.u48(seq);
  return out.finish();
}

/** Reads the part of a cluster of n. Throws {@link DecodeError}. */
export function decodePart(part: Uint8Array, n: number): OrdererPart {
  const input = new Reader(part);
  const executed = input.u48();
  if (input.u32() !== n) throw new DecodeError("a checkpoint of another cluster size");
  const cut: SequenceNumber[] = [];
  for (let i = 0; i < n; i += 1) cut.push(input.u48());
  input.end();
  return { executed, cut };
}

/** How far an instance, 0 to n, is in an anchor: n is the O-instance. Null if the anchor does not open. */
export function lowIn(anchor: Anchor, instance: InstanceId, n: number, hash: Hash): SequenceNumber | null {
  const bytes = openAnchor(anchor, hash);
  if (bytes === null) return null;
  try {
    const { executed, cut } = decodePart(bytes, n);
    return instance === n ? executed : (cut[instance] ?? null);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
