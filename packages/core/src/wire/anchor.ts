import type { FaultModel } from "../kernel/fault-model.ts";
import type { Digest, SequenceNumber } from "../kernel/ids.ts";
import type { Check } from "./check.ts";
import { checkpointClaim } from "./checkpoint-claim.ts";
import { Leaf, PATH_MAX, rootFromPath } from "./merkle.ts";
import type { CodecTable } from "./message-codec.ts";
import { CheckpointProof, type Message, MessageKind } from "./messages.ts";
import type { Reader } from "./reader.ts";
import type { Hash } from "./value.ts";
import { Writer } from "./writer.ts";

const PART_BYTES_MAX = 16_384;
const AGGREGATE_BYTES_MAX = 1152;

/** The digest of one page of the replicated state. */
export function pageLeaf(index: number, bytes: Uint8Array, hash: Hash): Digest {
  return hash(new Writer(5 + bytes.length).u8(Leaf.Page).u32(index).raw(bytes).finish());
}

/**
 * A stable checkpoint that says how far each instance was: its certificate, and the orderer's part of the state, page 0,
 * with the path that leads from it to the certified root (dqbft.md 5). View changes carry it as proof of a low watermark.
 */
export class Anchor implements Message {
  readonly kind: MessageKind = MessageKind.Anchor;
  readonly proof: CheckpointProof;
  /** The orderer's part of the state. */
  readonly part: Uint8Array;
  readonly pageCount: number;
  readonly path: readonly Digest[];

  constructor(fields: Omit<Anchor, "kind" | "seq">) {
    this.proof = fields.proof;
    this.part = fields.part;
    this.pageCount = fields.pageCount;
    this.path = fields.path;
  }

  /** Slot of the global order after which it was taken: anchors are compared by it (dqbft.md 5). */
  get seq(): SequenceNumber {
    return this.proof.seq;
  }
}

/** The orderer's part, if its path leads to the certified root; else null. The certificate is {@link anchorCheck}'s. */
export function openAnchor(anchor: Anchor, hash: Hash): Uint8Array | null {
  const { part, path, pageCount, proof } = anchor;
  const root = rootFromPath(pageLeaf(0, part, hash), { index: 0, count: pageCount }, path, hash);
  return root === proof.root ? part : null;
}

/** What must hold for the certificate. */
export function anchorCheck(faults: FaultModel, { proof }: Anchor): Check {
  return checkpointCheck(faults, proof);
}

/** What must hold for the certificate of a checkpoint. */
export function checkpointCheck(faults: FaultModel, proof: CheckpointProof): Check {
  return { type: "certificate", claim: checkpointClaim(faults, proof), aggregate: proof.aggregate };
}

/** Writes an anchor as part of another message. */
export function writeAnchor(anchor: Anchor, out: Writer): void {
  const { proof, part, pageCount, path } = anchor;
  out.u48(proof.seq).digest(proof.root).bytes(proof.aggregate).bytes(part).u32(pageCount).u32(path.length);
  for (const sibling of path) out.digest(sibling);
}

/** Reads what {@link writeAnchor} wrote. Throws `DecodeError`. */
export function readAnchor(input: Reader): Anchor {
  const seq = input.u48();
  const root = input.digest();
  const aggregate = input.bytes(AGGREGATE_BYTES_MAX).slice();
  const part = input.bytes(PART_BYTES_MAX).slice();
  const pageCount = input.u32();
  const count = input.count(PATH_MAX, 32);
  const path: Digest[] = [];
  for (let i = 0; i < count; i += 1) path.push(input.digest());
  return new Anchor({ proof: new CheckpointProof({ seq, root, aggregate }), part, pageCount, path });
}

export const ANCHOR_CODECS: CodecTable = {
  [MessageKind.Anchor]: {
    write: (message, out) => writeAnchor(message as Anchor, out),
    read: (_kind, input) => readAnchor(input),
  },
};
