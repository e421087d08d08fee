import type { InstanceId } from "../../kernel/ids.ts";
import type { FastClaim, StatementClaim, VoteClaim } from "../../wire/claim.ts";
import type { SbftViewChange } from "../../wire/sbft.ts";
import { Writer } from "../../wire/writer.ts";
import { type Subject, statement } from "../shared/untrusted/claims.ts";

const Tag = {
  Proposal: 0x5350, // "SP"
  Prepared: 0x5343, // "SC"
  ViewChange: 0x5356, // "SV"
} as const;

/** `h` under sigma: all but c replicas have the proposal, and have voted for nothing else in its view. */
export function fastClaim(instance: InstanceId, subject: Subject): FastClaim {
  return { type: "fast", instance, message: contentOf(Tag.Proposal, subject) };
}

/** `h` under tau: a quorum does. */
export function proposalClaim(instance: InstanceId, subject: Subject): VoteClaim {
  return { type: "vote", instance, message: contentOf(Tag.Proposal, subject) };
}

/**
 * `h2`: a quorum holds a prepare certificate. Deviation: it speaks of slot and digest, not of the certificate's bytes, as those of
 * two collectors may differ in who signed.
 */
export function preparedClaim(instance: InstanceId, subject: Subject): VoteClaim {
  return { type: "vote", instance, message: contentOf(Tag.Prepared, subject) };
}

export function viewChangeClaim(instance: InstanceId, { digest }: SbftViewChange): StatementClaim {
  return statement(instance, new Writer(34).u16(Tag.ViewChange).digest(digest));
}

/** The same bytes for all signers. */
function contentOf(tag: number, { view, seq, digest }: Subject): Uint8Array {
  return new Writer(46).u16(tag).u48(view).u48(seq).digest(digest).finish();
}
