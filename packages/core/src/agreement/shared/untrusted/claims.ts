import type { Digest, InstanceId, SequenceNumber, View } from "../../../kernel/ids.ts";
import type { StatementClaim } from "../../../wire/claim.ts";
import type { PbftNewView } from "../../../wire/pbft.ts";
import { newViewContent } from "../../../wire/pbft-codec.ts";
import { Writer } from "../../../wire/writer.ts";
import type { InstanceAddress } from "../../agreement.ts";

const Tag = { PrePrepare: 0x5050, NewView: 0x4e56 } as const; // "PP", "NV"

/** What a vote is about. */
export interface Subject {
  readonly view: View;
  readonly seq: SequenceNumber;
  readonly digest: Digest;
}

/** What a proposal's signature covers, whatever votes are authentic by: DQBFT passes headers on (dqbft.md 2, H15). */
export function headerClaim(
  instance: InstanceId,
  header: Subject & { readonly extension: number },
): StatementClaim {
  const message = new Writer(52).u16(Tag.PrePrepare).u48(header.view).u48(header.seq);
  return statement(instance, message.digest(header.digest).u48(header.extension));
}

/** Of its digest: signers take short messages only. */
export function newViewClaim({ instance, hash }: Signing, message: PbftNewView): StatementClaim {
  const content = hash(newViewContent(message));
  return statement(instance, new Writer(40).u16(Tag.NewView).u48(message.view).digest(content));
}

/** Which instance signs, and how it names what is long. */
export type Signing = Pick<InstanceAddress, "instance" | "hash">;

/** A signature of a replica over a message, which begins with a tag that says what it is. */
export function statement(instance: InstanceId, message: Writer): StatementClaim {
  return { type: "statement", instance, message: message.finish() };
}
