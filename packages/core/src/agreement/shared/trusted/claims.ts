import type { Digest, InstanceId, View } from "../../../kernel/ids.ts";
import type { OpeningClaim, StatementClaim, SuccessionClaim } from "../../../wire/claim.ts";
import type { CounterValue } from "../../../wire/statement.ts";
import { Writer } from "../../../wire/writer.ts";

/** What a certified message of a view change is about: no message of one kind is one of another. */
const Tag = { ViewChange: 0x5643, NewView: 0x4e56, Ack: 0x4e41 } as const; // "VC", "NV", "NA"

/**
 * A ViewChange for `to`: the counter moves to `[to|0]`. `old` is null where it is to be certified. `table` is the digest of the
 * key table of the configuration that it leaves for, null for the first one (hybster.md 10.1).
 */
export function departureClaim(
  instance: InstanceId,
  step: { readonly to: View; readonly digest: Digest; readonly old: CounterValue | null },
  table: Digest | null = null,
): SuccessionClaim {
  const out = new Writer(66).u16(Tag.ViewChange).digest(step.digest);
  if (table !== null) out.digest(table);
  const value = { view: step.to, seq: 0 };
  return { type: "succession", instance, value, old: step.old, message: out.finish() };
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
