import { ACTS_MAX, drawPeriod, ownOperation, type RoguePowers, submitToSome } from "./behaviour.ts";

/** Signs two requests with the same timestamp: some replicas get the one, some the other, some both and some none. */
export function twoFaced(powers: RoguePowers): void {
  const { rogue, random } = powers;
  let timestamp = 0;
  rogue.every(drawPeriod(random), ACTS_MAX, () => {
    timestamp += 1;
    for (let face = 0; face < 2; face += 1) {
      submitToSome(powers, rogue.request(timestamp, [ownOperation(random)]), 0.5);
    }
  });
}
