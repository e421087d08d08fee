import type { ReplicaId } from "@destiny/core/kernel/ids";
import { type Decision, faultyIn, type LossDecision } from "./decisions.ts";
import { type DrawContext, shuffled } from "./draw-context.ts";

/** Chance that trusted subsystems are lost in a seed. */
const ON = 0.35;
const LOST_MAX = 3;

/**
 * Trusted subsystems that lose their memory, each once: of replicas that are correct otherwise, if there is room among the f, and
 * of Byzantine ones, whose hosts may have kept them.
 */
export function drawLosses(context: DrawContext, faults: readonly Decision[]): Decision[] {
  const { random, kind, n, maxFaulty, permanent } = context;
  if (kind !== "hybrid" || !permanent || maxFaulty === 0 || !random.chance(ON)) return [];
  const faulty = faultyIn(faults);
  const byzantine = [...faulty].filter((replica) => isOnlyByzantine(replica, faults));
  const losses = byzantine
    .filter(() => random.chance(0.7))
    .map((replica) => drawLoss(replica, context, random.chance(0.8)));
  if (faulty.size >= maxFaulty) return losses;
  const others = shuffled(n, random).filter((replica) => !faulty.has(replica));
  const lost = others.slice(0, 1 + random.below(LOST_MAX));
  return [...losses, ...lost.map((replica) => drawLoss(replica, context, false))];
}

/** What else is wrong with a replica may be about its subsystem. */
function isOnlyByzantine(replica: ReplicaId, faults: readonly Decision[]): boolean {
  return faults.every(
    (fault) => !("replica" in fault) || fault.replica !== replica || fault.kind === "byzantine",
  );
}

function drawLoss(replica: ReplicaId, { random, troubleMicros }: DrawContext, kept: boolean): LossDecision {
  const at = random.below(troubleMicros);
  const downMicros = 1 + random.below(1_000_000);
  const wiped = random.chance(0.3);
  return { kind: "subsystem-lost", replica, at, downMicros, wiped, kept, seed: random.next() };
}
