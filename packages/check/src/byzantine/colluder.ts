import { Proposal } from "@destiny/core/wire/messages";
import { type Behaviour, type Powers, someOthers, toEach } from "./behaviour.ts";

/**
 * Disseminates to hardly anybody: headers to the primary of the ordering instance, or to whoever it takes for that, and
 * bodies to few or none (DQBFT 3.2.4, Example 3.1). With an accomplice there, slots are ordered that nobody can execute.
 */
export function colluder(powers: Powers): Behaviour {
  const { n, random } = powers;
  const confidants = someOthers(1, powers);
  const bodies = someOthers(random.below(2), powers);
  return {
    sends(sending) {
      const { instance, message } = sending;
      if (!(message instanceof Proposal) || message.value === null || instance >= n) return null;
      return toEach(sending, powers, (to) => {
        if (bodies.has(to)) return message;
        return confidants.has(to) ? message.header() : null;
      });
    },
  };
}
