import { ACTS_MAX, drawPeriod, ownOperation, type RoguePowers, submitToSome } from "./behaviour.ts";

const FAR = 2 ** 48 - 1;
const BURST_MAX = 24;

/** Uses timestamps in any order, far ahead, over again, and more of them at once than may wait; the last of all at the end. */
export function timeTraveller(powers: RoguePowers): void {
  const { rogue, random } = powers;
  let highest = 0;
  let acts = 0;
  rogue.every(drawPeriod(random), ACTS_MAX, () => {
    acts += 1;
    for (let left = 1 + random.below(BURST_MAX); left > 0; left -= 1) {
      const timestamp = random.chance(0.5)
        ? highest + 1 + random.below(1_000)
        : 1 + random.below(highest + 1);
      highest = Math.max(highest, timestamp);
      submitToSome(powers, rogue.request(timestamp, [ownOperation(random)]), 0.3);
    }
    if (acts === ACTS_MAX) submitToSome(powers, rogue.request(FAR, [ownOperation(random)]), 0.5);
  });
}
