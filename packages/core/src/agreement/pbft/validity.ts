import type { SequenceNumber } from "../../kernel/ids.ts";
import { DIGESTS_PER_SLOT_MAX, type PbftViewChange } from "../../wire/pbft.ts";
import type { AgreementContext } from "../agreement.ts";

/** Whether a correct replica can have sent this view change, whatever the log holds (pbft.md 7). */
export function isValidViewChange(message: PbftViewChange, context: AgreementContext): boolean {
  const low = message.anchor === null ? 0 : context.lowOf(message.anchor);
  if (low === null) return false;
  const high = low + context.parameters.window;
  const inRange = (seq: SequenceNumber): boolean => seq > low && seq <= high;
  let before = 0;
  for (const { seq, view } of message.prepared) {
    if (!inRange(seq) || seq <= before || view >= message.view) return false;
    before = seq;
  }
  return (
    message.preprepared.every(({ seq, view }) => inRange(seq) && view < message.view) && isOrdered(message)
  );
}

/** One spelling, and a bound for each slot. */
function isOrdered({ preprepared }: PbftViewChange): boolean {
  let digests = 0;
  return preprepared.every(({ seq, digest }, i) => {
    const before = preprepared[i - 1];
    const same = before?.seq === seq;
    digests = same ? digests + 1 : 1;
    if (digests > DIGESTS_PER_SLOT_MAX) return false;
    return before === undefined || before.seq < seq || (same && before.digest < digest);
  });
}
