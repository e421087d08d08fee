import type { Digest, InstanceId, ReplicaId, SequenceNumber, View } from "../../kernel/ids.ts";
import type { Check } from "../../wire/check.ts";
import type { SlotClaim } from "../../wire/claim.ts";
import { Certificate, type Message, MessageKind, Proposal, Pull, Vote } from "../../wire/messages.ts";
import { Writer } from "../../wire/writer.ts";
import type { InstanceAddress } from "../agreement.ts";

const TAG = 0x4c48; // "LH"

/** What a slot's shares are about. */
export interface SlotContent {
  readonly view: View;
  readonly seq: SequenceNumber;
  readonly digest: Digest;
  readonly extension: number;
}

/**
 * `T = ("LH", v, o, d, x)` at `[v|o]` (linear-hybster.md 2): phase-free, so that the Prepare doubles as the primary's
 * commit share, and the same bytes for all signers, so that shares can be combined.
 */
export function slotClaim(instance: InstanceId, content: SlotContent): SlotClaim {
  const message = new Writer(52).u16(TAG).u48(content.view).u48(content.seq);
  message.digest(content.digest).u48(content.extension);
  return {
    type: "slot",
    instance,
    value: { view: content.view, seq: content.seq },
    message: message.finish(),
  };
}

export function primaryOf(address: { home: ReplicaId; faults: { n: number } }, view: View): ReplicaId {
  return (address.home + view) % address.faults.n;
}

/**
 * Who may propose is decided by the role: only the individual certificate of the view's primary makes a Prepare
 * (linear-hybster.md 2). A CommitSig is authentic by its channel; its share is checked when shares are combined.
 */
export function checks(address: InstanceAddress, message: Message): readonly Check[] | null {
  if (message instanceof Proposal && message.kind === MessageKind.Prepare) {
    const signer = primaryOf(address, message.view);
    const claim = slotClaim(address.instance, message);
    return [{ type: "identity", signer, claim, certificate: message.certificate }];
  }
  if (message instanceof Certificate && message.kind === MessageKind.Commit) {
    const claim = slotClaim(address.instance, message);
    return [{ type: "certificate", claim, aggregate: message.aggregate }];
  }
  if (message instanceof Vote && message.kind === MessageKind.CommitSig) return [];
  if (message instanceof Pull) return [];
  return null;
}
