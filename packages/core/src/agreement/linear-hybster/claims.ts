import type { Digest, InstanceId, ReplicaId, SequenceNumber, View } from "../../kernel/ids.ts";
import type { OpeningClaim, SlotClaim, StatementClaim, SuccessionClaim } from "../../wire/claim.ts";
import type { CounterValue } from "../../wire/statement.ts";
import { Writer } from "../../wire/writer.ts";

/** What a certified message is about: no message of one kind is one of another. */
const Tag = { Slot: 0x4c48, ViewChange: 0x5643, NewView: 0x4e56, Ack: 0x4e41 } as const; // "LH", "VC", "NV", "NA"

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
  const message = new Writer(52).u16(Tag.Slot).u48(content.view).u48(content.seq);
  message.digest(content.digest).u48(content.extension);
  return {
    type: "slot",
    instance,
    value: { view: content.view, seq: content.seq },
    message: message.finish(),
  };
}

/** A ViewChange for `to`: the counter moves to `[to|0]`. `old` is null where it is to be certified. */
export function departureClaim(
  instance: InstanceId,
  step: { readonly to: View; readonly digest: Digest; readonly old: CounterValue | null },
): SuccessionClaim {
  const message = new Writer(34).u16(Tag.ViewChange).digest(step.digest).finish();
  return { type: "succession", instance, value: { view: step.to, seq: 0 }, old: step.old, message };
}

/** The NewView of a view. */
export function openingClaim(
  instance: InstanceId,
  { view, digest }: { readonly view: View; readonly digest: Digest },
): OpeningClaim {
  return {
    type: "opening",
    instance,
    view,
    message: new Writer(34).u16(Tag.NewView).digest(digest).finish(),
  };
}

/** That a replica found a NewView valid. */
export function ackClaim(
  instance: InstanceId,
  { view, digest }: { readonly view: View; readonly digest: Digest },
): StatementClaim {
  const message = new Writer(40).u16(Tag.Ack).u48(view).digest(digest).finish();
  return { type: "statement", instance, message };
}

export function primaryOf(address: { home: ReplicaId; faults: { n: number } }, view: View): ReplicaId {
  return (address.home + view) % address.faults.n;
}
