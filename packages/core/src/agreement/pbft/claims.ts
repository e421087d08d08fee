import type { InstanceId } from "../../kernel/ids.ts";
import type { StatementClaim } from "../../wire/claim.ts";
import type { PbftViewChange } from "../../wire/pbft.ts";
import { viewChangeContent } from "../../wire/pbft-codec.ts";
import { Writer } from "../../wire/writer.ts";
import { type Signing, type Subject, statement } from "../shared/untrusted/claims.ts";

const Tag = {
  Prepare: 0x5052, // "PR"
  Commit: 0x434f, // "CO"
  ViewChange: 0x5643, // "VC"
} as const;

/** What a signed Prepare's signature covers. */
export function prepareClaim(instance: InstanceId, subject: Subject): StatementClaim {
  return voteClaim(instance, Tag.Prepare, subject);
}

/** "I sent Commit for this digest": a signed Commit, and a commit statement (dqbft.md 2). */
export function commitClaim(instance: InstanceId, subject: Subject): StatementClaim {
  return voteClaim(instance, Tag.Commit, subject);
}

/** Of its digest: its certificates are many, and signers take short messages only. */
export function viewChangeClaim({ instance, hash }: Signing, message: PbftViewChange): StatementClaim {
  return statement(instance, new Writer(34).u16(Tag.ViewChange).digest(hash(viewChangeContent(message))));
}

function voteClaim(instance: InstanceId, tag: number, { view, seq, digest }: Subject): StatementClaim {
  return statement(instance, new Writer(46).u16(tag).u48(view).u48(seq).digest(digest));
}
