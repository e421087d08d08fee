import { spoilt } from "../byzantine/spoilt.ts";
import { ACTS_MAX, drawPeriod, ownOperation, type RoguePowers, submitToSome } from "./behaviour.ts";

/** Sends requests that their client never signed: in its own name, with good signatures for some; and in others' names. */
export function forger(powers: RoguePowers): void {
  const { rogue, random, others } = powers;
  let timestamp = 0;
  rogue.every(drawPeriod(random), ACTS_MAX, () => {
    timestamp += 1;
    const request = rogue.request(timestamp, [ownOperation(random)]);
    submitToSome(powers, spoilt(request), 0.6);
    submitToSome(powers, request, 0.3);
    const victim = others[random.below(others.length)];
    if (victim === undefined) return;
    submitToSome(powers, rogue.request(1 + random.below(40), [ownOperation(random)], victim), 0.5);
    const wish = rogue.wish(random.below(powers.n), 1 + random.below(10), victim);
    rogue.send(random.below(powers.n), { type: "assign", assign: wish });
  });
}
