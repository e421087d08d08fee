import type { FaultModel } from "../kernel/fault-model.ts";
import type { Digest, SequenceNumber } from "../kernel/ids.ts";
import type { CheckpointClaim, Claim, VoteClaim } from "./claim.ts";
import { Reader } from "./reader.ts";
import { Writer } from "./writer.ts";

/** The replicated state after one slot of the global order. */
export interface CheckpointSubject {
  readonly seq: SequenceNumber;
  readonly root: Digest;
}

const TAG = 0x434b; // "CK": no vote of an agreement begins so.
const BYTES = 40;

/**
 * What speaks for a checkpoint, {@link FaultModel.stability} shares of it: `pi` where counters are trusted, and else a quorum's `tau`,
 * so that enough correct replicas hold the state for slots to be forgotten (sbft.md 6, pbft.md 6).
 */
export function checkpointClaim(
  { kind }: FaultModel,
  { seq, root }: CheckpointSubject,
): CheckpointClaim | VoteClaim {
  if (kind === "hybrid") return { type: "checkpoint", seq, root };
  // It is of no instance; signers ask for one.
  return { type: "vote", instance: 0, message: new Writer(BYTES).u16(TAG).u48(seq).digest(root).finish() };
}

/** The checkpoint that a claim is about; null if about none. */
export function checkpointOf(claim: Claim): CheckpointSubject | null {
  if (claim.type === "checkpoint") return claim;
  if (claim.type !== "vote" || claim.message.length !== BYTES) return null;
  const input = new Reader(claim.message);
  return input.u16() === TAG ? { seq: input.u48(), root: input.digest() } : null;
}
