import { MessageKind, Status } from "@destiny/core/wire/messages";
import { type Behaviour, type Powers, toEach } from "./behaviour.ts";
import { mutated } from "./mutation.ts";

const ANSWERS: readonly MessageKind[] = [
  MessageKind.StatePages,
  MessageKind.StateDigests,
  MessageKind.Anchor,
  MessageKind.CheckpointProof,
  MessageKind.Body,
];

/** Says that it is further than it is, and answers those who catch up with something else or not at all. */
export function lyingSource(powers: Powers): Behaviour {
  const { random } = powers;
  const boast = random.chance(0.5) ? 1_000_000 : 5;
  const mute = random.chance(0.3);
  return {
    sends(sending) {
      const { instance, message } = sending;
      if (message instanceof Status) {
        const { executed, stable, decided, views } = message;
        const boasted = decided.map((each) => each + boast);
        const claimed = { executed: executed + boast, stable, decided: boasted, views };
        return toEach(sending, powers, () => new Status(claimed));
      }
      if (!ANSWERS.includes(message.kind)) return null;
      return toEach(sending, powers, () => (mute ? null : mutated(instance, message, random)));
    },
  };
}
