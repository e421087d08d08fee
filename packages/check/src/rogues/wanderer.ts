import { ACTS_MAX, drawPeriod, ownOperation, type RoguePowers, submitToSome } from "./behaviour.ts";

const BURST_MAX = 12;
const FAR = 2 ** 48 - 1;

/** Wishes for one coordinator after the other, for two with one nonce, for one that does not exist, and asks all meanwhile. */
export function wanderer(powers: RoguePowers): void {
  const { rogue, random, n } = powers;
  let nonce = 0;
  let timestamp = 0;
  const wish = (): void => {
    if (random.chance(0.7)) nonce += 1;
    const coordinator = random.chance(0.1) ? n + random.below(60_000) : random.below(n);
    const assign = rogue.wish(coordinator, random.chance(0.05) ? FAR : nonce);
    for (let to = 0; to < n; to += 1) if (random.chance(0.6)) rogue.send(to, { type: "assign", assign });
  };
  rogue.every(drawPeriod(random), ACTS_MAX, () => {
    for (let left = 1 + random.below(BURST_MAX); left > 0; left -= 1) wish();
    timestamp += 1;
    submitToSome(powers, rogue.request(timestamp, [ownOperation(random)]), 0.4);
  });
}
