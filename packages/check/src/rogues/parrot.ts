import type { ClientMessage } from "@destiny/core/wire/client-protocol";
import { ACTS_MAX, drawPeriod, type RoguePowers } from "./behaviour.ts";

const REMEMBERED = 64;
const BURST = 4;

/** Sends what other clients have signed, requests and wishes, again and to others, soon and late. */
export function parrot({ rogue, random, n, overhear }: RoguePowers): void {
  const heard: ClientMessage[] = [];
  overhear((message) => {
    const place = heard.length < REMEMBERED ? heard.length : random.below(REMEMBERED);
    heard[place] = message;
    if (random.chance(0.3)) rogue.send(random.below(n), message, random.below(200_000));
  });
  rogue.every(drawPeriod(random), ACTS_MAX, () => {
    for (let left = BURST; left > 0; left -= 1) {
      const message = heard[random.below(heard.length)];
      if (message !== undefined) rogue.send(random.below(n), message);
    }
  });
}
