import type { Decision } from "./decisions.ts";
import type { DrawContext } from "./draw-context.ts";

/** Chance that a seed has Byzantine clients. */
const ON = 0.35;
const ROGUES_MAX = 3;

/** Clients that do as they like. */
export function drawRogues({ random, n, rogues, troubleMicros }: DrawContext): Decision[] {
  if (!random.chance(ON) || rogues.length === 0) return [];
  return Array.from({ length: 1 + random.below(ROGUES_MAX) }, () => ({
    kind: "rogue",
    home: random.below(n),
    behaviour: rogues[random.below(rogues.length)] ?? "",
    from: random.below(troubleMicros),
    seed: random.next(),
  }));
}
