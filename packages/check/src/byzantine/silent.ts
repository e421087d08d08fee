import type { InstanceId } from "@destiny/core/kernel/ids";
import type { Behaviour, Powers } from "./behaviour.ts";

/** Says nothing: at all, or in some instances, and does everything else as it should. */
export function silent({ n, random }: Powers): Behaviour {
  const everywhere = random.chance(0.5);
  const muted = new Set<InstanceId>(
    Array.from({ length: n + 1 }, (_, instance) => instance).filter(() => random.chance(0.5)),
  );
  return {
    sends: ({ instance }) => (everywhere || muted.has(instance) ? [] : null),
    does: (effect) => (effect.type === "reply" && everywhere ? [] : null),
  };
}
