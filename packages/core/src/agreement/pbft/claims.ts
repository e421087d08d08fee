import type { Digest, InstanceId, SequenceNumber, View } from "../../kernel/ids.ts";
import type { StatementClaim } from "../../wire/claim.ts";
import type { PbftNewView, PbftViewChange } from "../../wire/pbft.ts";
import { newViewContent, viewChangeContent } from "../../wire/pbft-codec.ts";
import { Writer } from "../../wire/writer.ts";

const Tag = {
  PrePrepare: 0x5050, // "PP"
  Prepare: 0x5052, // "PR"
  Commit: 0x434f, // "CO"
  ViewChange: 0x5643, // "VC"
  NewView: 0x4e56, // "NV"
} as const;

/** What a vote is about. */
export interface Subject {
  readonly view: View;
  readonly seq: SequenceNumber;
  readonly digest: Digest;
}

/** What a proposal's signature covers, in both variants: DQBFT passes headers on (dqbft.md 2, H15). */
export function headerClaim(
  instance: InstanceId,
  header: Subject & { readonly extension: number },
): StatementClaim {
  const message = new Writer(52).u16(Tag.PrePrepare).u48(header.view).u48(header.seq);
  return statement(instance, message.digest(header.digest).u48(header.extension));
}

/** What a signed Prepare's signature covers. */
export function prepareClaim(instance: InstanceId, subject: Subject): StatementClaim {
  return voteClaim(instance, Tag.Prepare, subject);
}

/** "I sent Commit for this digest": a signed Commit, and a commit statement (dqbft.md 2). */
export function commitClaim(instance: InstanceId, subject: Subject): StatementClaim {
  return voteClaim(instance, Tag.Commit, subject);
}

export function viewChangeClaim(instance: InstanceId, message: PbftViewChange): StatementClaim {
  return statement(instance, new Writer(512).u16(Tag.ViewChange).raw(viewChangeContent(message)));
}

export function newViewClaim(instance: InstanceId, message: PbftNewView): StatementClaim {
  return statement(instance, new Writer(512).u16(Tag.NewView).raw(newViewContent(message)));
}

function voteClaim(instance: InstanceId, tag: number, { view, seq, digest }: Subject): StatementClaim {
  return statement(instance, new Writer(46).u16(tag).u48(view).u48(seq).digest(digest));
}

function statement(instance: InstanceId, message: Writer): StatementClaim {
  return { type: "statement", instance, message: message.finish() };
}
