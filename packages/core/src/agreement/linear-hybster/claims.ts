import type { Digest, InstanceId, SequenceNumber, View } from "../../kernel/ids.ts";
import type { SlotClaim } from "../../wire/claim.ts";
import type { Proposal } from "../../wire/messages.ts";
import { Writer } from "../../wire/writer.ts";

const SLOT_TAG = 0x4c48; // "LH": no message of another kind is one of these.

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
  const message = new Writer(52).u16(SLOT_TAG).u48(content.view).u48(content.seq);
  message.digest(content.digest).u48(content.extension);
  return {
    type: "slot",
    instance,
    value: { view: content.view, seq: content.seq },
    message: message.finish(),
  };
}

/** The same of a proposal, which remembers it. */
export function claimOf(instance: InstanceId, proposal: Proposal): SlotClaim {
  const known = proposal.claim as SlotClaim | null;
  if (known?.type === "slot" && known.instance === instance) return known;
  const claim = slotClaim(instance, proposal);
  proposal.claim = claim;
  return claim;
}
