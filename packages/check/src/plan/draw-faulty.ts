import type { Decision, FaultyDecision } from "./decisions.ts";
import { type DrawContext, shuffled } from "./draw-context.ts";

/** Chance that a seed has faulty replicas at all. */
const ON = 0.6;

/** Who is faulty, at most f of them, and how. */
export function drawFaulty(context: DrawContext): Decision[] {
  const { random, n, maxFaulty } = context;
  if (!random.chance(ON) || maxFaulty === 0) return [];
  const count = 1 + random.below(maxFaulty);
  return shuffled(n, random)
    .slice(0, count)
    .flatMap((replica) => drawFault(replica, context));
}

function drawFault(
  replica: number,
  { random, behaviours, permanent, troubleMicros }: DrawContext,
): FaultyDecision[] {
  const at = random.below(troubleMicros);
  const choice = random.below(10);
  const seed = random.next();
  if (choice < 7 && behaviours.length > 0) {
    const behaviour = behaviours[random.below(behaviours.length)] ?? "";
    return [{ kind: "byzantine", replica, behaviour, from: random.chance(0.5) ? 0 : at, seed }];
  }
  if (!permanent) return [];
  if (choice < 9) return [{ kind: "dead", replica, at }];
  return [{ kind: "wipe", replica, at, downMicros: 1 + random.below(1_000_000) }];
}
