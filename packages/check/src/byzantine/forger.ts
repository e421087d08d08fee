import { type Behaviour, type Powers, toEach } from "./behaviour.ts";
import { mutated } from "./mutation.ts";

/** Changes a field here and there of what it sends, for some receivers, and signs it anew where its keys can. */
export function forger(powers: Powers): Behaviour {
  const { random, resigned } = powers;
  const rate = (1 + random.below(50)) / 100;
  return {
    sends(sending) {
      const { instance, message } = sending;
      return toEach(sending, powers, () => {
        if (!random.chance(rate)) return message;
        const changed = mutated(instance, message, random);
        if (changed === null) return null;
        return random.chance(0.5) ? resigned(instance, changed) : changed;
      });
    },
  };
}
