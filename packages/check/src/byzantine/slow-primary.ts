import { MessageKind } from "@destiny/core/wire/messages";
import { type Behaviour, type Powers, receivers } from "./behaviour.ts";

const PROPOSALS: readonly MessageKind[] = [
  MessageKind.Prepare,
  MessageKind.PrePrepare,
  MessageKind.NewView,
  MessageKind.PbftNewView,
];

/** Proposes just before it would be suspected, or delays all that it sends. */
export function slowPrimary(powers: Powers): Behaviour {
  const { random, suspicionMicros, send } = powers;
  const everything = random.chance(0.3);
  const delay = Math.round(suspicionMicros * (0.5 + random.below(50) / 100));
  return {
    sends(sending) {
      if (!everything && !PROPOSALS.includes(sending.message.kind)) return null;
      for (const to of receivers(sending, powers)) send(to, sending.instance, sending.message, delay);
      return [];
    },
  };
}
