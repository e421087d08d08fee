import type { Message } from "@destiny/core/wire/messages";
import type { Behaviour, Powers } from "./behaviour.ts";
import { mutated } from "./mutation.ts";

/** Passes on what others sent, changed: what no signature covers reaches others as it likes. */
export function impersonator({ self, n, random, send }: Powers): Behaviour {
  const rate = (1 + random.below(20)) / 100;
  return {
    overhears({ from, instance, content }) {
      if (from >= n || !random.chance(rate)) return;
      const changed = mutated(instance, content as Message, random);
      const to = random.below(n);
      if (changed !== null && to !== self) send(to, instance, changed, random.below(50_000));
    },
  };
}
