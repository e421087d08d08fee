import type { Digest, ReplicaId, SequenceNumber, View } from "../kernel/ids.ts";
import { REPLICAS_MAX } from "../kernel/ids.ts";
import { LIMITS } from "./limits.ts";
import { Certificate, MessageKind } from "./messages.ts";
import type { Signed } from "./pbft.ts";
import { DecodeError, Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

/** Bytes before the certificate of one signer: who it is, and how long it is. */
const SIGNER_BYTES = 6;

/** What a commit certificate of Hybster is made of (hybster.md 4). */
export interface CommitProof {
  /** The primary's certificate over its proposal. */
  readonly prepare: Uint8Array;
  /** Those of backups over its digest, in ascending order of signers. */
  readonly commits: readonly Signed[];
}

/** What it proves. */
export interface Committed {
  readonly view: View;
  readonly seq: SequenceNumber;
  readonly digest: Digest;
  readonly extension: number;
}

/** The commit certificate of a slot. */
export function commitCertificate(
  { view, seq, digest, extension }: Committed,
  { prepare, commits }: CommitProof,
): Certificate {
  // As long as it will be: large clusters keep one of these for every slot.
  const size = commits.reduce(
    (sum, { signature }) => sum + SIGNER_BYTES + signature.length,
    8 + prepare.length,
  );
  const out = new Writer(size).bytes(prepare).u32(commits.length);
  for (const { signer, signature } of commits) out.u16(signer).bytes(signature);
  const kind = MessageKind.HybsterCertificate;
  return new Certificate({ kind, view, seq, digest, extension, aggregate: out.finish() });
}

/** What {@link commitCertificate} put in; null if it is none. */
export function proofOf({ aggregate }: Certificate): CommitProof | null {
  try {
    const input = new Reader(aggregate);
    const prepare = input.bytes(LIMITS.shareBytesMax);
    const count = input.count(REPLICAS_MAX, SIGNER_BYTES);
    const commits: Signed[] = [];
    for (let i = 0; i < count; i += 1) commits.push(readSigned(input));
    input.end();
    return { prepare, commits };
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

function readSigned(input: Reader): Signed {
  const signer: ReplicaId = input.u16();
  return { signer, signature: input.bytes(LIMITS.shareBytesMax) };
}
